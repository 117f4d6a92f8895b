# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::ApplicationAutoScaling::ScalableTarget and AWS::ApplicationAutoScaling::ScalingPolicy."""

from typing import Any

from sandbox.clients import client
from sandbox.services.cloudformation.model.types import Context, Created, Properties, Resources, ResourceType, given

_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_CONFIGURATIONS = ("TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration")


def _api() -> Any:
    return client("application-autoscaling")


def _numbers(thing: Any) -> Any:
    """A configuration whose figures a template may carry as text."""
    if isinstance(thing, dict):
        return {name: _numbers(inner) for name, inner in thing.items()}
    if isinstance(thing, list):
        return [_numbers(inner) for inner in thing]
    if isinstance(thing, str) and thing.lower() in {"true", "false"}:
        return thing.lower() == "true"
    if isinstance(thing, str) and thing.lstrip("-").replace(".", "", 1).isdigit():
        return float(thing) if "." in thing else int(thing)
    return thing


def _register(properties: Properties) -> None:
    _api().register_scalable_target(
        **given(properties, *_KEY, "RoleARN"),
        **{name: int(properties[name]) for name in ("MinCapacity", "MaxCapacity")},
        **_numbers(given(properties, "SuspendedState")),
    )


def _create_target(properties: Properties, _context: Context) -> Created:
    _register(properties)
    identifier = "|".join(properties[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
    return identifier, {"Id": identifier}


def _update_target(identifier: str, _old: Properties, new: Properties) -> dict[str, str]:
    _register(new)
    return {"Id": identifier}


def _key_of(identifier: str) -> dict[str, str]:
    """The target that a physical id, or a policy's ScalingTargetId, names."""
    resource, dimension, namespace = identifier.split("|")
    return {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}


def _delete_target(identifier: str, _properties: Properties) -> None:
    api = _api()
    try:
        api.deregister_scalable_target(**_key_of(identifier))
    except api.exceptions.ObjectNotFoundException:
        return


def _read_target(identifier: str, _properties: Properties) -> Properties | None:
    key = _key_of(identifier)
    found = _api().describe_scalable_targets(
        ServiceNamespace=key["ServiceNamespace"],
        ResourceIds=[key["ResourceId"]],
        ScalableDimension=key["ScalableDimension"],
    )["ScalableTargets"]
    return found[0] if found else None


def _policy_key(properties: Properties) -> dict[str, str]:
    target = properties.get("ScalingTargetId")
    return _key_of(target) if target else {name: properties[name] for name in _KEY}


def _put_policy(properties: Properties) -> str:
    made = _api().put_scaling_policy(
        **_policy_key(properties),
        **given(properties, "PolicyName", "PolicyType"),
        **_numbers(given(properties, *_CONFIGURATIONS)),
    )
    return str(made["PolicyARN"])


def _create_policy(properties: Properties, _context: Context) -> Created:
    arn = _put_policy(properties)
    return arn, {"Arn": arn}


def _update_policy(_arn: str, _old: Properties, new: Properties) -> dict[str, str]:
    return {"Arn": _put_policy(new)}


def _delete_policy(_arn: str, properties: Properties) -> None:
    api = _api()
    try:
        api.delete_scaling_policy(**_policy_key(properties), PolicyName=properties["PolicyName"])
    except api.exceptions.ObjectNotFoundException:
        return


def _read_policy(arn: str, properties: Properties) -> Properties | None:
    key = _policy_key(properties)
    found = _api().describe_scaling_policies(
        ServiceNamespace=key["ServiceNamespace"], PolicyNames=[properties["PolicyName"]]
    )["ScalingPolicies"]
    return next((policy for policy in found if policy["PolicyARN"] == arn), None)


TYPES = (
    ResourceType(
        name="AWS::ApplicationAutoScaling::ScalableTarget",
        create=_create_target,
        update=_update_target,
        delete=_delete_target,
        read=_read_target,
        compared=frozenset({*_KEY, "MinCapacity", "MaxCapacity"}),
        replacing=frozenset(_KEY),
        tags=None,
    ),
    ResourceType(
        name="AWS::ApplicationAutoScaling::ScalingPolicy",
        create=_create_policy,
        update=_update_policy,
        delete=_delete_policy,
        read=_read_policy,
        compared=frozenset({"PolicyName", "PolicyType", *_CONFIGURATIONS}),
        replacing=frozenset({*_KEY, "PolicyName", "ScalingTargetId"}),
        tags=None,
    ),
)


RESOURCES = Resources(types=TYPES)
