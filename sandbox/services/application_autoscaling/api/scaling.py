# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Services scaled by their policies, for as long as an alarm of one asks for it."""

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.clients import client
from sandbox.ministack import responses
from sandbox.services.application_autoscaling.api import policies
from sandbox.services.application_autoscaling.model.records import Data, key_of, store
from sandbox.services.application_autoscaling.model.steps import asked, settled
from sandbox.services.application_autoscaling.model.tracking import Bounds, Policy, tracked, wanted

logger = logging.getLogger("sandbox.application_autoscaling")
_CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"
_STEPS = "StepScalingPolicyConfiguration"
_PERIOD_SECONDS = 60.0
_COOLDOWN_SECONDS = 300
Scaled = Callable[[float], float]


def scale_everywhere(scaled: Scaled) -> None:
    """Scale each target of each account once; a failure is logged and leaves the others alone."""
    for (account, region, _), target in list(store.targets.all_items()):
        with responses.request_scope(account, region):
            try:
                _scale(target, scaled)
            except Exception:
                logger.exception("scaling %s failed", target["ResourceId"])


def _scale(target: Data, scaled: Scaled) -> None:
    policies_of = [policy for policy in store.policies.values() if key_of(policy) == key_of(target)]
    tracking = [policy for policy in policies_of if _CONFIGURATION in policy]
    states = _states([alarm["AlarmName"] for policy in tracking for alarm in policy["Alarms"]])
    stepping = [(policy, alarm) for policy in policies_of if _STEPS in policy for alarm in _ringing(policy)]
    if "ALARM" not in states.values() and not stepping:
        return
    service = _service(target)
    if service is None:
        return
    now, ended = time.time(), store.scaled.get(key_of(target)) or {}
    views = [_view(policy, states, ended, now, scaled) for policy in tracking]
    desired, bounds = service["desiredCount"], bounds_of(target, service)
    steps = [_asked(policy, alarm, desired, bounds, scaled) for policy, alarm in stepping]
    count = settled(desired, wanted(desired, views, bounds), steps, bounds.minimum, bounds.maximum)
    if count == desired:
        return
    _apply(target, service, count, _cause(tracking, states, stepping))
    store.scaled[key_of(target)] = {**ended, "out" if count > desired else "in": now}
    for policy, _alarm in stepping:
        store.scaled[policy["PolicyARN"]] = {"step": now}


def _ringing(policy: Data) -> list[Data]:
    """The alarms in ALARM that name the policy. CloudWatch calls it again and again while they are."""
    found = client("cloudwatch").get_paginator("describe_alarms").paginate(StateValue="ALARM")
    return [
        alarm
        for page in found
        for alarm in page["MetricAlarms"]
        if alarm["ActionsEnabled"] and policy["PolicyARN"] in alarm["AlarmActions"]
    ]


def _asked(policy: Data, alarm: Data, desired: int, bounds: Bounds, scaled: Scaled) -> int:
    """The count that a step scaling policy asks for; `desired` while it cools down, or scaling that way is off."""
    configuration = policy[_STEPS]
    value = _read(alarm, alarm.get("Statistic") or "Average", scaled)
    ended = (store.scaled.get(policy["PolicyARN"]) or {}).get("step", 0)
    if value is None or time.time() - ended < scaled(configuration.get("Cooldown", 0)):
        return desired
    count = asked(desired, configuration, value - alarm["Threshold"])
    suspended = bounds.out_suspended if count > desired else bounds.in_suspended
    return desired if suspended else count


def _states(names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    found = client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}


def _service(target: Data) -> Data | None:
    _, cluster, name = target["ResourceId"].split("/")
    found: list[Data] = client("ecs").describe_services(cluster=cluster, services=[name])["services"]
    return next((service for service in found if service["status"] == "ACTIVE"), None)


def bounds_of(target: Data, service: Data) -> Bounds:
    """What a target allows its service now."""
    suspended = target["SuspendedState"]
    deploying = any(deployment.get("rolloutState") == "IN_PROGRESS" for deployment in service["deployments"])
    return Bounds(
        minimum=target["MinCapacity"],
        maximum=target["MaxCapacity"],
        out_suspended=suspended["DynamicScalingOutSuspended"],
        # Scaling in stops while a deployment is under way; scaling out goes on.
        in_suspended=suspended["DynamicScalingInSuspended"] or deploying,
    )


def _view(policy: Data, states: dict[str, str], ended: Data, now: float, scaled: Scaled) -> Policy:
    configuration = policy[_CONFIGURATION]

    def is_on(label: str) -> bool:
        return any(
            states.get(alarm["AlarmName"]) == "ALARM" for alarm in policy["Alarms"] if label in alarm["AlarmName"]
        )

    def cooled(way: str, field: str) -> bool:
        since: float = now - ended.get(way, 0)
        return since >= scaled(configuration.get(field, _COOLDOWN_SECONDS))

    return Policy(
        high=is_on("AlarmHigh"),
        low=is_on("AlarmLow"),
        may_scale_in=not configuration.get("DisableScaleIn"),
        value=_measured(policy, configuration, scaled),
        target=float(configuration["TargetValue"]),
        out_cooled=cooled("out", "ScaleOutCooldown"),
        # A scale-out is protected too: AWS scales in only when both cooldowns are over.
        in_cooled=cooled("in", "ScaleInCooldown") and cooled("out", "ScaleOutCooldown"),
    )


def _measured(policy: Data, configuration: Data, scaled: Scaled) -> float | None:
    """The metric over the last period; None when there is none."""
    metric: dict[str, Any] = policies.metric_of(policy, configuration)
    return _read(metric, metric.get("Statistic", ""), scaled)


def _read(metric: Data, statistic: str, scaled: Scaled) -> float | None:
    """The last of a metric, or of a metric's math, as an alarm has it."""
    queries = metric.get("Metrics")
    if not queries:
        return _newest(metric, statistic, scaled)
    told = {
        query["Id"]: _newest(stat["Metric"], stat["Stat"], scaled)
        for query in queries
        if (stat := query.get("MetricStat"))
    }
    return tracked(queries, {name: value for name, value in told.items() if value is not None})


def _newest(metric: Data, statistic: str, scaled: Scaled) -> float | None:
    now = dt.datetime.now(dt.UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace=metric["Namespace"],
        MetricName=metric["MetricName"],
        Dimensions=metric.get("Dimensions", []),
        StartTime=now - dt.timedelta(seconds=scaled(_PERIOD_SECONDS)),
        EndTime=now,
        Period=86400,
        Statistics=[statistic],
    )["Datapoints"]
    return float(points[-1][statistic]) if points else None


def _cause(tracking: list[Data], states: dict[str, str], stepping: list[tuple[Data, Data]]) -> str:
    told = [
        f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
        for policy, alarm in stepping
    ]
    told += [
        f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
        for policy in tracking
        for alarm in policy["Alarms"]
        if states.get(alarm["AlarmName"]) == "ALARM"
    ]
    return ", ".join(told)


def _apply(target: Data, service: Data, count: int, cause: str) -> None:
    client("ecs").update_service(cluster=service["clusterArn"], service=service["serviceName"], desiredCount=count)
    identifier, now = str(uuid.uuid4()), time.time()
    store.activities[identifier] = {
        "ActivityId": identifier,
        **{name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
        "Description": f"Setting desired count to {count}.",
        "Cause": cause,
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set desired count to {count}. Change successfully fulfilled by ecs.",
    }
