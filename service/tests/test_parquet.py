# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Angles as Parquet hold what the table of text holds."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from fastbreak_service import cli
from fastbreak_service.analysis import MeasureRow
from fastbreak_service.reporting import parquet, tables

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    MeasureRow(person, frame, round(frame / 30, 6), angle, round(17.125 * person - frame, 3), 0.8125)
    for frame in range(5)
    for person in (1, 12)
    for angle in ("left_knee_flexion", "trunk_lean")
]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
def test_every_row_of_the_text_is_there_by_its_type(tmp_path: Path, rows: list[MeasureRow]) -> None:
    path = tmp_path / "angles.parquet"
    parquet.write(path, rows)
    found = pq.read_table(path)
    assert found.column_names == list(tables.ANGLES)
    assert [str(kind) for kind in found.schema.types] == ["int32", "int32", "double", "string", "double", "double"]
    text = list(csv.DictReader(io.StringIO(tables.angles(rows))))
    assert [{name: str(value) for name, value in row.items()} for row in found.to_pylist()] == text


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        parquet.write(tmp_path / name, ROWS)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_without_the_package_the_extra_is_named_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "x.mp4"
    clip.write_bytes(b"x")
    monkeypatch.setattr(parquet, "find_spec", lambda _name: None)
    assert cli.main(["analyze", str(clip), "--out", str(tmp_path / "report"), "--parquet"]) == 2
    said = capsys.readouterr()
    assert "./service[parquet]" in said.err
    assert said.out == ""
    assert not (tmp_path / "report").exists()
