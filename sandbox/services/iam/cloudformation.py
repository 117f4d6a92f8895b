# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::IAM::OIDCProvider, and how a role is now."""

import json
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
    if current is None:
        return None
    api = client("iam")
    inline = api.list_role_policies(RoleName=name)["PolicyNames"]
    attached = api.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        **current,
        "Policies": [
            {
                "PolicyName": policy,
                "PolicyDocument": api.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"],
            }
            for policy in inline
        ],
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
    }


def _bound_roles() -> None:
    """MiniStack's stacks make roles without the boundary that their template names.

    Whether the policy exists is not asked: a boundary that does not exist allows nothing.
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def created(logical_id: str, properties: Properties, stack_name: str) -> Created:
        name, attributes = create(logical_id, properties, stack_name)
        iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary") or ""
        return name, attributes

    def updated(name: str, old: Properties, new: Properties, *rest: Any) -> Any:
        answer = update(name, old, new, *rest)
        iam._roles[name]["PermissionsBoundary"] = new.get("PermissionsBoundary") or ""
        return answer

    handlers.update(create=created, update=updated)


RESOURCES = Resources(
    types=TYPES,
    completions=(_bound_roles,),
    drift_readers={
        "AWS::IAM::Role": DriftReader(_role, _MINISTACK_ROLE[1] | {"Policies", "ManagedPolicyArns"}),
    },
)
