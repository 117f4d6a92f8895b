# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways of a commit are put together out of the steps of tests that passed, and what is kept is not run again."""

import ast
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.delivery import __main__ as command
from benchmarks.delivery import keeping
from benchmarks.delivery.results import Cell, Results
from benchmarks.delivery.ways import (
    BAKES,
    MACHINES,
    NOT_MIGRATED,
    RESTORED,
    SPOILT,
    TASKS,
    TESTS,
    TO_DEV,
    TO_PROD,
    Step,
    noted,
    ways,
)
from benchmarks.errors import BenchmarkError
from tools.files import ROOT

RUNS: Mapping[str, list[tuple[str, str, str, int, int]]] = {
    TO_DEV: [("a", "release", "dev", 40, 0), ("a", "release", "dev", 5, 0), ("a", "deploy", "dev", 60, 0)],
    SPOILT: [("b", "release", "dev", 20, 0), ("b", "deploy", "dev", 45, 2)],
    TO_PROD: [
        ("a", "promote", "promotion", 9, 0),
        ("a", "deploy", "prod", 80, 0),
        ("c", "promote", "promotion", 3, 2),
        ("c", "release", "dev", 25, 0),
        ("c", "promote", "promotion", 10, 0),
        ("c", "deploy", "prod", 700, 0),
        ("c", "rollback", "prod", 50, 0),
    ],
}
"""By test: commit, workflow, environment, seconds and exit code of a job's last step."""


def lines(run: list[tuple[str, str, str, int, int]]) -> list[str]:
    found: list[dict[str, Any]] = []
    now = 0
    for commit, workflow, environment, seconds, code in run:
        of_job = {"commit": commit, "workflow": workflow, "environment": environment}
        found.append({**of_job, "step": "Ask for a token", "begun": now, "ended": now, "code": 0})
        found.append({**of_job, "step": "Work", "begun": now, "ended": now + seconds, "code": code})
        now += seconds + 100
    return [json.dumps(line) for line in found]


def measured(*tests: str) -> dict[str, tuple[Step, ...]]:
    return {test: steps_of(test) for test in tests}


def steps_of(test: str) -> tuple[Step, ...]:
    """The steps of a test. A bad release is back five seconds before its job ends."""
    steps = noted(lines(RUNS[test]))
    back = [replace(step, step=RESTORED, begun=step.ended - 5, ended=step.ended - 5, code=0) for step in steps[-1:]]
    return (*steps, *back) if test == SPOILT else steps


def kept(path: Path, *tests: str, scale: str = "1", commit: str = "c1") -> Results:
    results = Results(path)
    results.begin({command.PACE: f"{scale} times as fast"})
    for test, steps in measured(*tests).items():
        results.add(test, Cell(steps, 0.5, commit))
    return results


def test_a_way_is_the_sum_of_its_jobs_without_what_is_between() -> None:
    found = ways(measured(*TESTS), 540)
    assert [way.seconds for way in found] == [100, 25 + 60 + 10 + 700, 60, 65, 50]
    assert [dict(way.modelled) for way in found] == [
        {MACHINES: 60, TASKS: 180, BAKES: 0},
        {MACHINES: 120, TASKS: 360, BAKES: 540},
        {MACHINES: 60, TASKS: 180, BAKES: 0},
        {MACHINES: 60, TASKS: 240, BAKES: 0},
        {MACHINES: 30, TASKS: 120, BAKES: 0},
    ]
    assert [(bar.name, bar.begun, bar.ended, bar.modelled) for bar in found[0].bars()] == [
        ("release (dev): GitHub's machine", 0, 30, True),
        ("release (dev): Work", 30, 70, False),
        ("deploy (dev): GitHub's machine", 70, 100, True),
        ("deploy (dev): Work", 100, 160, False),
        ("deploy (dev): Fargate's tasks", 160, 340, True),
    ]
    assert all(way.bars()[-1].ended == way.whole_seconds for way in found)


def test_a_release_that_was_not_migrated_for_waits_for_one_task_less() -> None:
    steps = steps_of(SPOILT)
    said = replace(steps[-1], step=NOT_MIGRATED, begun=0, ended=0)
    found = ways({SPOILT: (*steps, said)})
    before = ways({SPOILT: steps})
    assert [was.modelled[TASKS] - way.modelled[TASKS] for was, way in zip(before, found, strict=True)] == [60, 60]
    assert [way.seconds for way in found] == [way.seconds for way in before]


