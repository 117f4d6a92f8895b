"""What is made of runs that were killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request import Migration

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


class Killed(BaseException):
    """SIGKILL: nothing of the run may run after it."""


def kill_after(world: World, ports: Ports, seconds: float, **other) -> None:
    held = []

    def kill() -> None:
        held.append(world.lock)
        world.missing.add("dead")
        raise Killed

    world.at.append((world.seconds + seconds, kill))
    drop, world.drop_lock = world.drop_lock, lambda *args: None
    with pytest.raises(Killed):
        deploy(ports, **other)
    world.drop_lock = drop
    world.lock = held[0]


def test_killed_run_is_adopted_by_the_same_command(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
    with pytest.raises(RefusedError, match="is rolling it out now"):
        deploy(ports, "1.1.0", owner="next@here:9:cccc")
    world.sleep(120)
    records = len(world.records)
    result = deploy(ports, "1.1.0", owner="next@here:9:cccc")
    assert result.changed
    assert len(world.records) == records
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_killed_first_release_that_is_unfit_is_still_judged(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", path_status={"/v1/analyses": 500}, ready_after=20.0)
    kill_after(world, ports, 4, version="1.0.0")
    world.sleep(120)
    with pytest.raises(OperationError, match="was stopped"):
        deploy(ports, "1.0.0", owner="next@here:9:cccc")
    assert world.service is None
    assert newest(world).outcome is Outcome.STOPPED


def test_killed_run_of_another_version_is_closed_honestly(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0")
    world.sleep(120)
    world.push("1.2.0", "c", status=500)
    with pytest.raises(RolledBackError, match=r"back on 1\.0\.0"):
        deploy(ports, "1.2.0", owner="next@here:9:cccc")
    outcomes = [(release.version[:5], release.outcome.value) for release in world.history("inference")]
    assert outcomes == [("1.2.0", "ROLLED_BACK"), ("1.1.0", "FAILED"), ("1.0.0", "SUCCEEDED")]
    assert "never judged" in world.history("inference")[1].reason


def test_run_killed_before_it_touched_the_service_is_closed_and_done_again(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    kill_after(world, ports, 0.5, version="1.1.0", migration=Migration("service", ("migrate",)))
    world.sleep(120)
    assert deploy(ports, "1.1.0", owner="next@here:9:cccc").changed
    outcomes = [release.outcome.value for release in world.history("inference")]
    assert outcomes == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert "no deployment of it was found" in world.history("inference")[1].reason


@pytest.mark.parametrize(("seconds", "outcome"), [(60.0, "ROLLED_BACK"), (100_000.0, "FAILED")])
def test_rollback_that_ecs_is_still_at_is_waited_for_but_not_for_ever(
    world: World, ports: Ports, seconds: float, outcome: str
) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0")
    roll_back, until = world._roll_back, world.seconds + 120 + seconds
    world.deployments[-1].state = DeploymentState.ROLLING_BACK
    world._roll_back = lambda current: roll_back(current) if world.seconds >= until else None
    world.sleep(120)
    world.push("1.2.0", "c")
    began = world.seconds
    assert deploy(ports, "1.2.0", owner="next@here:9:cccc").changed
    assert [release.outcome.value for release in world.history("inference")] == ["SUCCEEDED", outcome, "SUCCEEDED"]
    assert min(seconds, 300.0) <= world.seconds - began <= min(seconds, 300.0) + 60
