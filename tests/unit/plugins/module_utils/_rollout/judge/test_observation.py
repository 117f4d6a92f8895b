# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at a release: what a look keeps of the look before, and what it does not count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.observation import Look, Observer
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import written
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, released
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.shifting import TEST_LISTENER_ARN, ShiftingWorld, by

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World


@pytest.fixture
def session(world: World, ports: Ports) -> Session:
    released(world, ports)
    return Session(make_request("1.0.0"), ports)


@pytest.fixture
def observer(world: World, session: Session) -> Observer:
    return Observer(session, Rolling().adopt(session, world.service.task_definition_arn))


def test_look_sees_the_deployment_and_its_targets(world: World, observer: Observer) -> None:
    look = observer.look(Look())
    assert (look.state, look.settled_at, look.problem) == (DeploymentState.SUCCESSFUL, world.seconds, "")
    assert (look.targets.desired, look.targets.healthy) == (2, 2)
    settled = look.settled_at
    world.sleep(5)
    assert observer.look(look).settled_at == settled


@pytest.mark.parametrize(
    "method", ["describe_service", "describe_service_deployment", "list_tasks", "describe_targets"]
)
def test_look_that_is_refused_keeps_what_was_seen(world: World, observer: Observer, method: str) -> None:
    def refuse(*_: object) -> None:
        raise OperationError(f"{method} is denied")

    before = observer.look(Look())
    setattr(world, method, refuse)
    assert observer.look(before) == replace(before, problem=f"{method} is denied")


def test_service_that_was_deleted_meanwhile_is_said(world: World, observer: Observer) -> None:
    before = observer.look(Look())
    world.delete_service("c", "s")
    look = observer.look(before)
    assert look.superseded
    assert look.reason == look.problem == "the service was deleted while the release was under way"


def test_deployment_that_another_one_replaced_is_superseded(world: World, observer: Observer) -> None:
    before = observer.look(Look())
    world._deploy(world.service.task_definition_arn)
    look = observer.look(before)
    assert look.superseded
    assert look.reason == f"service deployment {world.deployments[-1].arn} (IN_PROGRESS) replaced it"


@pytest.mark.parametrize("known", [True, False])
def test_tasks_that_had_stopped_before_an_unknown_deployment_was_watched_do_not_count(
    world: World, session: Session, known: bool
) -> None:
    started = Rolling().adopt(session, world.service.task_definition_arn)
    observer = Observer(session, started if known else replace(started, arn=""))
    world._fail(world.tasks[0], None, "EssentialContainerExited", "it ended", 1)
    look = observer.look(Look())
    assert len(look.targets.failures) == known
    world._fail(world.tasks[1], None, "EssentialContainerExited", "it ended", 1)
    assert len(observer.look(look).targets.failures) == 1 + known


def test_request_can_reach_a_release_with_a_healthy_target_or_a_completed_deployment(world: World) -> None:
    look = Look()
    assert not look.reachable
    assert replace(look, settled_at=0.0).reachable
    assert replace(look, targets=replace(look.targets, healthy=1)).reachable


@pytest.mark.parametrize("place", [(LISTENER_ARN, 100), (TEST_LISTENER_ARN, 100)])
@pytest.mark.parametrize("seconds", [20, 100])
def test_conditions_that_somebody_changes_while_ecs_shifts_are_told_and_put_back(
    place: tuple[str, int], seconds: int
) -> None:
    world = ShiftingWorld()
    shifting = by("CANARY", canary_percent=10, canary_bake_minutes=1, bake_minutes=1)
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    released(world, ports, **shifting)
    before = world.rules[place].summary().path_patterns
    world.push("1.1.0", "b")
    gates = (TargetHealthGate(consecutive_successes=2, bake_seconds=5, deadline_seconds=60),)

    def meddle() -> None:
        rule = world.rules[place]
        typo = replace(rule.summary(), path_patterns=frozenset({"/typo"}))
        world.rules[place] = replace(written(typo, tags=dict(rule.tags), arn=rule.arn), actions=rule.actions)

    world.at.append((world.seconds + seconds, meddle))
    with pytest.raises(OperationError, match=r"was changed by somebody else: its conditions are others") as raised:
        deploy(ports, "1.1.0", **{**shifting, "gates": gates})
    assert raised.value.details["result"] == "rolled_back"
    assert world.rules[place].summary().path_patterns == before
