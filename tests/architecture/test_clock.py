# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""One clock: only `_common/clock.py` asks the machine for the time, and whatever starts a task makes a clock of it."""

import ast
from pathlib import Path

import pytest

from tools.files import ROOT, project_files

CLOCK = Path("plugins/module_utils/_common/clock.py")
#: Where a task begins: in a module, and in an action plugin. All else is handed the clock.
MAKERS = {Path("plugins/module_utils/_aws/module.py"), Path("plugins/plugin_utils/_entry_action.py")}
ASKING = {"now", "today", "utcnow"}


def asks_the_machine(source: str) -> list[int]:
    """The lines that import `time`, or ask `datetime` or `date` what time it is."""
    return sorted(
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "time" and node.level == 0)
        or (
            isinstance(node, ast.Attribute)
            and node.attr in ASKING
            and ast.unparse(node.value).rpartition(".")[2] in {"datetime", "date"}
        )
    )


def makes_a_clock(source: str) -> list[int]:
    """The lines that name `SystemClock`, but for its import."""
    return sorted(
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id == "SystemClock"
    )


def sources() -> dict[Path, str]:
    return {path: (ROOT / path).read_text(encoding="utf-8") for path in project_files("plugins/*.py")}


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    assert {path for path, source in sources().items() if asks_the_machine(source)} == {CLOCK}


def test_a_clock_is_made_where_a_task_begins_and_nowhere_else() -> None:
    assert {path for path, source in sources().items() if makes_a_clock(source)} == MAKERS


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import time\n", [1]),
        ("def f():\n    from time import monotonic\n", [2]),
        ("import os, time as t\n", [1]),
        ("from datetime import UTC, datetime\nx = datetime.now(UTC)\n", [2]),
        ("import datetime\nx = datetime.datetime.utcnow\ny = datetime.date.today()\n", [2, 3]),
        ("x = clock.now()\ny = clock.monotonic()\n", []),
        ("from .time import x\n", []),
    ],
)
def test_the_check_sees(source: str, lines: list[int]) -> None:
    assert asks_the_machine(source) == lines


def test_the_check_for_clocks_sees() -> None:
    planted = "from .clock import SystemClock\nclass A:\n    clock: Clock = field(default_factory=SystemClock)\n"
    assert makes_a_clock(planted) == [3]
