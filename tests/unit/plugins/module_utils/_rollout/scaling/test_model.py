# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scaling as it is read, compared and shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.change import change_to
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import (
    Scaling,
    counts_requests,
    label_missing,
    labelled,
    read_action,
    read_policy,
    view_scaling,
)
from hypothesis import given

from tests.unit.plugins.module_utils._rollout.case import scaling
from tests.unit.plugins.module_utils._rollout.some_scaling import LABEL, NIGHT, some_scaling


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
