"""One sandbox for the session, with both accounts; repositories and a release table of its own for each test."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import state
from tests.integration.promotion.accounts import Accounts
from tests.registries.faulty import FaultyRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _command(verb: str, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", verb, f"--name={name}"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def sandbox_state() -> Iterator[Any]:
    """The state of a sandbox of the tests' own. ``PROMOTION_SANDBOX`` names one that is up already and stays so."""
    given = os.environ.get("PROMOTION_SANDBOX")
    name = given or f"promote-{uuid.uuid4().hex[:8]}"
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
def accounts(sandbox_state: Any, tmp_path: Path) -> Accounts:
    """A repository in each account, and a release table in prod's."""
    return Accounts(sandbox_state, tmp_path)


@pytest.fixture
def source() -> Iterator[FaultyRegistry]:
    """A registry of another kind than ECR."""
    with FaultyRegistry() as registry:
        yield registry


@pytest.fixture
def destination() -> Iterator[FaultyRegistry]:
    """Another one."""
    with FaultyRegistry() as registry:
        yield registry
