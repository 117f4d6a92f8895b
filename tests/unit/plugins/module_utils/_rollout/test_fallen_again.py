# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judging, where several runs left records of one version, or the service has long been somewhere else."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import deploy, document, newest
from tests.unit.plugins.module_utils._rollout.killed import Killed, kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by
from tests.unit.plugins.module_utils._rollout.test_fallen import CANARY, NEXT, judge, leave, wait_for
from tests.unit.plugins.module_utils._rollout.test_notices import Told, telling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

ROLLING = by("ROLLING")
CHANGED = document(FASTBREAK_LOG_LEVEL="debug")


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


@pytest.fixture(autouse=True)
def released(world: ShiftingWorld, ports: Ports) -> None:
    """1.0.0 is accepted, and 1.1.0 is there."""
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **CANARY)
    world.push("1.1.0", "b")


def kill_before_ecs(world: ShiftingWorld, ports: Ports, **options: Any) -> None:
    """A run of 1.1.0 is killed when it has its record, and nothing else."""

    def die(*_args: Any, **_kwargs: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world, "update_service", die)
        with pytest.raises(Killed):
            deploy(ports, "1.1.0", owner="killed@here:8:bbbb", **options)


def outcomes(world: ShiftingWorld) -> list[str]:
    """How the releases ended, the newest first."""
    return [release.outcome.value for release in world.history("inference")]


def test_the_attempt_under_way_is_judged_though_ecs_ended_one_before(world: ShiftingWorld, ports: Ports) -> None:
    leave(world, ports, "paused")
    wait_for(world, DeploymentState.ROLLED_BACK)
    deploy(ports, "1.1.0", wait_until="paused", owner=NEXT, **CANARY)
    assert outcomes(world)[:2] == ["IN_PROGRESS", "IN_PROGRESS"]
    assert judge(ports).result.value == "accepted"
    assert outcomes(world)[:2] == ["SUCCEEDED", "ROLLED_BACK"]


def test_the_attempt_under_way_is_judged_though_one_before_was_killed_before_ecs_began(
    world: ShiftingWorld, ports: Ports
) -> None:
    kill_before_ecs(world, ports, **CANARY)
    deploy(ports, "1.1.0", wait_until="paused", owner=NEXT, **CANARY)
    assert judge(ports).result.value == "accepted"
    assert outcomes(world)[:2] == ["SUCCEEDED", "FAILED"]


def test_the_attempt_under_way_is_judged_though_one_after_it_was_killed_before_ecs_began(
    world: ShiftingWorld, ports: Ports
) -> None:
    world.push("1.1.0", "b", ready_after=60.0)
    kill_after(world, ports, 12, version="1.1.0", **ROLLING)
    kill_before_ecs(world, ports, **{**ROLLING, "document": CHANGED})
    assert deploy(ports, "1.1.0", judge_only=True, owner=NEXT, **ROLLING).result.value == "accepted"
    assert outcomes(world)[:2] == ["FAILED", "SUCCEEDED"]


def test_of_two_that_ecs_ended_the_newest_is_closed_and_with_it_the_other(world: ShiftingWorld, ports: Ports) -> None:
    for _attempt in range(2):
        leave(world, ports, "paused")
        wait_for(world, DeploymentState.ROLLED_BACK)
    with pytest.raises(RolledBackError):
        judge(ports)
    assert outcomes(world) == ["ROLLED_BACK", "ROLLED_BACK", "SUCCEEDED"]


@pytest.mark.parametrize("attempts", [pair for size in (1, 2) for pair in product(("fell", "killed"), repeat=size)])
def test_judging_once_closes_all_that_runs_left(world: ShiftingWorld, ports: Ports, attempts: tuple[str, ...]) -> None:
    for attempt in attempts:
        if attempt == "fell":
            leave(world, ports, "paused")
            wait_for(world, DeploymentState.ROLLED_BACK)
        else:
            kill_before_ecs(world, ports, **CANARY)
    told = Told()
    with pytest.raises(OperationError) as raised:
        judge(telling(ports, told))
    assert isinstance(raised.value, RolledBackError) is ("fell" in attempts)
    names = {"fell": "ROLLED_BACK", "killed": "FAILED"}
    assert outcomes(world) == [*(names[attempt] for attempt in reversed(attempts)), "SUCCEEDED"]
    assert len({notice.release_id for notice in told.notices}) == len(attempts)
    with pytest.raises(RefusedError, match="no release of it is under way"):
        judge(ports)


def test_one_killed_before_ecs_began_it_is_closed_though_the_same_runs_already(
    world: ShiftingWorld, ports: Ports
) -> None:
    told = Told()
    deploy(ports, "1.1.0", **CANARY)
    kill_before_ecs(world, ports, force_new_deployment=True, **CANARY)
    with pytest.raises(OperationError, match="interrupted before ECS began a deployment of it"):
        judge(telling(ports, told))
    assert told.states == ["failed"]
    assert outcomes(world)[:2] == ["FAILED", "SUCCEEDED"]
    assert not judge(ports).changed


@pytest.mark.parametrize("state", [DeploymentState.ROLLED_BACK, DeploymentState.STOPPED])
@pytest.mark.parametrize("reverted", [True, False])
def test_one_that_fell_goes_back_to_what_ran_before_it_whatever_the_inventory_says_now(
    world: ShiftingWorld, ports: Ports, state: DeploymentState, *, reverted: bool
) -> None:
    deploy(ports, "1.1.0", **CANARY)
    assert world.service
    accepted = world.service.task_definition_arn
    deploy(ports, "1.1.0", wait_until="paused", **{**CANARY, "document": CHANGED})
    if state is DeploymentState.ROLLED_BACK:
        wait_for(world, state)
    world.deployments[-1].state = state
    world.calls.clear()
    with pytest.raises(RolledBackError, match=r"back on 1\.1\.0"):
        judge(ports, **({} if reverted else {"document": CHANGED}))
    assert world.service.task_definition_arn == accepted
    deploys = any(call.startswith("update_service") for call in world.calls)
    assert deploys is (state is DeploymentState.STOPPED)
    assert newest(world).outcome.value == "ROLLED_BACK"


@pytest.mark.parametrize(
    ("state", "expected"),
    [(DeploymentState.ROLLBACK_FAILED, "rollback_failed"), (DeploymentState.SUCCESSFUL, "failed")],
)
def test_whoever_deploys_next_tells_how_it_ended(
    world: ShiftingWorld, ports: Ports, state: DeploymentState, expected: str
) -> None:
    leave(world, ports, "paused")
    world.deployments[-1].state = state
    world.push("1.2.0", "c")
    told = Told()
    deploy(telling(ports, told), "1.2.0", owner=NEXT, **ROLLING)
    assert [notice.state.value for notice in told.notices if notice.version.startswith("1.1.0")] == [expected]


def test_what_could_not_be_put_back_is_told_as_no_rollback(world: ShiftingWorld, ports: Ports) -> None:
    """ECS refuses the change, and the load balancer does not answer any more."""

    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        world.list_rules = refuse  # type: ignore[method-assign]
        raise OperationError("no.")

    told = Told()
    world.update_service = refuse  # type: ignore[method-assign]
    with pytest.raises(OperationError, match="Could not be restored: the listener rules") as failed:
        deploy(telling(ports, told), "1.1.0", **CANARY)
    assert failed.value.details["result"] == "rollback_failed"
    assert told.states == ["begun", "rollback_failed"]
