# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a schedule would have set while it was suspended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.missed import (
    caught_up,
    suspended_since,
)

from tests.unit.plugins.module_utils._rollout.case import scaling

DAY = {"name": "day", "schedule": "cron(0 7 * * ? *)", "minimum": 1, "maximum": 4}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "timezone": "Europe/Berlin", "minimum": 0, "maximum": 0}
ONCE = {"name": "once", "schedule": "at(2027-07-01T12:00:00)", "maximum": 9}
OFTEN = {"name": "often", "schedule": "rate(1 minute)", "minimum": 3}


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2027-07-01T10:00", "2027-07-01T11:00", (1, 5)),
        ("2027-07-01T17:55", "2027-07-01T18:00", (0, 0)),
        ("2027-07-01T18:00", "2027-07-01T18:05", (1, 5)),
        ("2027-07-01T11:55", "2027-07-01T12:05", (1, 9)),
        # The last one counts.
        ("2027-07-01T06:00", "2027-07-01T19:00", (0, 0)),
        ("2027-12-31T19:00", "2028-01-01T07:30", (1, 4)),
    ],
)
def test_bounds_are_those_of_the_last_action_that_was_due(since: str, until: str, expected: tuple[int, int]) -> None:
    actions: list[dict[str, Any]] = [DAY, NIGHT, ONCE, OFTEN]
    made = scaling(1, 5, scheduled_actions=actions)
    found = caught_up(made, *(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (since, until)))
    assert (found.minimum, found.maximum) == expected
    assert found.actions == made.actions


@pytest.mark.parametrize(
    ("since", "suspended", "days"),
    [("2027-07-01T10:00:00.000Z", False, 2), ("2027-07-01T10:00:00.000Z", True, 370), ("", False, 370)],
)
def test_what_would_have_been_set_last_counts_when_it_is_not_known_since_when(
    since: str, suspended: bool, days: int
) -> None:
    now = datetime(2027, 7, 3, 10, tzinfo=UTC)
    before = replace(scaling(1, 5), suspended=suspended)
    assert now - suspended_since(since, before, now) == timedelta(days=days)


def test_year_that_lies_between_is_looked_at() -> None:
    yearly = {"name": "yearly", "schedule": "cron(0 7 1 6 ? 2027)", "minimum": 2}
    made = scaling(1, 5, scheduled_actions=[yearly])
    assert caught_up(made, datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)).minimum == 2
