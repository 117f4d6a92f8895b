# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::IAM::OIDCProvider and Group, boundaries of roles, and how roles, users and policies are now."""

import html
import json
import re
from typing import Any

from sandbox.clients import client
from sandbox.ministack import drift, iam, provisioners
from sandbox.services.cloudformation.model.types import (
    Context,
    Created,
    DriftReader,
    Properties,
    Resources,
    ResourceType,
)

_MINISTACK_ROLE = drift._DRIFT_READERS["AWS::IAM::Role"]


def _iam() -> Any:
    return client("iam")


def _create(properties: Properties, _context: Context) -> Created:
    made = _iam().create_open_id_connect_provider(
        Url=properties["Url"],
        ClientIDList=properties.get("ClientIdList") or [],
        ThumbprintList=properties.get("ThumbprintList") or [],
        Tags=properties.get("Tags") or [],
    )
    return made["OpenIDConnectProviderArn"], {"Arn": made["OpenIDConnectProviderArn"]}


def _update(arn: str, old: Properties, new: Properties) -> dict[str, str]:
    api = _iam()
    before, after = (set(side.get("ClientIdList") or []) for side in (old, new))
    for identifier in sorted(after - before):
        api.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=identifier)
    for identifier in sorted(before - after):
        api.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=identifier)
    if old.get("ThumbprintList") != new.get("ThumbprintList"):
        api.update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=arn, ThumbprintList=new.get("ThumbprintList") or []
        )
    return {"Arn": arn}


def _delete(arn: str, _properties: Properties) -> None:
    _iam().delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def _read(arn: str, properties: Properties) -> Properties | None:
    api = _iam()
    try:
        found = api.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except api.exceptions.NoSuchEntityException:
        return None
    scheme = "https://" if properties["Url"].startswith("https://") else ""
    return {
        "Url": scheme + found["Url"].removeprefix("https://"),
        "ClientIdList": found.get("ClientIDList", []),
        "ThumbprintList": found.get("ThumbprintList", []),
    }


def _create_group(properties: Properties, context: Context) -> Created:
    name = properties.get("GroupName") or f"{context.stack_name}-{context.logical_id}"
    arn = _iam().create_group(GroupName=name, Path=properties.get("Path") or "/")["Group"]["Arn"]
    _set_policies(name, {}, _policies(properties))
    return name, {"Arn": arn}


def _update_group(name: str, old: Properties, new: Properties) -> dict[str, str]:
    _set_policies(name, _policies(old), _policies(new))
    return {"Arn": _iam().get_group(GroupName=name)["Group"]["Arn"]}


def _delete_group(name: str, properties: Properties) -> None:
    _set_policies(name, _policies(properties), {})
    _iam().delete_group(GroupName=name)


def _read_group(name: str, _properties: Properties) -> Properties | None:
    api = _iam()
    try:
        names = api.list_group_policies(GroupName=name)["PolicyNames"]
    except api.exceptions.NoSuchEntityException:
        return None
    documents = {policy: api.get_group_policy(GroupName=name, PolicyName=policy)["PolicyDocument"] for policy in names}
    policies = [{"PolicyName": policy, "PolicyDocument": document} for policy, document in documents.items()]
    return {"GroupName": name, "Policies": policies}


def _policies(properties: Properties) -> dict[str, Any]:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies") or []}


