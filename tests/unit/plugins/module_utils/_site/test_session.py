# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a site, and the lines of a run."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
from ansible_collections.fastbreak.aws.plugins.module_utils._site.session import Session

from tests.unit.plugins.module_utils._site.fakes import World, request


def test_lines_tell_the_time_since_the_start() -> None:
    world = World()
    session = Session(request(), world.ports())
    session.sleep(7)
    session.say("sending")
    assert world.lines == ["site +7s: sending"]
    session.secure("nothing is locked")
    assert session.now() == "2026-01-02T03:04:12.000Z"


def test_the_lock_is_held_and_given_up_whatever_happens() -> None:
    world = World()
    session = Session(request(), world.ports())

    def work() -> None:
        with session.locked():
            session.secure("showing")
            assert world.lock == Lock("me@here:1:aaaa", "2026-01-02T03:04:05.000Z", 2)
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        work()
    assert world.lock is None


def test_a_lock_that_cannot_be_given_up_is_told() -> None:
    world = World()

    def refuse(service: str, owner: str) -> None:
        raise UnavailableError("DynamoDB did not answer.")

    world.drop_lock = refuse  # type: ignore[method-assign]
    with Session(request(), world.ports()).locked():
        pass
    assert "the next run takes it over by itself: DynamoDB did not answer." in world.lines[-1]
