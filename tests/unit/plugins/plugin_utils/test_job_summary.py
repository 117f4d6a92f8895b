# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary of a job: everything that was said, and nothing of it taken for Markdown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.plugin_utils._job_summary import JobSummary
from hypothesis import given
from hypothesis import strategies as st

GATE = {"gate": "http /readyz", "verdict": "UNHEALTHY", "seen": "3 of 3 failed", "expected": "200", "dry_run": False}


JUDGED = {"to_succeed_seconds": 12.0, "to_detect_seconds": 0.0}


@pytest.mark.parametrize("timings", [None, {}, {"total_seconds": 3.0, "to_succeed_seconds": 0.0}, "text"])
def test_gates_of_a_release_before_are_not_told_as_this_runs(timings: Any) -> None:
    summary = JobSummary()
    summary.judged({"gates": [GATE], "timings": timings})
    assert summary.gates == []


def test_what_was_said_and_the_gates_are_there() -> None:
    summary = JobSummary()
    for line in ("service   deploy 1.4.2, SUCCEEDED", None, "", "1 component, 1 changed."):
        summary.say(line)
    summary.judged({"gates": [GATE, {**GATE, "gate": "alarms", "dry_run": True}], "timings": JUDGED})
    assert summary.text("deploy", failed=False) == (
        "### deploy: done\n\n"
        "```text\nservice   deploy 1.4.2, SUCCEEDED\n\n1 component, 1 changed.\n```\n\n"
        "| gate | verdict | seen | expected |\n"
        "| --- | --- | --- | --- |\n"
        "| `http /readyz` | `UNHEALTHY` | `3 of 3 failed` | `200` |\n"
        "| `alarms` | `UNHEALTHY (dry run)` | `3 of 3 failed` | `200` |\n\n"
    )


@pytest.mark.parametrize("gates", [None, "text", 3, [], ["x", None, 3], [{}], {"a": 1}])
def test_results_without_gates_make_no_table(gates: Any) -> None:
    summary = JobSummary()
    summary.judged({"gates": gates, "timings": JUDGED})
    assert "| gate |" not in summary.text("site", failed=True)


def test_the_newest_lines_of_a_long_run_are_kept() -> None:
    summary = JobSummary()
    for number in range(20_000):
        summary.say(f"line {number}")
    text = summary.text("site", failed=False)
    assert len(text) < 60_000
    assert "line 19999" in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_ends_its_block_or_its_cell(line: str, seen: str) -> None:
    summary = JobSummary()
    summary.say(line)
    summary.judged({"gates": [{**GATE, "seen": seen}], "timings": JUDGED})
    first, block, *_ = summary.text("deploy", failed=True).split("\n\n", 1)
    fence = block.split("text", 1)[0]
    assert fence.strip("`") == ""
    assert block.count(fence) == 2
    row = summary.text("deploy", failed=True).rstrip("\n").rsplit("\n", 1)[-1]
    assert row.replace("\\|", "").count("|") == 5
    assert row.count("`") in {6, 8}
    assert first == "### deploy: failed"


@pytest.mark.parametrize(
    ("given", "heading"),
    [("rolled_back", "### deploy: failed (rolled_back)"), ("<b>", "### deploy: failed"), (7, "### deploy: failed")],
)
def test_the_heading_says_in_a_word_how_the_release_ended(given: object, heading: str) -> None:
    summary = JobSummary()
    summary.judged({"result": given})
    assert summary.text("deploy", failed=True).splitlines()[0] == heading
