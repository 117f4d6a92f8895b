# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gates share that read whole periods of CloudWatch."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.canary import CanaryGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.series import (
    count_of,
    read_dimensions,
    series_seconds,
)

GROUP = "arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/blue/1"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/alb/1/2"


def gate(**given: Any) -> CanaryGate:
    return CanaryGate(**{"name": "canary", "metric": "HTTPCode_Target_5XX_Count", **given})


@pytest.mark.parametrize(
    ("value", "count"), [(3.0, 3), (0.0, 0), (None, None), (-1.0, None), (float("nan"), None), (float("inf"), None)]
)
def test_what_is_missing_is_no_count_of_nothing(value: float | None, count: int | None) -> None:
    assert count_of(value) == count


def test_a_period_begun_at_any_time_is_waited_for_whole() -> None:
    assert series_seconds(60, 120, 2) == 300


def test_a_dimension_is_text() -> None:
    assert read_dimensions("canary", "dimensions", {"b": "2", "a": "1"}) == (("a", "1"), ("b", "2"))
    with pytest.raises(RequestError, match=r"Gate canary: dimensions\.a"):
        read_dimensions("canary", "dimensions", {"a": None})


def test_a_target_group_that_is_not_known_is_read_for_no_other() -> None:
    known = gate(listener_arn=LISTENER)
    assert dict(known.group_dimensions(GROUP))["TargetGroup"] == "targetgroup/blue/1"
    for group, unknown in (("", known), (GROUP, gate())):
        with pytest.raises(OperationError, match="is not known"):
            unknown.group_dimensions(group)


@pytest.mark.parametrize("period", [1, 5, 30, 60, 3600])
def test_a_period_that_cloudwatch_keeps_is_taken(period: int) -> None:
    assert not [problem for problem in gate(period_seconds=period).series_problems() if "period_seconds" in problem]


@pytest.mark.parametrize("period", [0, -60, 7, 90, 7200])
def test_a_period_that_it_does_not_keep_is_told(period: int) -> None:
    assert [problem for problem in gate(period_seconds=period).series_problems() if "period_seconds" in problem]
