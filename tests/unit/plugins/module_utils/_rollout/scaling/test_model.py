"""What has to be written to scale as wanted, and to scale as before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import (
    Scaling,
    change_back,
    change_to,
    counts_requests,
    label_missing,
    labelled,
    read_action,
    read_policy,
    view_scaling,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.case import scaling

DAY = {"name": "day", "schedule": "cron(0 7 ? * MON-FRI *)", "minimum": 4, "maximum": 10}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "minimum": 2, "maximum": 4}
LABEL = "app/alb/1/targetgroup/blue/2"

some_bounds = st.integers(1, 4).flatmap(lambda low: st.tuples(st.just(low), st.integers(low, 6)))
some_actions = st.lists(
    st.builds(
        lambda name, bounds: {"name": name, "schedule": "rate(1 day)", "minimum": bounds[0], "maximum": bounds[1]},
        st.sampled_from("abc"),
        some_bounds,
    ),
    unique_by=lambda action: action["name"],
    max_size=3,
)
some_scaling = st.builds(
    lambda bounds, actions, percent, requests: labelled(
        scaling(*bounds, scheduled_actions=actions, cpu_percent=percent, requests_per_target=requests), LABEL
    ),
    some_bounds,
    some_actions,
    st.sampled_from([0.0, 50.0, 60.0]),
    st.sampled_from([0.0, 100.0]),
)


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


def test_policy_names_the_target_group_whose_requests_it_counts() -> None:
    made = scaling(2, 4, requests_per_target=9)
    assert counts_requests(made)
    assert label_missing(made)
    assert not label_missing(labelled(made, LABEL))
    assert labelled(made, LABEL).policies["fastbreak-cpu"] == made.policies["fastbreak-cpu"]
    assert not counts_requests(scaling(2, 4))
    assert not label_missing(None)


def tracked(**configuration: Any) -> dict[str, Any]:
    specification = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    configured = {"TargetValue": 60, "PredefinedMetricSpecification": specification, **configuration}
    return {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": configured}


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        (tracked(ScaleInCooldown=300, ScaleOutCooldown=60), True),
        (tracked(ScaleOutCooldown=60), True),
        (tracked(ScaleInCooldown=300, ScaleOutCooldown=60, DisableScaleIn=False), True),
        (tracked(ScaleInCooldown=300, ScaleOutCooldown=60, DisableScaleIn=True), False),
        (tracked(), False),
        (tracked(ScaleOutCooldown=60, TargetValue=61), False),
        (tracked(ScaleOutCooldown=60, CustomizedMetricSpecification={"MetricName": "x"}), False),
    ],
)
def test_policy_is_compared_with_the_defaults_of_aws(answer: dict[str, Any], same: bool) -> None:
    details = {"PolicyARN": "arn", "PolicyName": "fastbreak-cpu", "Alarms": [], "CreationTime": 1}
    found = Scaling(2, 4, {"fastbreak-cpu": read_policy({**details, **answer})})
    assert (change_to(found, scaling(2, 4)) is None) == same


def test_action_is_compared_with_the_defaults_of_aws() -> None:
    wanted = scaling(2, 4, scheduled_actions=[NIGHT]).actions["fastbreak-night"]
    bounds = {"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 4}}
    answer = {"Schedule": "cron(0 20 * * ? *)", "ScheduledActionARN": "arn", **bounds}
    assert read_action(answer) == wanted
    assert read_action({**answer, "Timezone": "UTC"}) == wanted
    assert read_action({**answer, "Timezone": "Europe/Berlin"}) != wanted
    ends = read_action({**answer, "EndTime": datetime(2027, 1, 1, tzinfo=UTC)})
    assert ends["EndTime"] == "2027-01-01T00:00:00+00:00"
    assert ends != wanted
    rate = {"Schedule": "rate(1 day)", **bounds}
    assert read_action({**rate, "Timezone": "Europe/Berlin"}) == read_action(rate)


def test_view_shows_each_policy_by_its_option_and_each_action_by_its_name() -> None:
    shown = view_scaling(labelled(scaling(2, 4, requests_per_target=9, scheduled_actions=[NIGHT]), LABEL))
    assert list(shown["policies"]) == ["cpu_percent", "requests_per_target"]
    assert shown["policies"]["requests_per_target"]["of"] == LABEL
    assert shown["scheduled_actions"]["fastbreak-night"] == {
        "schedule": "cron(0 20 * * ? *)",
        "timezone": "UTC",
        "minimum": 2,
        "maximum": 4,
    }
    step = {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {}}
    assert view_scaling(Scaling(1, 2, {"fastbreak-x": step}))["policies"] == {"fastbreak-x": step}


@given(some_scaling, some_scaling)
def test_what_differs_is_shown(left: Scaling, right: Scaling) -> None:
    assert (view_scaling(left) == view_scaling(right)) == (left == right)
