# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""One sandbox for the session, with both accounts; repositories and a release table of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.promotion.accounts import Accounts
from tests.integration.sandboxes import running
from tests.registries.faulty import FaultyRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def sandbox_state() -> Iterator[Any]:
    """The state of a sandbox of the tests' own. ``PROMOTION_SANDBOX`` names one that is up already and stays so."""
    with running("promotion", AUTH="true") as known:
        yield known


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
