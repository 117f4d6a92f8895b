# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scaling of a service's desired count as it stands and as it is wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .metrics import METRICS
from .schedule import has_timezone, normal_schedule
from .specification import CUSTOMIZED, PREDEFINED, metric_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRACKING = "TargetTrackingScalingPolicyConfiguration"
#: Where a policy has its steps; and beside them the alarm that calls it, as PutMetricAlarm takes it.
STEPPING, ALARM = "StepScalingPolicyConfiguration", "Alarm"
_POLICY_KEYS = ("PolicyType", _TRACKING, STEPPING, "PredictiveScalingPolicyConfiguration")
_ALARM_KEYS = ("ComparisonOperator", "Threshold", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData")
_ACTION_KEYS = ("Schedule", "Timezone", "ScalableTargetAction", "StartTime", "EndTime")
#: What the API calls the bounds.
BOUNDS = {"minimum": "MinCapacity", "maximum": "MaxCapacity"}
# "Define cooldown periods" in the Application Auto Scaling user guide, for ECS services.
_COOLDOWN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Scaling:
    """A scalable target: its bounds, and by their names the policies and scheduled actions that are ours.

    Both are in the shape that PutScalingPolicy and PutScheduledAction take. A policy that an alarm calls has that
    beside. ``suspended``: its schedule is; None is for whatever is found.
    """

    minimum: int
    maximum: int
    policies: dict[str, Any] = field(default_factory=dict)
    actions: dict[str, Any] = field(default_factory=dict)
    suspended: bool | None = None


def tracking(
    specified: Mapping[str, Any], target: float, scale_in_seconds: int, scale_out_seconds: int
) -> dict[str, Any]:
    """The policy that has the number of tasks follow what is *specified*, as in `specification`."""
    return {
        "PolicyType": "TargetTrackingScaling",
        _TRACKING: {
            "TargetValue": float(target),
            **specified,
            "ScaleInCooldown": scale_in_seconds,
            "ScaleOutCooldown": scale_out_seconds,
        },
    }


def scheduled(schedule: str, timezone: str, minimum: int | None, maximum: int | None) -> dict[str, Any]:
    """The scheduled action that sets these bounds."""
    given = {"MinCapacity": minimum, "MaxCapacity": maximum}
    return read_action(
        {
            "Schedule": schedule,
            "Timezone": timezone,
            "ScalableTargetAction": {key: value for key, value in given.items() if value is not None},
        }
    )


def read_policy(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A `ScalingPolicy` of the API as it is compared: with AWS's defaults."""
    policy = {key: answer[key] for key in _POLICY_KEYS if answer.get(key)}
    if tracked := policy.get(_TRACKING):
        cooldowns = {"ScaleInCooldown": _COOLDOWN_SECONDS, "ScaleOutCooldown": _COOLDOWN_SECONDS}
        kept = {key: value for key, value in tracked.items() if key != "DisableScaleIn" or value}
        policy[_TRACKING] = {**cooldowns, **kept, "TargetValue": float(tracked["TargetValue"])}
    return policy


def read_alarm(answer: Mapping[str, Any], policy_arn: str) -> dict[str, Any]:
    """A `MetricAlarm` of the API as it is compared; with the actions that it has, unless they call the policy alone."""
    alarm = {key: answer[key] for key in _ALARM_KEYS if key in answer}
    alarm["Metrics"] = [_read_query(query) for query in answer.get("Metrics", ())]
    actions = list(answer.get("AlarmActions", ()))
    if actions != [policy_arn] or not answer.get("ActionsEnabled", True):
        alarm["AlarmActions"] = actions if answer.get("ActionsEnabled", True) else []
    return alarm


def _read_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """A query of an alarm without what is empty in it."""
    read = {key: query[key] for key in ("Id", "Expression", "ReturnData") if query.get(key) is not None}
    if stat := query.get("MetricStat"):
        metric = {key: value for key, value in stat["Metric"].items() if value}
        read["MetricStat"] = {"Metric": metric, "Period": stat["Period"], "Stat": stat["Stat"]}
    return read


def read_action(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A `ScheduledAction` of the API as it is compared: with AWS's defaults, and its moments as text."""
    action = {key: answer[key] for key in _ACTION_KEYS if answer.get(key)}
    action["Schedule"] = normal_schedule(answer.get("Schedule") or "")
    action.pop("Timezone", None)
    if has_timezone(action["Schedule"]):
        action["Timezone"] = answer.get("Timezone") or "UTC"
    return {key: value.isoformat() if key.endswith("Time") else value for key, value in action.items()}


def counts_requests(scaling: Scaling) -> bool:
    """Whether a policy of it has to name a target group."""
    return any("ResourceLabel" in _specification(policy) for policy in scaling.policies.values())


def labelled(scaling: Scaling, label: str) -> Scaling:
    """*scaling* with *label* as the target group that its policies name."""
    return replace(scaling, policies={name: _labelled(body, label) for name, body in scaling.policies.items()})


def _labelled(policy: dict[str, Any], label: str) -> dict[str, Any]:
    if "ResourceLabel" not in _specification(policy):
        return policy
    specification = {**_specification(policy), "ResourceLabel": label}
    return {**policy, _TRACKING: {**policy[_TRACKING], PREDEFINED: specification}}


def label_missing(scaling: Scaling | None) -> bool:
    """Whether a policy that has to name a target group names none."""
    return scaling is not None and any(
        _specification(policy).get("ResourceLabel") == "" for policy in scaling.policies.values()
    )


def _specification(policy: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = policy.get(_TRACKING, {}).get(PREDEFINED) or {}
    return found


def view_scaling(scaling: Scaling) -> dict[str, Any]:
    """*scaling* for a person and for a diff."""
    options = {metric.policy: metric.option for metric in METRICS}
    return {
        "minimum": scaling.minimum,
        "maximum": scaling.maximum,
        "policies": {options.get(name, name): _view_policy(body) for name, body in sorted(scaling.policies.items())},
        "scheduled_actions": {name: _view_action(body) for name, body in sorted(scaling.actions.items())},
        **({"schedule_suspended": True} if scaling.suspended else {}),
    }


def _view_policy(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    tracked = policy.get(_TRACKING)
    if not tracked:
        return _view_steps(policy) if ALARM in policy else policy
    label = _specification(policy).get("ResourceLabel")
    return {
        "target": tracked["TargetValue"],
        "metric": metric_in_words(tracked),
        **({"of": label} if label else {}),
        "scale_in_cooldown_seconds": tracked["ScaleInCooldown"],
        "scale_out_cooldown_seconds": tracked["ScaleOutCooldown"],
        **({"scales_in": False} if tracked.get("DisableScaleIn") else {}),
    }


def _view_steps(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    alarm, steps = policy[ALARM], policy[STEPPING]
    called = {
        "metric": metric_in_words({CUSTOMIZED: alarm}),
        "when": f"{alarm.get('ComparisonOperator', '')} {alarm.get('Threshold', 0):g}",
        "for_minutes": alarm.get("EvaluationPeriods"),
        **({"calls": alarm["AlarmActions"]} if "AlarmActions" in alarm else {}),
    }
    changes = [step["ScalingAdjustment"] for step in steps["StepAdjustments"]]
    shown = {"adjustment": steps["AdjustmentType"], "by": changes, "cooldown_seconds": steps.get("Cooldown")}
    return {**shown, "alarm": called}


def _view_action(action: Mapping[str, Any]) -> Mapping[str, Any]:
    bounds = action.get("ScalableTargetAction", {})
    return {
        "schedule": action["Schedule"],
        **({"timezone": action["Timezone"]} if "Timezone" in action else {}),
        **{bound: bounds[key] for bound, key in BOUNDS.items() if key in bounds},
        **{key: action[key] for key in ("StartTime", "EndTime") if key in action},
    }
