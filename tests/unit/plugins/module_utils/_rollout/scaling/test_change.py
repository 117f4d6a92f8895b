# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be written to scale as wanted, and to scale as before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.change import (
    change_back,
    change_to,
    overruled,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import scaling
from tests.unit.plugins.module_utils._rollout.some_scaling import DAY, NIGHT, some_scaling


@given(st.none() | some_scaling, some_scaling)
def test_second_change_has_nothing_to_do(found: Scaling | None, wanted: Scaling) -> None:
    change = change_to(found, wanted)
    after = change.after if change else found
    assert after
    assert (after.policies, after.actions) == (wanted.policies, wanted.actions)
    assert after.minimum <= after.maximum
    assert change_to(after, wanted) is None


@given(some_scaling, some_scaling)
def test_release_that_is_undone_leaves_what_there_was(before: Scaling, wanted: Scaling) -> None:
    change = change_to(before, wanted)
    back = change_back(change.after if change else before, before, wanted)
    after = back.after if back else before
    assert (after.policies, after.actions) == (before.policies, before.actions)
    if not before.actions:
        assert after == before


def test_only_what_differs_is_written() -> None:
    found = scaling(2, 4, memory_percent=70, scheduled_actions=[DAY, NIGHT])
    wanted = scaling(2, 6, cpu_percent=50, requests_per_target=9, scheduled_actions=[DAY, {**NIGHT, "minimum": 1}])
    change = change_to(found, wanted)
    assert change
    assert change.policies == ("fastbreak-cpu", "fastbreak-requests")
    assert change.gone_policies == ("fastbreak-memory",)
    assert (change.actions, change.gone_actions) == (("fastbreak-night",), ())
    assert not change_to(scaling(2, 4), scaling(2, 4, memory_percent=1)).bounded  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("there", "wanted", "bounds"),
    [
        # The day's action has run: its bounds stay, and follow it when it is changed.
        ((4, 10), scaling(2, 4, scheduled_actions=[DAY, NIGHT]), (4, 10)),
        ((4, 10), scaling(2, 4, scheduled_actions=[{**DAY, "minimum": 6}, NIGHT]), (6, 10)),
        # It is no longer wanted, so that nothing would ever move its bounds on.
        ((4, 10), scaling(2, 4, scheduled_actions=[NIGHT]), (2, 4)),
        ((4, 10), scaling(2, 4), (2, 4)),
        # Nobody's schedule set these.
        ((1, 10), scaling(2, 4, scheduled_actions=[DAY, NIGHT]), (2, 10)),
        ((3, 7), scaling(2, 4, scheduled_actions=[DAY, NIGHT]), (2, 4)),
        # Together they would cross.
        ((4, 7), scaling(1, 3, scheduled_actions=[{**DAY, "minimum": 4}]), (1, 3)),
    ],
)
def test_bounds_of_a_scheduled_action_are_left(
    there: tuple[int, int], wanted: Scaling, bounds: tuple[int, int]
) -> None:
    found = replace(scaling(2, 4, scheduled_actions=[DAY, NIGHT]), minimum=there[0], maximum=there[1])
    change = change_to(found, wanted)
    after = change.after if change else found
    assert (after.minimum, after.maximum) == bounds
    assert change_to(after, wanted) is None


def test_action_that_is_only_wanted_has_set_no_bounds() -> None:
    change = change_to(scaling(4, 10), scaling(2, 4, scheduled_actions=[DAY]))
    assert change
    assert (change.after.minimum, change.after.maximum, change.bounded) == (2, 4, True)


def test_undo_leaves_the_bounds_of_an_action_that_ran_meanwhile() -> None:
    before = scaling(2, 4, scheduled_actions=[DAY, NIGHT])
    written = scaling(3, 9, cpu_percent=20, scheduled_actions=[DAY])
    at_day = replace(written, minimum=4, maximum=10)
    back = change_back(at_day, before, written)
    assert back
    assert (back.bounded, back.policies, back.actions) == (False, ("fastbreak-cpu",), ("fastbreak-night",))
    bounds = change_back(written, before, written)
    assert bounds
    assert (bounds.after, bounds.bounded) == (before, True)
    # The release wrote what an action sets, too.
    same = change_back(at_day, before, replace(written, minimum=4, maximum=10))
    assert same
    assert (same.after.minimum, same.after.maximum) == (2, 4)


def test_target_that_is_gone_is_registered_again() -> None:
    before = scaling(2, 4, scheduled_actions=[DAY])
    back = change_back(None, before, before)
    assert back
    assert (back.bounded, back.policies, back.actions) == (True, ("fastbreak-cpu",), ("fastbreak-day",))


def test_policy_of_another_type_is_deleted_first() -> None:
    step = {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity"}}
    change = change_to(Scaling(2, 4, {"fastbreak-cpu": step}), scaling(2, 4))
    assert change
    assert (change.gone_policies, change.policies) == (("fastbreak-cpu",), ("fastbreak-cpu",))


@pytest.mark.parametrize(
    ("there", "wanted", "said"),
    [
        ((2, 4), scaling(2, 4, scheduled_actions=[DAY, NIGHT]), []),
        # Raised beside actions that set it: what is asked for does not come into force, and that is said.
        ((2, 4), scaling(8, 10, scheduled_actions=[DAY, NIGHT]), ["minimum is 8, but 2", "maximum is 10, but 4"]),
        ((4, 10), scaling(2, 4, scheduled_actions=[DAY, NIGHT]), ["minimum is 2, but 4", "maximum is 4, but 10"]),
        ((2, 4), scaling(3, 4, scheduled_actions=[DAY, NIGHT]), ["minimum is 3, but 2"]),
        # These come into force at once.
        ((2, 4), scaling(3, 9), []),
        ((3, 7), scaling(2, 4, scheduled_actions=[DAY, NIGHT]), []),
    ],
)
def test_bound_that_does_not_come_into_force_is_said(there: tuple[int, int], wanted: Scaling, said: list[str]) -> None:
    found = replace(scaling(2, 4, scheduled_actions=[DAY, NIGHT]), minimum=there[0], maximum=there[1])
    told = [str(bound) for bound in overruled(found, wanted)]
    assert len(told) == len(said)
    for sentence, part in zip(told, said, strict=True):
        assert f"scaling.{part} is in force and was left: scheduled action" in sentence


@given(st.none() | some_scaling, some_scaling)
def test_whatever_is_asked_for_takes_effect_or_is_said(found: Scaling | None, wanted: Scaling) -> None:
    change = change_to(found, wanted)
    after = change.after if change else found
    assert after
    told = {bound.bound for bound in overruled(found, wanted)}
    assert told == {bound for bound in ("minimum", "maximum") if getattr(after, bound) != getattr(wanted, bound)}
    assert all(bound.actions for bound in overruled(found, wanted))
