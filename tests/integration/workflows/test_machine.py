# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job's container has what the job is given, and nothing of it outlives the job."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.workflows.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path


def properties(other: Path, kept: Path) -> str:
    """Fails where the job has more than it is given. In an `&&` list `bash -e` would let a test fail."""
    return f"""
        if test -e {other}; then echo "it has what it is not given"; exit 9; fi
        if test -S /var/run/docker.sock; then echo "it has the engine"; exit 9; fi
        if touch {kept}/file 2>/dev/null; then echo "it writes to what it only reads"; exit 9; fi
    """


def test_a_job_has_what_it_is_given_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, other, kept = (tmp_path / name for name in ("given", "other", "kept"))
    for folder in (given, other, kept):
        folder.mkdir()
    monkeypatch.setenv("AWS_PROFILE", "of-this-machine")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    script = f"""
        sleep 1000 </dev/null >/dev/null 2>&1 &
        {properties(other, kept)}
        echo "$0|$GIVEN|${{AWS_PROFILE:-}}|$https_proxy" | tee file; false | true; exit 3
    """
    with Machine({given}, {kept}) as machine:
        code, said = machine.run(script, given, {"GIVEN": "two words"}, 60)
    assert (code, said) == (1, "bash|two words||http://127.0.0.1:9\n")
    assert (given / "file").read_text(encoding="utf-8") == said
    assert list(kept.iterdir()) == []
    left = subprocess.run(["docker", "ps", "-aq", f"--filter=name={machine.name}"], capture_output=True, check=True)
    assert left.stdout == b""


@pytest.mark.parametrize(
    ("more", "engine", "seen"),
    [
        ("other", False, "it has what it is not given"),
        ("", True, "it has the engine"),
        ("kept", False, "it writes to what it only reads"),
    ],
)
def test_a_job_that_had_more_would_be_noticed(more: str, engine: bool, seen: str, tmp_path: Path) -> None:
    given, other, kept = (tmp_path / name for name in ("given", "other", "kept"))
    for folder in (given, other, kept):
        folder.mkdir()
    with Machine({given, *([tmp_path / more] if more else [])}, engine=engine) as machine:
        assert machine.run(properties(other, kept), given, {}, 60) == (9, f"{seen}\n")
