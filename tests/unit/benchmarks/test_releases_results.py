# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cells are kept, read again, and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.releases import __main__ as command
from benchmarks.releases.__main__ import main
from benchmarks.releases.figures import Cell, Said
from benchmarks.releases.kinds import STRATEGIES
from benchmarks.releases.report import text
from benchmarks.releases.results import Results

if TYPE_CHECKING:
    from pathlib import Path

CELL = Cell(
    kind="status-500",
    way="ROLLING",
    said=Said.REFUSED,
    right=True,
    to_detect=6.71,
    to_restore=12.1,
    requests=2500,
    failed=66,
    failed_before_shift=0,
    new_share=0.5,
    seconds=50.0,
    commit="abc",
    load=12.3,
    statuses={"500": 66},
    verdict_to_restored=13.0,
)
GOOD = replace(CELL, kind="good", said=Said.ACCEPTED, right=False, to_detect=None, to_restore=None, own=7.5)
MACHINE = {"processor": "a", "cores": "2"}


def kept(path: Path, *cells: Cell) -> Results:
    results = Results(path)
    results.begin(MACHINE)
    for each in cells:
        results.add(each)
    return results


def test_cells_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cells.json"
    other = replace(CELL, way="aws", said=Said.NOTHING, to_detect=None, right=False)
    kept(path, CELL, other, replace(CELL, failed=1))
    again = Results(path)
    assert again.cells == {("status-500", "ROLLING", 0): replace(CELL, failed=1), ("status-500", "aws", 0): other}
    again.begin(MACHINE)
    assert [each.name for each in path.parent.iterdir()] == ["cells.json"]


def test_cells_of_two_machines_make_no_table(tmp_path: Path) -> None:
    kept(tmp_path / "cells.json", CELL)
    with pytest.raises(BenchmarkError, match="another machine"):
        Results(tmp_path / "cells.json").begin({**MACHINE, "cores": "64"})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"machine": {}}', '{"machine": {}, "cells": [{"kind": "x"}]}'])
def test_a_file_that_holds_no_cells_is_left_alone(tmp_path: Path, content: str, capsys) -> None:
    path = tmp_path / "cells.json"
    path.write_text(content)
    assert main(["--print", "--results", str(path)]) == 1
    assert "does not hold the cells" in capsys.readouterr().err
    assert path.read_text() == content


def test_the_table_shows_what_was_run_and_sums_it_up(tmp_path: Path, capsys) -> None:
    path = tmp_path / "cells.json"
    kept(path, CELL, GOOD)
    assert main(["--print", "--results", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "| answers 500 | ROLLING | refused | yes | 6.7 s | 12.1 s | 13.0 s | 66 of 2500 | 0 |  | 12 |" in printed
    assert "| good | ROLLING | accepted | **no** |  |  | 13.0 s | 66 of 2500 | 0 | 7.5 s | 12 |" in printed
    assert (
        "ROLLING: 1 of 2 told right, 132 user requests failed; own time of good releases 7.5 to 7.5 s; commit abc"
        in printed
    )
    assert "processor a; cores 2" in printed
    assert "CANARY" not in printed


def test_without_cells_there_is_a_table_without_rows() -> None:
    assert "| release |" in text({}, {}, STRATEGIES)


@pytest.mark.parametrize(("option", "file"), [("--in-a-row", "in-a-row"), ("--among-faults", "among-faults")])
def test_a_series_is_summed_up_and_shows_what_was_told_wrong(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch, option: str, file: str
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    right = replace(GOOD, right=True, failed=0)
    stuck = replace(CELL, number=3, said=Said.NOTHING, right=False, killed=True)
    kept(tmp_path / f"{file}.json", replace(right, number=1), replace(right, number=2), stuck)
    assert main(["--print", option, "3"]) == 0
    printed = capsys.readouterr().out
    assert "3 releases, 1 of them with a killed controller: 2 told right, 1 stuck, 66 of 7500 " in printed
    assert "(99.120% served)" in printed
    assert printed.count("| ROLLING |") == 1
    assert "| no word | **no** |" in printed


@pytest.mark.parametrize(
    "words",
    [
        ["--kinds", "x"],
        ["--ways", "x"],
        ["--extra", "[]"],
        ["--extra", "x"],
        ["--in-a-row", "0"],
        ["--among-faults", "-1"],
        ["--among-faults", "x"],
        ["--in-a-row", "1", "--among-faults", "1"],
    ],
)
def test_what_there_is_not_is_refused(words: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "error" in capsys.readouterr().err
