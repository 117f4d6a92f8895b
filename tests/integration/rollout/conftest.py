"""One sandbox for the session, and one platform for each test that needs a fresh service."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import state
from tests.integration.rollout.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_SCALE = "5"
"""AWS's own waits pass five times as fast; containers and gates take the time they take."""


def _command(verb: str, name: str) -> None:
    given = {"SANDBOX_TIME_SCALE": TIME_SCALE}
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", verb, f"--name={name}"],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="session")
def sandbox_state() -> Iterator[Any]:
    """The state of a sandbox of the tests' own. ``ROLLOUT_SANDBOX`` names one that is up already and stays so."""
    given = os.environ.get("ROLLOUT_SANDBOX")
    name = given or f"roll-{uuid.uuid4().hex[:8]}"
    if not given:
        _command("up", name)
    try:
        known = state.read_state(state.home_of(name))
        assert known is not None
        yield known
    finally:
        if not given:
            _command("down", name)


@pytest.fixture
def platform(sandbox_state: Any) -> Iterator[Platform]:
    """A platform of the test's own."""
    made = Platform(sandbox_state)
    yield made
    made.remove()