@pytest.mark.parametrize(
    ("tests", "names"),
    [
        ([TO_DEV], ["commit to dev"]),
        ([SPOILT], ["bad commit to restored, in dev (it migrates nothing)", "the same, until the worker is back too"]),
        ([TO_PROD], ["rollback of prod by hand"]),
        ([TO_DEV, TO_PROD], ["commit to dev", "commit to prod", "rollback of prod by hand"]),
    ],
)
def test_a_way_is_told_as_soon_as_its_tests_have_passed(tests: list[str], names: list[str]) -> None:
    assert [way.name for way in ways(measured(*tests))] == names


@pytest.mark.parametrize(("test", "number"), [(TO_DEV, 2), (SPOILT, 1), (TO_PROD, 4), (TO_PROD, 5), (TO_PROD, 6)])
def test_a_test_without_what_it_should_do_makes_no_figures(test: str, number: int) -> None:
    steps = noted(lines(RUNS[test][:number] + RUNS[test][number + 1 :]))
    with pytest.raises(BenchmarkError, match="not whole"):
        ways({**measured(*TESTS), test: steps})


def test_a_bad_release_that_does_not_say_when_it_was_back_makes_no_figures() -> None:
    with pytest.raises(BenchmarkError, match=r"deploy \(dev\) does not say when users had the release before"):
        ways({SPOILT: measured(SPOILT)[SPOILT][:-1]})


def test_the_tests_are_there() -> None:
    tree = ast.parse((ROOT / "tests/pipeline/test_workflows.py").read_text(encoding="utf-8"))
    assert set(TESTS) <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_table_and_chart_are_made_of_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cells.json"
    monkeypatch.setattr(command, "CHART", tmp_path / "chart.svg")
    asked = ["--print", "--results", str(path)]
    assert command.main(asked) == 1
    assert "Nothing was measured yet" in capsys.readouterr().err
    kept(path, *TESTS, scale="10")
    assert command.main(asked) == 0
    row = "| commit to prod | 13 min 15 s | 2 min 0 s | 6 min 0 s | 9 min 0 s | 30 min 15 s | 30 min |"
    assert row in capsys.readouterr().out
    assert "promote (promotion): Work" in command.CHART.read_text(encoding="utf-8")


def test_a_test_is_kept_once_it_has_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, path = tmp_path / "steps.jsonl", tmp_path / "cells.json"
    monkeypatch.setenv("STEP_TIMES", str(steps))
    monkeypatch.setenv("DELIVERY_RESULTS", str(path))
    for test, passed in ((TO_DEV, True), (SPOILT, False), (TO_PROD, True)):
        steps.write_text("\n".join(json.dumps(asdict(step)) for step in steps_of(test)), encoding="utf-8")
        for when in ("setup", "call", "teardown"):
            report: Any = SimpleNamespace(when=when, passed=passed, nodeid=f"test_workflows.py::{test}")
            keeping.pytest_runtest_logreport(report)
    cells = Results(path).cells
    assert {name: cell.steps for name, cell in cells.items()} == measured(TO_DEV, TO_PROD)
    assert {cell.commit for cell in cells.values()} == {command.machine.commit(ROOT)}


def test_cells_of_another_commit_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cells.json"
    kept(path, TO_DEV)
    command.report(Results(path), tmp_path / "chart.svg")
    assert "different commits" not in capsys.readouterr().err
    kept(path, SPOILT, commit="c2")
    command.report(Results(path), tmp_path / "chart.svg")
    assert (
        f"different commits, --anew measures all at one: {{'{TO_DEV}': 'c1', '{SPOILT}': 'c2'}}"
        in capsys.readouterr().err
    )


def test_what_is_kept_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cells.json"
    monkeypatch.setattr(command.machine, "describe", lambda *_: {})
    asked: list[list[str]] = []
    monkeypatch.setattr(command, "_run", lambda tests, *_: asked.append(list(tests)))
    kept(path, TO_DEV)
    command.measure(path, 1, anew=False)
    kept(path, SPOILT)
    command.measure(path, 1, anew=False)
    kept(path, TO_PROD)
    command.measure(path, 1, anew=False)
    command.measure(path, 10, anew=True)
    assert asked == [[SPOILT, TO_PROD], [TO_PROD], list(TESTS)]


def test_cells_of_another_pace_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    results = kept(tmp_path / "cells.json", TO_DEV)
    with pytest.raises(BenchmarkError, match="at another pace"):
        results.begin({command.PACE: "10 times as fast"})
    (tmp_path / "other.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BenchmarkError, match="does not hold what an earlier run measured"):
        Results(tmp_path / "other.json")
