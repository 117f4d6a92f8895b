# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest that keeps a test's steps once it has passed: `-p benchmarks.delivery.keeping`.

STEP_TIMES names the file that steps are noted in, DELIVERY_RESULTS that of the cells.
"""

import os
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.delivery.results import Cell, Results
from benchmarks.delivery.ways import noted
from tools.files import ROOT


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what was noted since the test before: also by the fixtures that this one was the first to need."""
    if report.when != "call":
        return
    steps = Path(os.environ["STEP_TIMES"])
    lines = steps.read_text(encoding="utf-8").splitlines() if steps.exists() else []
    steps.unlink(missing_ok=True)
    if report.passed:
        results = Results(Path(os.environ["DELIVERY_RESULTS"]))
        results.add(report.nodeid.rpartition("::")[2], Cell(noted(lines), machine.load(), machine.commit(ROOT)))
