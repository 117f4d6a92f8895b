# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the service deployment that a change began."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    UnavailableError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def session(world: World, ports: Ports) -> Session:
    released(world, ports)
    return Session(make_request("1.0.0"), ports)


def force(session: Session) -> ServiceChange:
    return ServiceChange(session.request.settings, (), force=True)


def test_started_deployment_is_waited_for(world: World, session: Session) -> None:
    running = world.service.task_definition_arn
    shown = world.list_service_deployments
    late = world.seconds + 5
    world.list_service_deployments = lambda *names: shown(*names) if world.seconds >= late else shown(*names)[-1:]
    started = Rolling().update(session, force(session), running)
    assert started.arn == world.deployments[-1].arn
    assert late <= world.seconds < late + 1


def test_deployment_that_never_appears_is_a_timeout_that_says_what_was_known(world: World, session: Session) -> None:
    running = world.service.task_definition_arn
    before = world.list_service_deployments("c", "s")
    world.list_service_deployments = lambda *names: before
    began = world.seconds
    with pytest.raises(WaitTimeoutError, match="listed no service deployment for") as caught:
        Rolling().update(session, force(session), running)
    assert world.seconds == began + 60
    assert caught.value.details["last"] == {"known": [before[0].arn]}


@pytest.mark.parametrize(("status", "told"), [("", "was deleted"), ("DRAINING", "is DRAINING")])
def test_service_that_goes_away_before_its_deployment_is_listed_is_said_at_once(
    world: World, session: Session, status: str, told: str
) -> None:
    running = world.service.task_definition_arn
    began, update = world.seconds, world.update_service

    def update_and_delete(*arguments: Any) -> None:
        update(*arguments)
        world.deployments.pop()
        world.service = replace(world.service, status=status) if status else None

    world.update_service = update_and_delete
    with pytest.raises(OperationError, match=f"but the service {told} before its deployment was listed") as caught:
        Rolling().update(session, force(session), running)
    assert not isinstance(caught.value, WaitTimeoutError)
    assert world.seconds == began


@pytest.mark.parametrize("look", ["describe_service", "list_service_deployments", "revision_task_definition"])
@pytest.mark.parametrize("problem", [OperationError("these credentials may not"), UnavailableError("Throttling")])
@pytest.mark.parametrize("seconds", [5.0, 1000.0])
def test_look_that_is_denied_for_a_while_is_taken_again_and_to_the_end_is_no_refused_change(
    world: World, session: Session, look: str, problem: FastbreakError, seconds: float
) -> None:
    running, update, looks = world.service.task_definition_arn, world.update_service, getattr(world, look)
    late = world.seconds + seconds

    def denied(*arguments: Any) -> Any:
        if world.seconds < late:
            raise problem
        return looks(*arguments)

    def update_and_deny(*arguments: Any) -> Any:
        changed = update(*arguments)
        setattr(world, look, denied)
        return changed

    world.update_service = update_and_deny
    if seconds < 60:
        assert Rolling().update(session, force(session), running).arn == world.deployments[-1].arn
        return
    with pytest.raises(UnavailableError, match=problem.message):
        Rolling().update(session, force(session), running)
