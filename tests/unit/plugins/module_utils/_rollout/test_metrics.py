# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Periods of metrics, and what Elastic Load Balancing calls its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.metrics import (
    last_period,
    load_balancer_dimensions,
    next_period,
    periods,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(MOMENTS, st.sampled_from([1, 10, 60, 300]))
def test_whole_periods_lie_on_both_sides_of_a_moment(moment: datetime, seconds: int) -> None:
    before, after = last_period(moment, seconds), next_period(moment, seconds)
    assert before <= moment <= after
    assert (after - before).total_seconds() in (0, seconds)
    assert before.timestamp() % seconds == after.timestamp() % seconds == 0


@pytest.mark.parametrize(("minutes", "count"), [(0, 0), (-5, 0), (1.9, 1), (3, 3)])
def test_periods_between_two_moments(minutes: float, count: int) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = periods(begin, begin + timedelta(minutes=minutes), 60)
    assert made == tuple(begin + timedelta(minutes=number) for number in range(count))


def test_dimensions_of_a_target_group_are_those_of_its_metrics() -> None:
    assert load_balancer_dimensions(LISTENER_ARN, GROUP_ARN) == (
        ("LoadBalancer", "app/alb/1"),
        ("TargetGroup", "targetgroup/blue/1"),
    )
