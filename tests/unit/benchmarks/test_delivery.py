# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways of a commit are put together out of the steps of a run, and a run that was not whole makes none."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.delivery import __main__ as command
from benchmarks.delivery.ways import read, ways
from benchmarks.errors import BenchmarkError

RUN = [
    ("a", "release", "dev", 40, 0),
    ("a", "release", "dev", 5, 0),
    ("a", "deploy", "dev", 60, 0),
    ("b", "release", "dev", 20, 0),
    ("b", "deploy", "dev", 45, 2),
    ("a", "promote", "promotion", 9, 0),
    ("a", "deploy", "prod", 80, 0),
    ("c", "promote", "promotion", 3, 2),
    ("c", "release", "dev", 25, 0),
    ("c", "promote", "promotion", 10, 0),
    ("c", "deploy", "prod", 700, 0),
    ("c", "rollback", "prod", 50, 0),
]
"""Commit, workflow, environment, seconds and exit code of its last step."""


def lines(run: list[tuple[str, str, str, int, int]]) -> list[str]:
    noted: list[dict[str, Any]] = []
    now = 0
    for commit, workflow, environment, seconds, code in run:
        of_job = {"commit": commit, "workflow": workflow, "environment": environment}
        noted.append({**of_job, "step": "Ask for a token", "begun": now, "ended": now, "code": 0})
        noted.append({**of_job, "step": "Work", "begun": now, "ended": now + seconds, "code": code})
        now += seconds + 100
    return [json.dumps(line) for line in noted]


def test_a_way_is_the_sum_of_its_jobs_without_what_is_between() -> None:
    found = ways(read(lines(RUN)))
    assert [way.seconds for way in found] == [100, 25 + 60 + 10 + 700, 65, 50]
    assert found[0].modelled == 100 + 2 * 30 + 3 * 60
    assert [(bar.name, bar.begun, bar.ended) for bar in found[0].bars()] == [
        ("release (dev): Work", 0, 40),
        ("deploy (dev): Work", 40, 100),
    ]


@pytest.mark.parametrize("missing", [2, 4, 9, 10, 11])
def test_a_run_that_was_not_whole_makes_no_figures(missing: int) -> None:
    with pytest.raises(BenchmarkError, match="not whole"):
        ways(read(lines(RUN[:missing] + RUN[missing + 1 :])))


def test_table_and_chart_are_made_of_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "KEPT", tmp_path / "kept.jsonl")
    monkeypatch.setattr(command, "CHART", tmp_path / "chart.svg")
    assert command.main(["--print"]) == 1
    assert "Nothing was measured yet" in capsys.readouterr().err
    command.KEPT.write_text("\n".join(lines(RUN)), encoding="utf-8")
    assert command.main(["--print"]) == 0
    assert "| commit to prod | 13 min 15 s |" in capsys.readouterr().out
    assert "promote (promotion): Work" in command.CHART.read_text(encoding="utf-8")
