# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until a service has arrived where a failed release goes back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.arrival import (
    Arrival,
    UnfinishedError,
    await_arrival,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.destination import WayBack
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.meanwhile import Meanwhile
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.restore import Restoration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.undo.take_snapshot import take_snapshot

from tests.unit.plugins.module_utils._rollout.case import make_request, released
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def session(world: World, ports: Ports) -> Session:
    released(world, ports)
    return Session(make_request("1.0.0"), ports)


@pytest.fixture
def back(world: World, session: Session) -> WayBack:
    return WayBack(world.service.task_definition_arn, "1.0.0")


@pytest.fixture
def meanwhile(session: Session) -> Meanwhile:
    return Meanwhile(session, Restoration(session, take_snapshot(session, read(session))), (GROUP_ARN,))


def test_arrived_when_every_desired_task_is_healthy(session: Session, back: WayBack, meanwhile: Meanwhile) -> None:
    assert await_arrival(session, back, 60, (GROUP_ARN,), meanwhile) == Arrival(back.task_definition_arn, True, 2)


def test_another_revision_ends_the_wait(session: Session, back: WayBack, meanwhile: Meanwhile) -> None:
    assert await_arrival(session, WayBack("another", "9"), 60, (GROUP_ARN,), meanwhile) == Arrival(
        back.task_definition_arn
    )


def test_tasks_of_another_revision_are_waited_for(
    world: World, session: Session, back: WayBack, meanwhile: Meanwhile
) -> None:
    other = world.register_task_definition(world.definitions[back.task_definition_arn].document, {})
    world.tasks[0].definition_arn = other.arn
    with pytest.raises(UnfinishedError, match=r"The rollback to 1\.0\.0 had not ended") as caught:
        await_arrival(session, back, 10, (GROUP_ARN,), meanwhile)
    assert caught.value.details["last"] == {"going_to": back.task_definition_arn, "seen": back.task_definition_arn}


@pytest.mark.parametrize("method", ["describe_service", "list_tasks", "describe_targets"])
def test_look_that_fails_is_made_again(
    world: World, session: Session, back: WayBack, meanwhile: Meanwhile, method: str
) -> None:
    real, failures = getattr(world, method), [1, 2]

    def fail_twice(*arguments: str) -> object:
        if failures:
            failures.pop()
            raise UnavailableError("the network is down")
        return real(*arguments)

    setattr(world, method, fail_twice)
    assert await_arrival(session, back, 60, (GROUP_ARN,), meanwhile).healthy
    assert [line for line in world.lines if "could not look, trying again: the network is down" in line]
