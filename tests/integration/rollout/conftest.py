# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""One sandbox for the session, and one platform for each test that needs a fresh service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import recorded_calls
from tests.integration.rollout.platform import Platform
from tests.integration.sandboxes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_SCALE = "5"
"""AWS's own waits pass five times as fast; containers and gates take the time they take."""


@pytest.fixture(scope="session")
def sandbox_state() -> Iterator[Any]:
    """The state of a sandbox of the tests' own. ``ROLLOUT_SANDBOX`` names one that is up already and stays so."""
    with running("rollout", AUTH="true", SANDBOX_TIME_SCALE=TIME_SCALE) as known:
        yield known
        recorded_calls.hold(known.endpoint_url, counts=is_of_the_role)


def is_of_the_role(call: recorded_calls.Call) -> bool:
    """Whether a call is the deployer's, and not one that `Platform` lets it make besides."""
    return call.principal == "deployer" and not call.action.startswith("secretsmanager:")


@pytest.fixture
def platform(sandbox_state: Any) -> Iterator[Platform]:
    """A platform of the test's own."""
    made = Platform(sandbox_state)
    yield made
    made.remove()
