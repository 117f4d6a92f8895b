# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sign of life of a worker apart."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.cli import main
from fastbreak_service.worker.pulse import Pulse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("silent", "said"), [(80, ""), (100, "the worker has been silent for 1")])
def test_a_worker_that_is_silent_for_too_long_is_not_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], silent: float, said: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Pulse().beat()
    (alive,) = tmp_path.iterdir()
    then = alive.stat().st_mtime - silent
    os.utime(alive, (then, then))
    assert main(["healthcheck", "--worker"]) == (1 if said else 0)
    assert said in capsys.readouterr().err


def test_a_worker_that_has_not_begun_or_has_ended_is_not_healthy(tmp_path: Path) -> None:
    pulse = Pulse(tmp_path)
    assert "has not begun" in pulse.problem(30)
    pulse.beat()
    assert pulse.problem(30) == ""
    pulse.stop()
    assert "has not begun" in pulse.problem(30)
