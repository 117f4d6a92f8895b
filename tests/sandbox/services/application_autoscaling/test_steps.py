# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many tasks step scaling asks for, and when scheduled actions run."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.services.application_autoscaling.model.schedule import is_due
from sandbox.services.application_autoscaling.model.steps import asked, settled


def step(adjustment: int, lower: float | None = None, upper: float | None = None) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper}
    return {"ScalingAdjustment": adjustment, **{name: value for name, value in bounds.items() if value is not None}}


UP = [step(1, 0, 10), step(2, 10)]
DOWN = [step(-1, -10, 0), step(-2, None, -10)]


@pytest.mark.parametrize(
    ("kind", "steps", "beyond", "expected"),
    [
        ("ChangeInCapacity", UP, 0, 5),
        ("ChangeInCapacity", UP, 9.9, 5),
        ("ChangeInCapacity", UP, 10, 6),
        ("ChangeInCapacity", UP, -1, 4),
        ("ChangeInCapacity", DOWN, -1, 3),
        ("ChangeInCapacity", DOWN, -10, 2),
        ("ExactCapacity", [step(0, None, 0)], -1, 0),
        ("ExactCapacity", [step(1, 0)], 3, 1),
        ("PercentChangeInCapacity", [step(50, 0)], 3, 6),
        ("PercentChangeInCapacity", [step(10, 0)], 3, 5),
        ("ChangeInCapacity", [step(-9, None, 0)], -1, 0),
    ],
)
def test_a_step_is_taken_by_how_far_the_metric_is_beyond(
    kind: str, steps: list[dict[str, Any]], beyond: float, expected: int
) -> None:
    assert asked(4, {"AdjustmentType": kind, "StepAdjustments": steps}, beyond) == expected


@pytest.mark.parametrize(
    ("followed", "steps", "bounds", "expected"),
    [
        (4, [], (0, 10), 4),
        (4, [0], (0, 10), 0),
        (4, [0], (1, 10), 1),
        (6, [0], (0, 10), 6),
        (4, [5, 0], (0, 10), 5),
        (4, [12], (0, 10), 10),
        # Below its minimum a service is brought there by what sets the bounds, not by a policy.
        (4, [0], (6, 10), 4),
    ],
)
def test_the_most_tasks_win_and_step_policies_do_not_wait(
    followed: int, steps: list[int], bounds: tuple[int, int], expected: int
) -> None:
    assert settled(4, followed, steps, *bounds) == expected


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("action", "since", "until", "expected"),
    [
        ({"Schedule": "cron(0 20 ? * MON-FRI *)"}, "2027-03-01T19:59:50", "2027-03-01T20:00:00", True),
        ({"Schedule": "cron(0 20 ? * MON-FRI *)"}, "2027-03-01T20:00:00", "2027-03-01T20:00:10", False),
        ({"Schedule": "cron(0 20 ? * MON-FRI *)"}, "2027-03-06T19:59:50", "2027-03-06T20:00:05", False),
        (
            {"Schedule": "cron(0 20 * * ? *)", "Timezone": "Europe/Berlin"},
            "2027-07-01T17:59:55",
            "2027-07-01T18:00:05",
            True,
        ),
        ({"Schedule": "at(2027-03-01T20:00:00)"}, "2027-03-01T19:59:55", "2027-03-01T20:00:05", True),
        (
            {"Schedule": "at(2027-03-01T20:00:00)", "Timezone": "Europe/Berlin"},
            "2027-03-01T18:59:55",
            "2027-03-01T19:00:05",
            True,
        ),
        ({"Schedule": "at(2027-03-01T20:00:00)"}, "2027-03-01T20:00:00", "2027-03-01T20:00:05", False),
        # A rate goes by the pace of the sandbox: here a minute passes in two seconds.
        ({"Schedule": "rate(1 minute)"}, "2027-01-01T00:00:01", "2027-01-01T00:00:02", True),
        ({"Schedule": "rate(1 minute)"}, "2027-01-01T00:00:02", "2027-01-01T00:00:03", False),
        ({"Schedule": "rate(1 hour)"}, "2027-01-01T00:00:01", "2027-01-01T00:00:30", False),
        (
            {"Schedule": "rate(1 minute)", "EndTime": at("2027-01-01T00:00:01")},
            "2027-01-01T00:00:01",
            "2027-01-01T00:00:02",
            False,
        ),
        # What it would have done before it was made is past.
        ({"Schedule": "cron(0 0 1 1 ? *)"}, "2026-12-31T23:59:59", "2027-01-01T00:00:05", False),
    ],
)
def test_an_action_runs_when_its_time_has_come(action: dict[str, Any], since: str, until: str, expected: bool) -> None:
    made = {"CreationTime": at("2027-01-01T00:00:00"), **action}
    assert is_due(made, at(since), at(until), lambda seconds: seconds / 30) is expected
