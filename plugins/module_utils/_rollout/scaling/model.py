# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scaling of a service's desired count as it stands and as it is wanted, and what has to be written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .metrics import METRICS, Metric
from .schedule import has_timezone, normal_schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_SPECIFICATION = "PredefinedMetricSpecification"
_POLICY_KEYS = ("PolicyType", _TRACKING, "StepScalingPolicyConfiguration", "PredictiveScalingPolicyConfiguration")
_ACTION_KEYS = ("Schedule", "Timezone", "ScalableTargetAction", "StartTime", "EndTime")
_BOUNDS = {"minimum": "MinCapacity", "maximum": "MaxCapacity"}
# "Define cooldown periods" in the Application Auto Scaling user guide, for ECS services.
_COOLDOWN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Scaling:
    """A scalable target: its bounds, and by their names the policies and scheduled actions that are ours.

    Both are in the shape that PutScalingPolicy and PutScheduledAction take.
    """

    minimum: int
    maximum: int
    policies: dict[str, Any] = field(default_factory=dict)
    actions: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScalingChange:
    """What is written to get to *after*: the bounds if they are *bounded*, what is put and what is deleted, by name."""

    after: Scaling
    bounded: bool
    policies: tuple[str, ...]
    actions: tuple[str, ...]
    gone_policies: tuple[str, ...]
    gone_actions: tuple[str, ...]


def tracking(metric: Metric, target: float, scale_in_seconds: int, scale_out_seconds: int) -> dict[str, Any]:
    """The policy that has the number of tasks follow *metric*."""
    return {
        "PolicyType": "TargetTrackingScaling",
        _TRACKING: {
            "TargetValue": float(target),
            _SPECIFICATION: {
                "PredefinedMetricType": metric.kind,
                **({"ResourceLabel": ""} if metric.of_target_group else {}),
            },
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
    return {**policy, _TRACKING: {**policy[_TRACKING], _SPECIFICATION: specification}}


def label_missing(scaling: Scaling | None) -> bool:
    """Whether a policy that has to name a target group names none."""
    return scaling is not None and any(
        _specification(policy).get("ResourceLabel") == "" for policy in scaling.policies.values()
    )


def _specification(policy: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = policy.get(_TRACKING, {}).get(_SPECIFICATION) or {}
    return found


def change_to(found: Scaling | None, wanted: Scaling) -> ScalingChange | None:
    """What makes *found* the wanted scaling; None when it is that.

    Bounds that one of the wanted scheduled actions has set are left, or become what that action sets now: the next
    action moves them on. Otherwise each run would take back what the schedule did.
    """
    if found is None:
        return _change(None, wanted)
    minimum, maximum = (_in_force(found, wanted, bound) for bound in _BOUNDS)
    if minimum > maximum:
        return _change(found, wanted)
    return _change(found, replace(wanted, minimum=minimum, maximum=maximum))


def change_back(found: Scaling | None, before: Scaling, written: Scaling) -> ScalingChange | None:
    """What makes *found* what it was *before* a release wrote *written*; None when it is that.

    Bounds that the release did not write and that a scheduled action of before sets are left: it ran meanwhile.
    """
    if found and all(
        getattr(found, bound) in {getattr(before, bound), *_scheduled_bounds(before, key)}
        and (found.minimum, found.maximum) != (written.minimum, written.maximum)
        for bound, key in _BOUNDS.items()
    ):
        before = replace(before, minimum=found.minimum, maximum=found.maximum)
    return _change(found, before)


def _in_force(found: Scaling, wanted: Scaling, bound: str) -> int:
    """The wanted *bound*: of the scheduled action that has set the one which is there, or else the target's own."""
    now, own, key = getattr(found, bound), getattr(wanted, bound), _BOUNDS[bound]
    candidates = [
        action["ScalableTargetAction"].get(key, own)
        for name, action in sorted(wanted.actions.items())
        if found.actions.get(name, {}).get("ScalableTargetAction", {}).get(key) == now
    ]
    return int(now if now in (own, *candidates) else (*candidates, own)[0])


def _scheduled_bounds(scaling: Scaling, key: str) -> set[int]:
    actions = (action.get("ScalableTargetAction", {}) for action in scaling.actions.values())
    return {action[key] for action in actions if key in action}


def _change(found: Scaling | None, after: Scaling) -> ScalingChange | None:
    policies, actions = (found.policies, found.actions) if found else ({}, {})
    # A policy cannot become one of another type.
    retyped = {
        name
        for name, body in after.policies.items()
        if name in policies and policies[name].get("PolicyType") != body["PolicyType"]
    }
    change = ScalingChange(
        after=after,
        bounded=found is None or (found.minimum, found.maximum) != (after.minimum, after.maximum),
        policies=_differing(policies, after.policies),
        actions=_differing(actions, after.actions),
        gone_policies=tuple(sorted(set(policies) - set(after.policies) | retyped)),
        gone_actions=tuple(sorted(set(actions) - set(after.actions))),
    )
    written = (change.bounded, change.policies, change.actions, change.gone_policies, change.gone_actions)
    return change if any(written) else None


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(name for name, body in wanted.items() if found.get(name) != body))


def view_scaling(scaling: Scaling) -> dict[str, Any]:
    """*scaling* for a person and for a diff."""
    options = {metric.policy: metric.option for metric in METRICS}
    return {
        "minimum": scaling.minimum,
        "maximum": scaling.maximum,
        "policies": {options.get(name, name): _view_policy(body) for name, body in sorted(scaling.policies.items())},
        "scheduled_actions": {name: _view_action(body) for name, body in sorted(scaling.actions.items())},
    }


def _view_policy(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    tracked = policy.get(_TRACKING)
    if not tracked:
        return policy
    label = _specification(policy).get("ResourceLabel")
    return {
        "target": tracked["TargetValue"],
        "metric": _specification(policy).get("PredefinedMetricType", "(a metric of its own)"),
        **({"of": label} if label else {}),
        "scale_in_cooldown_seconds": tracked["ScaleInCooldown"],
        "scale_out_cooldown_seconds": tracked["ScaleOutCooldown"],
        **({"scales_in": False} if tracked.get("DisableScaleIn") else {}),
    }


def _view_action(action: Mapping[str, Any]) -> Mapping[str, Any]:
    bounds = action.get("ScalableTargetAction", {})
    return {
        "schedule": action["Schedule"],
        **({"timezone": action["Timezone"]} if "Timezone" in action else {}),
        **{bound: bounds[key] for bound, key in _BOUNDS.items() if key in bounds},
        **{key: action[key] for key in ("StartTime", "EndTime") if key in action},
    }
