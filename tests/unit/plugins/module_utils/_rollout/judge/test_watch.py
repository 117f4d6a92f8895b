# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases that are watched until they are accepted or refused."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
    SupersededError,
    UnavailableError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.act.traffic import Traffic
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.watch import Watch
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.plan.read import read
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling

from tests.unit.plugins.module_utils._rollout.case import deploy, gates, make_request, newest, released

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.decision import Decision
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_version_that_dies_after_it_was_healthy_is_seen(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", exits_after=20.0)
    gates = tuple(replace(gate, bake_seconds=40, deadline_seconds=90) for gate in make_request("x").gates)
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0", gates=gates)
    assert "gate target_health is UNHEALTHY" in caught.value.message
    assert "exit code 1" in caught.value.message
    assert "it broke here" in caught.value.message
    assert 18 <= caught.value.details["timings"]["to_detect_seconds"] <= 26
    evidence = caught.value.details["evidence"]
    assert evidence[0]["log_lines"] == ["starting", "it broke here"]
    assert all(": " in target for target in evidence[-1]["targets"])
    assert evidence[-1] in newest(world).evidence


def test_version_that_never_becomes_ready_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=None)
    with pytest.raises(RolledBackError, match="Task failed ELB health checks"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_tasks_that_cannot_start_are_judged_before_or_with_the_circuit_breaker(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", cannot_start=True)
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0")
    assert "ResourceInitializationError" in caught.value.message


def test_circuit_breaker_of_ecs_is_reported_as_what_it_is(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", cannot_start=True)
    gates = (TargetHealthGate(maximum_start_failures=50, maximum_task_failures=50),)
    with pytest.raises(RolledBackError, match="ECS ended the deployment by itself: the circuit breaker"):
        deploy(ports, "1.1.0", gates=gates)
    assert "stop_service_deployment" not in world.calls


def test_too_few_answers_never_pass(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    gates = tuple(replace(gate, interval_seconds=30.0) for gate in make_request("x").gates[1:])
    with pytest.raises(RolledBackError, match="is INCONCLUSIVE"):
        deploy(ports, "1.1.0", gates=gates)
    assert newest(world).verdict == "INCONCLUSIVE"


def test_release_that_cannot_be_measured_is_an_error_and_not_unhealthy(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    real = world.request
    world.request = lambda *args, **named: replace(real(*args, **named), status=0, version="", unreachable=True)
    with pytest.raises(RolledBackError, match="gate ready is ERROR"):
        deploy(ports, "1.1.0")
    assert newest(world).verdict == "ERROR"


def test_deployment_that_does_not_complete_in_time_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10_000.0)
    with pytest.raises(RolledBackError, match="a deployment that completes within 60 s"):
        deploy(ports, "1.1.0", timeout_seconds=60.0)


def test_superseded_is_not_called_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=20.0)
    other = world.register_task_definition(world.definitions[world.service.task_definition_arn].document, {})

    def supersede() -> None:
        world.service = replace(world.service, task_definition_arn=other.arn)
        world._deploy(other.arn)

    world.at.append((world.seconds + 5, supersede))
    with pytest.raises(SupersededError, match="was superseded and was neither judged nor rolled back"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.SUPERSEDED


class JumpingClock:
    """The world's clock, until it jumps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jumped = 0.0

    def now(self) -> datetime:
        return self.world.now() + timedelta(seconds=self.jumped)

    def monotonic(self) -> float:
        return self.world.monotonic() + self.jumped

    def sleep(self, seconds: float) -> None:
        self.world.sleep(seconds)

    def every(self, seconds: float, work: Callable[[], None]) -> AbstractContextManager[None]:
        return self.world.every(seconds, work)


def test_record_keeps_the_very_measurements_of_the_decision_however_late_it_is_written(
    world: World, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    clock, decisions, run = JumpingClock(world), [], Watch.run

    def jump_after(watch: Watch) -> Decision:
        decisions.append(run(watch))
        clock.jumped = 900.0
        return decisions[0]

    def break_it() -> None:
        for task in world.tasks:
            task.behaviour = replace(task.behaviour, status=500)

    monkeypatch.setattr(Watch, "run", jump_after)
    world.at.append((world.seconds + 8, break_it))
    with pytest.raises(RolledBackError, match="gate ready is UNHEALTHY") as caught:
        deploy(replace(ports, clock=clock), "1.1.0")
    assert newest(world).gates == decisions[0].measurements
    recorded = {measured.gate: measured for measured in newest(world).gates}
    assert recorded["ready"].seen == decisions[0].seen
    assert decisions[0].seen in caught.value.message
    # Its tasks were healthy, but not for as long as they have to be: assessed again by now, it would pass.
    assert recorded["target_health"].verdict is Verdict.INCONCLUSIVE


def test_watch_that_is_never_decided_ends(world: World, ports: Ports) -> None:
    released(world, ports)
    session = Session(make_request("1.0.0", gates=(), timeout_seconds=60.0), ports)
    started = Rolling().adopt(session, world.service.task_definition_arn)
    with pytest.raises(WaitTimeoutError, match="could not be judged within 660 s, though its deployment is SUCCESSFUL"):
        Watch(session, started, "1.0.0", Traffic(session, read(session))).run()


def hold_up(world: World, name: str, seconds: float, error: Exception | None = None, *, since: float = 0.0) -> None:
    """Have each call of *name* take *seconds* once the world's time is *since*, and end with *error* if any."""
    call = getattr(world, name)

    def held_up(*args: Any, **named: Any) -> Any:
        if world.seconds < since:
            return call(*args, **named)
        world.sleep(seconds)
        if error:
            raise error
        return call(*args, **named)

    setattr(world, name, held_up)


AWAY = UnavailableError("could not be asked")


@pytest.mark.parametrize("seconds", [0.0, 5.0, 150.0])
def test_release_table_that_does_not_answer_makes_no_healthy_release_unfit(
    world: World, ports: Ports, seconds: float
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    hold_up(world, "write_lock", seconds, AWAY, since=world.seconds + 3)
    finish, world.finish = world.finish, lambda _release: None  # type: ignore[method-assign]
    with contextlib.suppress(OperationError):
        deploy(ports, "1.1.0", gates=gates(0.5))
    assert not {"stop_service_deployment", "finish(ROLLED_BACK)"} & {*world.calls}
    assert world.service.task_definition_arn.endswith(":2")
    said = " ".join(world.lines)
    assert "gate route is HEALTHY" in said
    assert "the lock could not be renewed, which is tried again" in said
    assert finish


@pytest.mark.parametrize("name", ["describe_targets", "list_tasks", "find_rules", "request"])
@pytest.mark.parametrize("after", [1.0, 4.0, 8.0])
def test_call_that_takes_minutes_leaves_the_gates_their_time(
    world: World, ports: Ports, name: str, after: float
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    call, due = getattr(world, name), world.seconds + after

    def once(*args: Any, **named: Any) -> Any:
        if world.seconds >= due:
            setattr(world, name, call)
            world.sleep(200)
        return call(*args, **named)

    setattr(world, name, once)
    assert deploy(ports, "1.1.0").changed
    assert newest(world).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("after", [1.0, 5.0, 8.0])
def test_deadlines_stand_still_while_ecs_cannot_be_asked(world: World, ports: Ports, after: float) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    describe = world.describe_service
    hold_up(world, "describe_service", 1.0, AWAY, since=world.seconds + after)
    world.at.append((world.seconds + 400, lambda: setattr(world, "describe_service", describe)))
    assert deploy(ports, "1.1.0", timeout_seconds=90.0).changed
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_ecs_that_is_never_back_ends_the_run_and_judges_nothing(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    hold_up(world, "describe_service", 1.0, AWAY, since=world.seconds + 5)
    with pytest.raises(WaitTimeoutError, match=r"could not be judged within \d+ s.*Nothing was rolled back"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
