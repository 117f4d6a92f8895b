# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scheduled actions whose time is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.past import (
    asks_the_time,
    past_actions,
    without,
)

from tests.unit.plugins.module_utils._rollout.case import scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


def acting(schedule: str, zone: str = "UTC", **fields: Any) -> Scaling:
    action = {"name": "once", "schedule": schedule, "timezone": zone, "minimum": 3, **fields}
    return scaling(2, 6, scheduled_actions=[action])


@pytest.mark.parametrize(
    ("schedule", "zone", "over"),
    [
        ("at(2027-06-01T12:00:00)", "UTC", True),
        ("at(2027-06-01T12:00:01)", "UTC", False),
        ("at(2027-06-01T13:59:00)", "Europe/Berlin", True),
        ("at(2027-06-01T14:01:00)", "Europe/Berlin", False),
        ("at(2027-06-01T07:00:00)", "America/Chicago", True),
        ("cron(0 8 1 1 ? 2026)", "UTC", True),
        ("cron(0 8 * * ? 2026-2027)", "UTC", False),
        ("cron(0 12 1 6 ? 2027)", "UTC", True),
        ("cron(1 12 1 6 ? 2027)", "UTC", False),
        ("cron(0 8 * 1-5 ? 2027)", "UTC", True),
        ("cron(0 8 1 1 ? *)", "UTC", False),
        ("rate(1 day)", "UTC", False),
    ],
)
def test_what_never_runs_again_is_named_by_the_time_that_aws_tells(schedule: str, zone: str, over: bool) -> None:
    wanted = acting(schedule, zone)
    told = past_actions(None, wanted, NOW)
    assert list(told) == (["fastbreak-once"] if over else [])
    for problem in told.values():
        assert problem.startswith(
            f"scaling.scheduled_actions 'once': {schedule} in {zone} is over, since it is 2027-06"
        )
    assert without(wanted, told).actions == ({} if over else wanted.actions)


def test_action_that_is_there_as_wanted_is_left() -> None:
    wanted = acting("at(2027-01-01T00:00:00)")
    assert past_actions(wanted, wanted, NOW) == {}
    assert not asks_the_time(wanted, wanted)
    assert past_actions(wanted, acting("at(2027-01-01T00:00:00)", minimum=4), NOW)


@pytest.mark.parametrize(
    ("schedule", "asks"),
    [
        ("cron(0 8 * * ? *)", False),
        ("rate(1 day)", False),
        ("cron(0 8 * * ? 2030)", True),
        ("at(2030-01-01T00:00:00)", True),
    ],
)
def test_time_is_asked_only_where_it_decides(schedule: str, asks: bool) -> None:
    assert asks_the_time(None, acting(schedule)) is asks
