# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of a plan: what loses data first."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.plugin_utils._job_summary import JobSummary
from ansible_collections.fastbreak.aws.plugins.plugin_utils._plan_table import PlanTable
from hypothesis import given
from hypothesis import strategies as st


def change(name: str, action: str, replacement: str = "no", *, holds_data: bool = False) -> dict[str, Any]:
    return {
        "logical_id": name,
        "action": action,
        "resource_type": f"AWS::{name}",
        "replacement": replacement,
        "holds_data": holds_data,
        "properties": ["A", "B.C"] if action == "modify" else [],
    }


CHANGES = [
    change("New", "add", holds_data=True),
    change("Tuned", "modify", holds_data=True),
    change("Gone", "remove"),
    change("Perhaps", "modify", "maybe"),
    change("Anew", "modify", "yes"),
    change("LostPerhaps", "modify", "unknown", holds_data=True),
    change("Lost", "remove", holds_data=True),
    change("LostAnew", "modify", "yes", holds_data=True),
]


def test_what_loses_data_comes_first_and_says_so() -> None:
    table = PlanTable()
    table.add("rds", {"changes": CHANGES})
    assert [row[:2] for row in table.rows] == [
        ("replace (holds data)", "rds.LostAnew"),
        ("remove (holds data)", "rds.Lost"),
        ("replace, perhaps (holds data)", "rds.LostPerhaps"),
        ("replace", "rds.Anew"),
        ("remove", "rds.Gone"),
        ("replace, perhaps", "rds.Perhaps"),
        ("modify", "rds.Tuned"),
        ("add", "rds.New"),
    ]
    assert table.rows[0][2:] == ("AWS::LostAnew", "A, B.C")


@given(st.permutations(CHANGES), st.integers(0, len(CHANGES)))
def test_the_order_does_not_depend_on_who_was_first(changes: list[dict[str, Any]], cut: int) -> None:
    table = PlanTable()
    table.add("rds", {"changes": changes[:cut]})
    table.add("ecs", {"changes": changes[cut:]})
    loses = ["(holds data)" in row[0] for row in table.rows]
    assert loses == sorted(loses, reverse=True)
    assert len(table.rows) == len(CHANGES)


def test_a_plan_that_is_made_again_counts_once_and_a_long_one_is_cut() -> None:
    table = PlanTable()
    for _time in range(2):
        table.add("ecs", {"changes": [change(f"R{number}", "add") for number in range(250)]})
    assert len(table.rows) == 201
    assert table.rows[-1][:2] == ("...", "50 more")


@pytest.mark.parametrize("changes", [None, "text", 3, [], ["x", None, 3]])
def test_what_is_no_plan_makes_no_table(changes: Any) -> None:
    summary = JobSummary()
    summary.plan.add("ecs", {"changes": changes})
    assert "| change |" not in summary.text("site", failed=False)


def test_the_table_is_part_of_the_job_s_summary() -> None:
    summary = JobSummary()
    summary.plan.add("ecs", {"changes": [{"action": "add", "logical_id": "A"}, {}]})
    text = summary.text("site", failed=False)
    assert "| change | resource | type | properties |\n| --- | --- | --- | --- |\n| `add` | `ecs.A` |  |  |" in text
