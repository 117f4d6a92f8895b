# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users are let in when every task is healthy, and ECS goes on when every gate is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    SupersededError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.traffic import Traffic
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetObservation
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.decision import Decision, Step
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.observation import Look
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.steering import Steering
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Phase, Stage
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling

from tests.unit.plugins.module_utils._rollout.case import make_request, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

WHOLE = Look(targets=TargetObservation(desired=2, healthy=2, running=2))


class Rules(Traffic):
    """Listener rules whose change ends as it is told to."""

    error: Exception | None = None
    opened = 0

    def open(self) -> None:
        if self.error:
            raise self.error
        self.opened += 1
        self.moved = True


@pytest.fixture
def steering(world: World, ports: Ports) -> tuple[Steering, Rules]:
    released(world, ports)
    session = Session(make_request("1.0.0", poll_seconds=5.0), ports)
    rules = Rules(session, read(session))
    rules.moved = False
    return Steering(session, Rolling().adopt(session, world.service.task_definition_arn), rules), rules


@pytest.mark.parametrize(
    ("since", "pause"), [(0, 0.1), (0.4, 0.1), (0.5, 0.125), (1, 0.25), (2, 0.5), (2.4, 0.6), (3, 0.625), (600, 0.625)]
)
def test_ecs_is_asked_after_a_quarter_of_the_time_that_it_is_at_a_stage(
    world: World, steering: tuple[Steering, Rules], since: float, pause: float
) -> None:
    asks, _ = steering
    assert asks.until_asked(WHOLE) == 5.0 / 8
    asks.moved_on()
    world.sleep(since)
    assert asks.until_asked(WHOLE) == pytest.approx(pause)


@pytest.mark.parametrize(
    "look", [Look(), replace(WHOLE, problem="away"), Look(targets=TargetObservation(desired=2, healthy=1, running=2))]
)
def test_users_are_let_in_once_when_every_task_is_healthy(steering: tuple[Steering, Rules], look: Look) -> None:
    steer, rules = steering
    assert steer.open_traffic(look) == look
    assert not rules.opened
    assert steer.open_traffic(WHOLE) == WHOLE
    steer.open_traffic(WHOLE)
    assert rules.opened == 1


def test_what_cannot_be_told_is_in_the_look(steering: tuple[Steering, Rules]) -> None:
    steer, rules = steering
    rules.error = UnavailableError("no answer")
    assert steer.open_traffic(WHOLE).problem == "no answer"
    assert steer.go_on(Decision(Step.GO_ON), WHOLE, None, ()).problem == "no answer"
    rules.error = OperationError("AccessDenied")
    assert "could not be written: AccessDenied" in steer.open_traffic(WHOLE).lost
    rules.error = SupersededError("taken over")
    with pytest.raises(SupersededError):
        steer.open_traffic(WHOLE)


def test_users_need_a_moment_to_reach_it_and_a_test_listener_none(
    steering: tuple[Steering, Rules], world: World
) -> None:
    steer, _rules = steering
    assert not steer.reachable(WHOLE, None)
    assert steer.reachable(WHOLE, Phase(Stage.BEFORE_TRAFFIC, 0.0))
    steer.open_traffic(WHOLE)
    assert not steer.reachable(WHOLE, None)
    world.sleep(3)
    assert steer.reachable(WHOLE, None)
