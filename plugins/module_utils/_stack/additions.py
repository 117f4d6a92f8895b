# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody added to a stack's resources that weakens a protection, where drift detection does not look. Pure.

AWS: CloudFormation User Guide, "Detecting unmanaged configuration changes": only properties that the template sets are
compared. A policy that is attached to a role, or a route that is added to a table, changes none of these.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .addition_kinds import KINDS, Held
from .template import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .types import StackResource, StackSnapshot, Template

_REFERENCE = re.compile(r"\$\{(\w+)\}")
_GONE = "DELETE_COMPLETE"


@dataclass(frozen=True)
class Addition:
    """What a resource holds though its stack does not say so."""

    logical_id: str
    resource_type: str
    words: str
    command: str


class StackReader(Protocol):
    """CloudFormation."""

    def list_stack_resources(self, stack_id: str) -> Sequence[StackResource]: ...

    def get_template(self, name: str) -> Template: ...


class Holdings(Protocol):
    """The services of the resources."""

    def held(self, resource: StackResource) -> Sequence[Held]:
        """What the resource holds of the kinds that are looked for; nothing when it is gone."""


def find_additions(snapshot: StackSnapshot, stacks: StackReader, holdings: Holdings) -> list[Addition]:
    """What the stack's resources hold beyond its template, as it was last applied."""
    resources = [item for item in stacks.list_stack_resources(snapshot.stack_id) if item.status != _GONE]
    looked_at = [item for item in resources if item.resource_type in KINDS and item.physical_id]
    if not looked_at:
        return []
    made = _evaluated(snapshot, stacks.get_template(snapshot.name), resources)
    return [
        _addition(resource, held)
        for resource in looked_at
        for held in holdings.held(resource)
        if not _is_given(held, resource, made, resources)
    ]


def _addition(resource: StackResource, held: Held) -> Addition:
    kind = KINDS[resource.resource_type][held.kind]
    command = kind.command.format(id=shlex.quote(resource.physical_id), name=shlex.quote(held.name))
    label = f"{resource.logical_id} ({resource.resource_type} {resource.physical_id})"
    words = f"{label} has {kind.words.format(name=held.name)}, which its stack did not give it. Take it away: {command}"
    return Addition(resource.logical_id, resource.resource_type, words, command)


def _evaluated(
    snapshot: StackSnapshot, template: Template, resources: Sequence[StackResource]
) -> Mapping[str, Mapping[str, Any]]:
    """The template's resources with the values that they were made with, and each other's ids."""
    _arn, partition, _service, region, account = snapshot.stack_id.split(":")[:5]
    pseudo = {
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::StackName": snapshot.name,
    }
    model = evaluate(template, {**snapshot.parameters, **snapshot.resolved}, pseudo)
    ids = {item.logical_id: item.physical_id for item in resources}
    return {name: _with_ids(body, ids) for name, body in model.resources.items()}


def _with_ids(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_ids(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_ids(item, ids) for item in value]
    return _REFERENCE.sub(lambda found: ids.get(found[1], found[0]), value) if isinstance(value, str) else value


def _is_given(
    held: Held,
    resource: StackResource,
    made: Mapping[str, Mapping[str, Any]],
    resources: Sequence[StackResource],
) -> bool:
    """Whether the template gives it to the resource, by itself or by another resource of the stack."""
    properties = made.get(resource.logical_id, {}).get("Properties") or {}
    if _COMPARED.get((resource.resource_type, held.kind)) in properties:
        return True
    if resource.resource_type.startswith("AWS::IAM::"):
        return held in _of_principal(properties)
    if held.kind == "target":
        return held.name in {target["Id"] for target in properties.get("Targets") or []}
    if held.kind == "listener":
        return held.name in {item.physical_id for item in resources}
    return held in _of_others(resource, made)


# Properties that CloudFormation compares itself when the template sets them.
_COMPARED: Mapping[tuple[str, str], str] = {
    ("AWS::DynamoDB::Table", "policy"): "ResourcePolicy",
    ("AWS::ECR::Repository", "policy"): "RepositoryPolicyText",
    ("AWS::S3::Bucket", "replication"): "ReplicationConfiguration",
}


def _of_principal(properties: Mapping[str, Any]) -> Iterator[Held]:
    for key, kind in (("ManagedPolicyArns", "managed policy"), ("Groups", "group")):
        yield from (Held(kind, str(name)) for name in properties.get(key) or [])
    yield from (Held("inline policy", str(policy["PolicyName"])) for policy in properties.get("Policies") or [])


def _of_others(resource: StackResource, made: Mapping[str, Mapping[str, Any]]) -> Iterator[Held]:
    for body in made.values():
        read = _BY_OTHERS.get(body.get("Type", ""))
        properties = body.get("Properties") or {}
        if read and properties.get(read[0]) == resource.physical_id:
            yield read[1](properties)


def _route(properties: Mapping[str, Any]) -> Held:
    options = {
        "DestinationCidrBlock": "cidr-block",
        "DestinationIpv6CidrBlock": "ipv6-cidr-block",
        "DestinationPrefixListId": "prefix-list-id",
    }
    key = next((name for name in options if name in properties), "DestinationCidrBlock")
    return Held(f"route to {options[key]}", str(properties.get(key, "")))


def _entry(properties: Mapping[str, Any]) -> Held:
    direction = "egress" if str(properties.get("Egress", "false")).lower() == "true" else "ingress"
    return Held(f"{direction} rule", str(properties.get("RuleNumber", "")))


# The type of a resource that gives another one something, the property that names that one, and what it gives.
_BY_OTHERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Held]]] = {
    "AWS::EC2::NetworkAclEntry": ("NetworkAclId", _entry),
    "AWS::EC2::Route": ("RouteTableId", _route),
    "AWS::Logs::SubscriptionFilter": (
        "LogGroupName",
        lambda properties: Held("subscription filter", str(properties.get("FilterName", ""))),
    ),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", lambda _properties: Held("policy")),
}
