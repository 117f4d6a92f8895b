# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that waited for a run to judge it, and that ECS ended before one did: judging it closes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
    SupersededError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, scaling
from tests.unit.plugins.module_utils._rollout.killed import Killed, kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by
from tests.unit.plugins.module_utils._rollout.test_notices import Told, telling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import RolloutResult

    from tests.unit.plugins.module_utils._rollout.fakes import World

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1, pause_timeout_minutes=2)
HOLDING = tuple(
    replace(gate, on_inconclusive=AtDeadline.PAUSE, interval_seconds=30.0) if gate.kind == "http" else gate
    for gate in make_request("x").gates
)
NEXT = "next@here:9:cccc"


@pytest.fixture
def world() -> ShiftingWorld:
    made = ShiftingWorld()
    made.push("1.0.0", "a")
    deploy(Ports(*[made] * 13), "1.0.0", **CANARY)
    made.push("1.1.0", "b")
    return made


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def ports(world: ShiftingWorld, told: Told) -> Ports:
    return telling(Ports(*[world] * 13), told)


def judge(ports: Ports, **other: Any) -> RolloutResult:
    return deploy(ports, "1.1.0", judge_only=True, owner=NEXT, **{**CANARY, **other})


def wait_for(world: World, state: DeploymentState) -> None:
    for _ in range(500):
        if world.deployments[-1].state is state:
            return
        world.sleep(1)
    raise AssertionError(world.deployments[-1].state)


def leave(world: ShiftingWorld, ports: Ports, how: str, **other: Any) -> None:
    """A run leaves 1.1.0 in one way or the other."""
    options = {**CANARY, **other}
    if how == "held":
        with pytest.raises(OperationError, match="is held"):
            deploy(ports, "1.1.0", **{**options, "gates": HOLDING})
    elif how == "killed":
        kill_after(world, ports, 20, version="1.1.0", **options)
    else:
        deploy(ports, "1.1.0", wait_until=how, **options)
    world.calls.clear()


@pytest.mark.parametrize("state", [DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK])
@pytest.mark.parametrize("how", ["paused", "each_step", "held", "killed"])
def test_it_is_closed_told_and_undone_whole(
    world: ShiftingWorld, ports: Ports, told: Told, how: str, state: DeploymentState
) -> None:
    leave(world, ports, how, scaling=scaling(2, 9))
    wait_for(world, state)
    told.notices.clear()
    planned = judge(ports, check_mode=True)
    assert (planned.result.value, planned.action) == ("planned", "withdraw")
    assert world.calls == []
    with pytest.raises(RolledBackError, match=r"ECS ended the deployment while nobody judged it: a lifecycle hook"):
        judge(ports)
    assert told.states == ["refused", "rolled_back"]
    assert newest(world).outcome is Outcome.ROLLED_BACK
    assert newest(world).gates or how == "paused"
    assert world.deployments[-1].state is DeploymentState.ROLLED_BACK
    assert world.scaling is not None
    assert world.scaling.maximum == 6
    assert world.lock is None
    with pytest.raises(RefusedError, match="no release of it is under way"):
        judge(ports)


def test_one_that_was_stopped_by_hand_is_followed_by_the_release_before(
    world: ShiftingWorld, ports: Ports, told: Told
) -> None:
    leave(world, ports, "each_step")
    world.deployments[-1].state = DeploymentState.STOPPED
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        judge(ports)
    assert told.states[-1] == "rolled_back"
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_one_that_somebody_replaced_is_closed_and_left_alone(world: ShiftingWorld, ports: Ports, told: Told) -> None:
    leave(world, ports, "each_step")
    assert world.service
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), "", force=True))
    world.calls.clear()
    with pytest.raises(SupersededError, match="was superseded and was neither judged nor rolled back"):
        judge(ports)
    assert world.calls == ["finish(SUPERSEDED)"]
    assert told.states[-1] == "superseded"


def test_one_that_was_killed_before_ecs_began_it_is_closed_and_what_was_changed_is_put_back(
    world: ShiftingWorld, ports: Ports, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: Any, **_kwargs: Any) -> None:
        raise Killed

    monkeypatch.setattr(world, "update_service", die)
    with pytest.raises(Killed):
        deploy(ports, "1.1.0", **CANARY, scaling=scaling(2, 9))
    monkeypatch.undo()
    told.notices.clear()
    with pytest.raises(OperationError, match="interrupted before ECS began a deployment of it"):
        judge(ports)
    assert told.states == ["failed"]
    assert newest(world).outcome is Outcome.FAILED
    assert len(world.deployments) == 1


def test_a_run_that_deploys_tells_of_what_it_closes(world: ShiftingWorld, ports: Ports, told: Told) -> None:
    leave(world, ports, "paused")
    wait_for(world, DeploymentState.ROLLED_BACK)
    told.notices.clear()
    assert deploy(ports, "1.1.0", owner=NEXT, **CANARY).changed
    assert sorted(told.states) == ["accepted", "begun", "rolled_back"]
    assert len({notice.release_id for notice in told.notices}) == 2
