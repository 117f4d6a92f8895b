# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Scalable targets.

AWS: API reference RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget, DescribeScalingActivities.
"""

import time
import uuid

from sandbox.clients import client
from sandbox.ministack import responses
from sandbox.services.application_autoscaling.api import policies, scheduled
from sandbox.services.application_autoscaling.model.records import Data, Refusal, key_of, page, registered, store

_DIMENSION = "ecs:service:DesiredCount"
_SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
_ROLE = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"


def _register(data: Data) -> Data:
    service = scaled_service(data)
    known = store.targets.get(key_of(data))
    lowest, highest = (data.get(name, (known or {}).get(name)) for name in ("MinCapacity", "MaxCapacity"))
    if lowest is None or highest is None:
        raise Refusal("ValidationException", "MinCapacity and MaxCapacity must be specified for a new scalable target")
    if not 0 <= lowest <= highest:
        raise Refusal("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    target = known or _new_target(data)
    target.update(MinCapacity=lowest, MaxCapacity=highest)
    target["SuspendedState"].update(data.get("SuspendedState") or {})
    store.targets[key_of(data)] = target
    if known is None:
        store.tags[target["ScalableTargetARN"]] = dict(data.get("Tags") or {})
    move_inside(target, service)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def scaled_service(data: Data) -> Data:
    """The ECS service that a target names; ValidationException when it is none, or does not exist."""
    namespace, resource = data.get("ServiceNamespace"), str(data.get("ResourceId", ""))
    if namespace != "ecs" or data.get("ScalableDimension") != _DIMENSION:
        raise Refusal(
            "ValidationException", f"The sandbox scales {_DIMENSION} alone, not {data.get('ScalableDimension')}"
        )
    parts = resource.split("/")
    if len(parts) != 3 or parts[0] != "service":
        raise Refusal("ValidationException", f"Unsupported resource id, expected service/<cluster>/<name>: {resource}")
    ecs = client("ecs")
    try:
        found: list[Data] = ecs.describe_services(cluster=parts[1], services=[parts[2]])["services"]
    except ecs.exceptions.ClusterNotFoundException:
        found = []
    service = next((candidate for candidate in found if candidate["status"] == "ACTIVE"), None)
    if service is None:
        raise Refusal("ValidationException", f"ECS service doesn't exist: {resource}")
    return service


def _new_target(data: Data) -> Data:
    scope = f"{responses.get_region()}:{responses.get_account_id()}"
    arn = f"arn:aws:application-autoscaling:{scope}:scalable-target/0ec5{uuid.uuid4().hex}"
    return {
        **{name: data[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
        "RoleARN": data.get("RoleARN") or f"arn:aws:iam::{responses.get_account_id()}:role/{_ROLE}",
        "CreationTime": time.time(),
        "SuspendedState": dict.fromkeys(_SWITCHES, False),
        "ScalableTargetARN": arn,
    }


def move_inside(target: Data, service: Data, cause: str = "") -> None:
    """A service below its minimum or above its maximum is brought to it, as on AWS."""
    desired = service["desiredCount"]
    wanted = min(max(desired, target["MinCapacity"]), target["MaxCapacity"])
    if wanted == desired:
        return
    client("ecs").update_service(cluster=service["clusterArn"], service=service["serviceName"], desiredCount=wanted)
    bound = "minimum" if wanted > desired else "maximum"
    cause = cause or f"{bound} capacity was set to {wanted}"
    identifier, now = str(uuid.uuid4()), time.time()
    store.activities[identifier] = {
        "ActivityId": identifier,
        **{name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
        "Description": f"Setting desired count to {wanted}.",
        "Cause": cause,
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set desired count to {wanted}. Change successfully fulfilled by ecs.",
    }


def _chosen(data: Data, records: list[Data]) -> list[Data]:
    """The records that a Describe request asks for."""
    wanted = {"ServiceNamespace": data.get("ServiceNamespace"), "ScalableDimension": data.get("ScalableDimension")}
    resources = data.get("ResourceIds") or ([data["ResourceId"]] if data.get("ResourceId") else None)
    return [
        record
        for record in records
        if all(text in {None, record[name]} for name, text in wanted.items())
        and (resources is None or record["ResourceId"] in resources)
    ]


def _describe(data: Data) -> Data:
    return page(data, "ScalableTargets", _chosen(data, list(store.targets.values())))


def _deregister(data: Data) -> Data:
    registered(data)
    policies.forget_target(data)
    scheduled.forget_target(data)
    store.tags.pop(store.targets.pop(key_of(data))["ScalableTargetARN"], None)
    return {}


def _activities(data: Data) -> Data:
    newest_first = sorted(store.activities.values(), key=lambda activity: -activity["StartTime"])
    return page(data, "ScalingActivities", _chosen(data, newest_first))


ACTIONS = {
    "RegisterScalableTarget": _register,
    "DescribeScalableTargets": _describe,
    "DeregisterScalableTarget": _deregister,
    "DescribeScalingActivities": _activities,
}
