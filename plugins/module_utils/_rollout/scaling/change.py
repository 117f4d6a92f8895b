# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be written so that a service scales as wanted, or as before. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .metrics import MARK
from .model import BOUNDS, Scaling

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ScalingChange:
    """What is written to get to *after*: the bounds if they are *bounded*, what is put and what is deleted, by name.

    ``suspends`` says whether the schedule is to be suspended; None where that stays.
    """

    after: Scaling
    bounded: bool
    policies: tuple[str, ...]
    actions: tuple[str, ...]
    gone_policies: tuple[str, ...]
    gone_actions: tuple[str, ...]
    suspends: bool | None = None


def change_exactly(found: Scaling | None, after: Scaling) -> ScalingChange | None:
    """What makes *found* what is named, with these very bounds; None when it is that."""
    return _change(found, after)


def change_to(found: Scaling | None, wanted: Scaling) -> ScalingChange | None:
    """What makes *found* the wanted scaling; None when it is that.

    Bounds that one of the wanted scheduled actions has set are left, or become what that action sets now: the next
    action moves them on. Otherwise each run would take back what the schedule did.
    """
    if found is None:
        return _change(None, wanted)
    minimum, maximum = (_in_force(found, wanted, bound) for bound in BOUNDS)
    if minimum > maximum:
        return _change(found, wanted)
    return _change(found, replace(wanted, minimum=minimum, maximum=maximum))


@dataclass(frozen=True, slots=True)
class Overruled:
    """A bound of the target that is not in force, since one of the *actions* has set another.

    ``returns``: an action sets it, too, so that the schedule comes back to it.
    """

    bound: str
    wanted: int
    in_force: int
    actions: tuple[str, ...]
    returns: bool

    def __str__(self) -> str:
        names = ", ".join(repr(name) for name in self.actions)
        course = (
            f"for {self.wanted} before the schedule comes back to it"
            if self.returns
            else f"no scheduled action comes back to {self.wanted}: for it"
        )
        return (
            f"scaling.{self.bound} is {self.wanted}, but {self.in_force} is in force and was left: scheduled action "
            f"{names} sets it, and what an action sets stays until another one runs; {course}, change the action's "
            f"{self.bound}"
        )


def overruled(found: Scaling | None, wanted: Scaling) -> tuple[Overruled, ...]:
    """The bounds of *wanted* that are not in force once the change to it is made."""
    change = change_to(found, wanted)
    after = change.after if change else found or wanted
    told = []
    for bound, key in BOUNDS.items():
        own, now = getattr(wanted, bound), getattr(after, bound)
        if own == now:
            continue
        sets = {name: body.get("ScalableTargetAction", {}).get(key) for name, body in sorted(wanted.actions.items())}
        names = tuple(name.removeprefix(MARK) for name, value in sets.items() if value == now)
        told.append(Overruled(bound, own, now, names, own in sets.values()))
    return tuple(told)


def change_back(found: Scaling | None, before: Scaling, written: Scaling) -> ScalingChange | None:
    """What makes *found* what it was *before* a release wrote *written*; None when it is that.

    Bounds that the release did not write and that a scheduled action of before sets are left: it ran meanwhile.
    """
    if found and all(
        getattr(found, bound) in {getattr(before, bound), *_scheduled_bounds(before, key)}
        and (found.minimum, found.maximum) != (written.minimum, written.maximum)
        for bound, key in BOUNDS.items()
    ):
        before = replace(before, minimum=found.minimum, maximum=found.maximum)
    return _change(found, before)


def _in_force(found: Scaling, wanted: Scaling, bound: str) -> int:
    """The wanted *bound*: of the scheduled action that has set the one which is there, or else the target's own."""
    now, own, key = getattr(found, bound), getattr(wanted, bound), BOUNDS[bound]
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
    suspended = bool(found and found.suspended)
    suspends = after.suspended if after.suspended not in (None, suspended) else None
    change = ScalingChange(
        after=after,
        suspends=suspends,
        bounded=found is None
        or suspends is not None
        or (found.minimum, found.maximum) != (after.minimum, after.maximum),
        policies=_differing(policies, after.policies),
        actions=_differing(actions, after.actions),
        gone_policies=tuple(sorted(set(policies) - set(after.policies) | retyped)),
        gone_actions=tuple(sorted(set(actions) - set(after.actions))),
    )
    written = (change.bounded, change.policies, change.actions, change.gone_policies, change.gone_actions)
    return change if any(written) else None


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(name for name, body in wanted.items() if found.get(name) != body))
