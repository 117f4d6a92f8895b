# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scheduled actions beside each other."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.conflicts import conflicts
from hypothesis import given
from hypothesis import strategies as st

DAILY, MONDAYS, NOON = "cron(0 8 * * ? *)", "cron(0 8 ? * MON *)", "cron(0 12 * * ? *)"


def action(name: str, schedule: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "schedule": schedule, "timezone": "UTC", "minimum": None, "maximum": None, **fields}


def found(*actions: dict[str, Any], lowest: int = 1, highest: int = 10) -> str:
    return " ".join(conflicts(actions, lowest, highest))


@pytest.mark.parametrize(
    "actions",
    [
        (),
        (action("a", DAILY, minimum=2), action("b", NOON, minimum=4)),
        (action("a", DAILY, minimum=2), action("b", DAILY, maximum=4)),
        (action("a", DAILY, minimum=2, maximum=5), action("b", MONDAYS, minimum=2)),
        (action("a", "rate(1 day)", minimum=2), action("b", "rate(1 day)", minimum=4)),
        (action("a", DAILY, minimum=2), action("b", DAILY, minimum=4, timezone="Asia/Tokyo")),
        (action("a", "cron(0 8 ? * TUE *)", minimum=2), action("b", MONDAYS, minimum=4)),
        (action("a", "cron(0 8 * * ? 2031)", minimum=2), action("b", "cron(0 8 * * ? 2032)", minimum=4)),
        (action("day", DAILY, minimum=5, maximum=10), action("night", NOON, minimum=1, maximum=2)),
    ],
)
def test_actions_that_go_together_have_no_problem(actions: tuple[dict[str, Any], ...]) -> None:
    assert found(*actions) == ""


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ((action("a", DAILY, minimum=2), action("b", DAILY, minimum=4)), "'a' and 'b' both run at 2027-01-01T08:00Z"),
        ((action("a", DAILY, maximum=9), action("b", MONDAYS, maximum=4)), "set maximum to 9 and 4"),
        (
            (action("a", DAILY, minimum=2), action("b", "cron(0 9 * * ? *)", minimum=4, timezone="Europe/Berlin")),
            "both run at 2027-01-01T08:00Z",
        ),
        ((action("a", "at(2031-05-05T08:00:00)", minimum=2), action("b", DAILY, minimum=4)), "at 2031-05-05T08:00Z"),
        ((action("a", "cron(0 8 29 2 ? *)", minimum=2), action("b", DAILY, minimum=4)), "at 2028-02-29T08:00Z"),
        (
            (action("a", "at(2031-05-05T08:00:00)", minimum=2), action("b", "at(2031-05-05T08:00:00)", minimum=4)),
            "both run",
        ),
        ((action("a", "cron(* * * * ? *)", minimum=2), action("b", DAILY, minimum=4)), "both run"),
        (
            (action("day", DAILY, minimum=5), action("night", NOON, minimum=1, maximum=2)),
            "'day': its minimum 5 is above the maximum of 'night', 2, which may be in force when it runs. Let it set",
        ),
        (
            (action("day", DAILY, minimum=5, maximum=9), action("night", NOON, maximum=2)),
            "'night': its maximum 2 is below the minimum of 'day', 5",
        ),
        ((action("a", DAILY, minimum=11),), "'a': its minimum 11 is above scaling.maximum, 10"),
        ((action("a", DAILY, maximum=0),), "'a': its maximum 0 is below scaling.minimum, 1"),
    ],
)
def test_actions_that_contradict_each_other_are_named(actions: tuple[dict[str, Any], ...], said: str) -> None:
    assert said in found(*actions)


bounds = st.none() | st.integers(0, 9)


@given(
    st.lists(st.tuples(bounds, bounds), min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(5, 9),
    st.lists(st.integers(0, 3), max_size=8),
)
def test_bounds_never_cross_in_whichever_order_actions_without_a_problem_run(
    given_bounds: list[tuple[int | None, int | None]], lowest: int, highest: int, order: list[int]
) -> None:
    actions = [
        action(str(number), f"cron({number} 8 * * ? *)", minimum=low, maximum=high)
        for number, (low, high) in enumerate(given_bounds)
        if (low is None or high is None or low <= high) and (low, high) != (None, None)
    ]
    if found(*actions, lowest=lowest, highest=highest):
        return
    for number in order:
        if number < len(actions):
            lowest = lowest if actions[number]["minimum"] is None else actions[number]["minimum"]
            highest = highest if actions[number]["maximum"] is None else actions[number]["maximum"]
            assert lowest <= highest


def test_many_actions_are_looked_through_in_bounded_steps() -> None:
    minutely = [action(str(number), "cron(* * * * ? *)", minimum=number % 2 + 1) for number in range(200)]
    assert "both run" in found(*minutely)
