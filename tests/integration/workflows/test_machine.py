# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job's container has what the job is given, and nothing of it outlives the job."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.integration.workflows.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_job_has_what_it_is_given_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, other, kept = (tmp_path / name for name in ("given", "other", "kept"))
    for folder in (given, other, kept):
        folder.mkdir()
    monkeypatch.setenv("AWS_PROFILE", "of-this-machine")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    script = f"""
        sleep 1000 </dev/null >/dev/null 2>&1 &
        test ! -e {other} && test ! -S /var/run/docker.sock && ! touch {kept}/file 2>/dev/null
        echo "$0|$GIVEN|${{AWS_PROFILE:-}}|$https_proxy" | tee file; false | true; exit 3
    """
    with Machine({given}, {kept}) as machine:
        code, said = machine.run(script, given, {"GIVEN": "two words"}, 60)
    assert (code, said) == (1, "bash|two words||http://127.0.0.1:9\n")
    assert (given / "file").read_text(encoding="utf-8") == said
    left = subprocess.run(["docker", "ps", "-aq", f"--filter=name={machine.name}"], capture_output=True, check=True)
    assert left.stdout == b""
