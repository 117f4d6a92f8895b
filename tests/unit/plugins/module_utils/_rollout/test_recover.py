"""What is made of runs that were killed, and what messages advise then, tried after a kill at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import LOCK_SECONDS

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import World
from tests.unit.plugins.module_utils._rollout.killed import Killed, Mortal, kill_after, steps_to_try

if TYPE_CHECKING:
    from collections.abc import Callable


def test_killed_run_is_adopted_by_the_same_command(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)
    kill_after(world, ports, 4, version="1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
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
    assert min(seconds, 300.0) <= world.seconds - began <= min(seconds, 300.0) + LOCK_SECONDS + 60


MIGRATION = Migration("service", ("migrate",))
BAD = {"path_status": {"/v1/analyses": 500}}


def platform(*versions: str, **last: Any) -> tuple[World, Ports]:
    """A world where all *versions* but the last were released; the last behaves as said."""
    world = World()
    ports = Ports(*[world] * 11)  # type: ignore[arg-type]
    for number, version in enumerate(versions[:-1]):
        world.push(version, "abcdef"[number])
        deploy(ports, version)
    world.push(versions[-1], "abcdef"[len(versions) - 1], **last)
    return world, ports


def runs_version(world: World) -> str:
    assert world.service
    image = world.definitions[world.service.task_definition_arn].document["containerDefinitions"][0]["image"]
    return world.behaviours[image.rpartition("@")[2]].tag.partition("-")[0]


def kill_everywhere(make: Callable[[], tuple[World, Ports]], **command: Any) -> list[tuple[str, World, Ports]]:
    """The worlds that a run of *command* leaves when it is killed before or after each of its steps."""
    world, _ports = make()
    whole = Mortal(world)
    try:
        deploy(whole.ports(), **command)
    except FastbreakError:
        assert world.records
    left: list[tuple[str, World, Ports]] = []
    for step in steps_to_try(whole.steps):
        for before in (True, False):
            world, ports = make()
            with pytest.raises(Killed):
                deploy(Mortal(world, step, before=before).ports(), **command)
            left.append((f"{'before' if before else 'after'} {step} {whole.steps[step - 1]}", world, ports))
    assert len(left) > 10
    return left


def assert_settled(place: str, world: World, ports: Ports, expected: str, **command: Any) -> None:
    """The *command* succeeds, brings the service to *expected*, closes every record, and changes nothing again."""
    try:
        deploy(ports, owner="next@here:9:cccc", **command)
    except FastbreakError as error:
        pytest.fail(f"killed {place}: {error.message}")
    assert runs_version(world) == expected, place
    assert not [release for release in world.records.values() if release.in_progress], place
    assert not deploy(ports, owner="third@here:9:dddd", **command).changed, place
    assert runs_version(world) == expected, place


DEPLOY_IT = {"version": "1.2.0", "migration": MIGRATION}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (DEPLOY_IT, ("1.2.0",)),
        # Killed before there was a record, it is as if it had never been run.
        ({"version": "", "kind": ROLLBACK}, ("1.1.0", "1.0.0")),
        ({"version": "1.0.0", "kind": ROLLBACK}, ("1.0.0",)),
    ],
)
def test_after_a_deploy_that_was_killed(command: dict[str, Any], expected: tuple[str, ...]) -> None:
    for place, world, ports in kill_everywhere(lambda: platform("1.0.0", "1.1.0", "1.2.0"), **DEPLOY_IT):
        began = len(world.records) > 2
        assert_settled(place, world, ports, expected[0] if began else expected[-1], **command)


def test_after_a_deploy_of_an_unfit_release_that_was_killed() -> None:
    for place, world, ports in kill_everywhere(lambda: platform("1.0.0", "1.1.0", "1.2.0", **BAD), **DEPLOY_IT):
        newest = world.history("inference")[0]
        if len(world.records) > 2 and newest.in_progress:
            assert_settled(place, world, ports, "1.1.0", version="", kind=ROLLBACK)


def test_after_a_rollback_that_was_killed() -> None:
    def make() -> tuple[World, Ports]:
        world, ports = platform("1.0.0", "1.1.0", "1.2.0")
        deploy(ports, "1.2.0")
        return world, ports

    rollback = {"version": "", "kind": ROLLBACK}
    for place, world, ports in kill_everywhere(make, **rollback):
        assert_settled(place, world, ports, "1.1.0", **rollback)


def test_after_a_first_release_that_was_killed() -> None:
    command = {"version": "1.0.0", "migration": MIGRATION}
    for place, world, ports in kill_everywhere(lambda: platform("1.0.0"), **command):
        assert_settled(place, world, ports, "1.0.0", **command)
