# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cells so far, in a file: a run that ends early is taken up by the next."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.releases.figures import Cell, Said


class Results:
    """The file's cells, by kind, way and number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.machine: dict[str, str] = {}
        self.cells: dict[tuple[str, str, int], Cell] = {}
        if path.exists():
            self._read()

    @property
    def folder(self) -> Path:
        """Where the file lies, and logs beside it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._path.parent

    def _read(self) -> None:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self.machine = dict(found["machine"])
            cells = [Cell(**{**item, "said": Said(item["said"])}) for item in found["cells"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BenchmarkError(
                f"{self._path} does not hold the cells of an earlier run ({error}). Move it away, or name another with "
                "--results."
            ) from error
        self.cells = {cell.key: cell for cell in cells}

    def begin(self, machine: Mapping[str, str]) -> None:
        """Note the machine. Raises BenchmarkError where the cells so far were measured on another."""
        if self.cells and self.machine != dict(machine):
            raise BenchmarkError(
                f"The cells of {self._path} were measured on another machine or with other programs: {self.machine}. "
                "Name another file with --results."
            )
        self.machine = dict(machine)

    def add(self, cell: Cell) -> None:
        """Keep a cell, in the file too: whole or not at all."""
        self.cells[cell.key] = cell
        data: dict[str, Any] = {"machine": self.machine, "cells": [asdict(each) for each in self.cells.values()]}
        part = self.folder.joinpath(f"{self._path.name}.part")
        part.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        part.replace(self._path)
