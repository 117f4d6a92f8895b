# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was measured so far, in a file: a run that ends early is taken up by the next."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.delivery.ways import Step
from benchmarks.errors import BenchmarkError


@dataclass(frozen=True)
class Cell:
    """A test that passed: the steps that ran in it, the machine's load when it ended, and the clone's commit."""

    steps: tuple[Step, ...]
    load: float
    commit: str


class Results:
    """The file's cells, by the names of their tests."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.machine: dict[str, str] = {}
        self.cells: dict[str, Cell] = {}
        if path.exists():
            self._read()

    def _read(self) -> None:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self.machine = dict(found["machine"])
            self.cells = {
                name: Cell(
                    tuple(Step(**step) for step in cell["steps"]),
                    float(cell["load"]),
                    str(cell.get("commit", "unknown")),
                )
                for name, cell in found["cells"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BenchmarkError(
                f"{self._path} does not hold what an earlier run measured ({error}). Move it away, or name another "
                "with --results."
            ) from error

    def begin(self, machine: Mapping[str, str]) -> None:
        """Note the machine. Raises BenchmarkError where the cells so far were measured on another."""
        if self.cells and self.machine != dict(machine):
            raise BenchmarkError(
                f"The cells of {self._path} were measured on another machine, with other programs or at another pace: "
                f"{self.machine}. Name another file with --results."
            )
        self.machine = dict(machine)
        self._write()

    def add(self, name: str, cell: Cell) -> None:
        """Keep a cell, in the file too: whole or not at all."""
        self.cells[name] = cell
        self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        cells = {name: asdict(cell) for name, cell in self.cells.items()}
        data: dict[str, Any] = {"machine": self.machine, "cells": cells}
        part = self._path.with_name(f"{self._path.name}.part")
        part.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        part.replace(self._path)
