# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox for a session of tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

from sandbox import state
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def running(purpose: str, **settings: str) -> Iterator[Any]:
    """The state of a sandbox, which ends with the context.

    ``<PURPOSE>_SANDBOX`` in the environment names a sandbox that is up already and stays so.
    """
    given = os.environ.get(f"{purpose.upper()}_SANDBOX")
    name = given or f"{purpose}-{uuid.uuid4().hex[:8]}"
    try:
        if not given:
            _command("up", name, settings)
        known = state.read_state(state.home_of(name))
        assert known is not None
        yield known
    finally:
        if not given:
            _command("down", name, settings)


def _command(verb: str, name: str, settings: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", verb, "--name", name],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
