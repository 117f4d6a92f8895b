# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::IAM::OIDCProvider, and how a role is now."""

from typing import Any

from sandbox.clients import client
from sandbox.ministack import drift
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
    iam = _iam()
    before, after = (set(side.get("ClientIdList") or []) for side in (old, new))
    for identifier in sorted(after - before):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=identifier)
    for identifier in sorted(before - after):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=identifier)
    if old.get("ThumbprintList") != new.get("ThumbprintList"):
        iam.update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=arn, ThumbprintList=new.get("ThumbprintList") or []
        )
    return {"Arn": arn}


def _delete(arn: str, _properties: Properties) -> None:
    _iam().delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def _read(arn: str, properties: Properties) -> Properties | None:
    iam = _iam()
    try:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except iam.exceptions.NoSuchEntityException:
        return None
    scheme = "https://" if properties["Url"].startswith("https://") else ""
    return {
        "Url": scheme + found["Url"].removeprefix("https://"),
        "ClientIdList": found.get("ClientIDList", []),
        "ThumbprintList": found.get("ThumbprintList", []),
    }


TYPES = (
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
    iam = client("iam")
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        **current,
        "Policies": [
            {
                "PolicyName": policy,
                "PolicyDocument": iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"],
            }
            for policy in inline
        ],
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
    }


RESOURCES = Resources(
    types=TYPES,
    drift_readers={
        "AWS::IAM::Role": DriftReader(_role, _MINISTACK_ROLE[1] | {"Policies", "ManagedPolicyArns"}),
    },
)