def _set_policies(group: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    api = _iam()
    for name, document in after.items():
        api.put_group_policy(GroupName=group, PolicyName=name, PolicyDocument=json.dumps(document))
    for name in sorted(set(before) - set(after)):
        api.delete_group_policy(GroupName=group, PolicyName=name)


TYPES = (
    ResourceType(
        name="AWS::IAM::Group",
        create=_create_group,
        update=_update_group,
        delete=_delete_group,
        read=_read_group,
        compared=frozenset({"GroupName", "Policies"}),
        replacing=frozenset({"GroupName"}),
    ),
    ResourceType(
        name="AWS::IAM::OIDCProvider",
        create=_create,
        update=_update,
        delete=_delete,
        read=_read,
        compared=frozenset({"Url", "ClientIdList", "ThumbprintList"}),
        replacing=frozenset({"Url"}),
    ),
)


def _role(name: str, properties: Properties) -> Properties | None:
    current: Properties | None = _MINISTACK_ROLE[0](name, properties)
    return None if current is None else {**current, **_rights("role", client("iam").get_role(RoleName=name)["Role"])}


def _user(name: str, _properties: Properties) -> Properties:
    api = _iam()
    user = api.get_user(UserName=name)["User"]
    groups = [group["GroupName"] for group in api.list_groups_for_user(UserName=name)["Groups"]]
    return {"UserName": name, "Path": user["Path"], "Groups": groups, **_rights("user", user)}


def _managed_policy(arn: str, _properties: Properties) -> Properties:
    api = _iam()
    policy = api.get_policy(PolicyArn=arn)["Policy"]
    version = api.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {"ManagedPolicyName": policy["PolicyName"], "PolicyDocument": version["Document"]}


def _rights(kind: str, described: Properties) -> Properties:
    """The inline and attached policies of a role or user, and its boundary if it has one."""
    api, of = _iam(), {f"{kind.title()}Name": described[f"{kind.title()}Name"]}
    names = getattr(api, f"list_{kind}_policies")(**of)["PolicyNames"]
    attached = getattr(api, f"list_attached_{kind}_policies")(**of)["AttachedPolicies"]
    boundary = described.get("PermissionsBoundary")
    return {
        "Policies": [
            {
                "PolicyName": name,
                "PolicyDocument": getattr(api, f"get_{kind}_policy")(**of, PolicyName=name)["PolicyDocument"],
            }
            for name in names
        ],
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        **({"PermissionsBoundary": boundary["PermissionsBoundaryArn"]} if boundary else {}),
    }


def _bound_roles() -> None:
    """MiniStack's stacks make roles without the boundary that their template names."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def created(logical_id: str, properties: Properties, stack_name: str) -> Created:
        boundary = _boundary(properties, "CreateRole")
        name, attributes = create(logical_id, properties, stack_name)
        iam._roles[name]["PermissionsBoundary"] = boundary
        return name, attributes

    def updated(name: str, old: Properties, new: Properties, *rest: Any) -> Any:
        boundary = _boundary(new, "PutRolePermissionsBoundary")
        answer = update(name, old, new, *rest)
        iam._roles[name]["PermissionsBoundary"] = boundary
        return answer

    handlers.update(create=created, update=updated)


def _boundary(properties: Properties, operation: str) -> str:
    """The boundary's ARN; empty for none. ValueError in CloudFormation's words when MiniStack's IAM refuses it."""
    arn = str(properties.get("PermissionsBoundary") or "")
    refusal = iam._boundary_policy_error(arn) if arn else None
    if refusal is not None:
        code, message = (html.unescape(_member(refusal[2].decode(), name)) for name in ("Code", "Message"))
        raise ValueError(
            f'Resource handler returned message: "{message} (Error Code: {code}, Status Code: {refusal[0]}, '
            f'Operation: {operation})"'
        )
    return arn


def _member(text: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return found[1] if found else ""


_RIGHTS = frozenset({"Policies", "ManagedPolicyArns", "PermissionsBoundary"})
RESOURCES = Resources(
    types=TYPES,
    completions=(_bound_roles,),
    drift_readers={
        "AWS::IAM::ManagedPolicy": DriftReader(_managed_policy, frozenset({"ManagedPolicyName", "PolicyDocument"})),
        "AWS::IAM::Role": DriftReader(_role, _MINISTACK_ROLE[1] | _RIGHTS),
        "AWS::IAM::User": DriftReader(_user, _RIGHTS | {"UserName", "Path", "Groups"}),
    },
)
