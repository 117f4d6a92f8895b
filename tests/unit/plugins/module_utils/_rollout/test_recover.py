"""Two rollouts at once, rollouts that were killed, rollbacks, and services that were never judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RolledBackError,
    SupersededError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Migration

from tests.unit.plugins.module_utils._rollout.case import (
    deploy,
    newest,
    released,
)

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

salts = (f"{number:08x}" for number in range(1_000_000))


# Two at once, and runs that were killed


def test_second_run_is_refused_by_the_name_of_the_holder(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    caught: list[str] = []

    def second() -> None:
        with pytest.raises(RefusedError) as refused:
            deploy(ports, "1.1.0", owner="other@there:2:bbbb")
        caught.append(refused.value.message)

    world.at.append((world.seconds + 4, second))
    deploy(ports, "1.1.0")
    assert "tester@here:1:aaaa" in caught[0]
    assert [one.outcome for one in world.history("inference")] == [Outcome.SUCCEEDED, Outcome.SUCCEEDED]


def test_lock_is_renewed_and_a_lost_one_ends_the_run(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=200.0)

    def steal() -> None:
        assert world.lock.held_at(world.now())
        world.lock = replace(world.lock, owner="thief", expires_at=int(world.now().timestamp()) + 1000)

    world.at.append((world.seconds + 150, steal))
    with pytest.raises(SupersededError, match="taken over by thief"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.IN_PROGRESS
    assert world.lock.owner == "thief"


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
    outcomes = [(one.version[:5], one.outcome.value) for one in world.history("inference")]
    assert outcomes == [("1.2.0", "ROLLED_BACK"), ("1.1.0", "FAILED"), ("1.0.0", "SUCCEEDED")]
    assert "never judged" in world.history("inference")[1].reason


def test_run_killed_before_it_touched_the_service_is_closed_and_done_again(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    kill_after(world, ports, 0.5, version="1.1.0", migration=Migration("service", ("migrate",)))
    world.sleep(120)
    assert deploy(ports, "1.1.0", owner="next@here:9:cccc").changed
    outcomes = [one.outcome.value for one in world.history("inference")]
    assert outcomes == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert "no deployment of it was found" in world.history("inference")[1].reason


def test_interrupt_says_what_it_leaves_and_gives_the_lock_up(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + 4, interrupt))
    with pytest.raises(OperationError, match=r"was interrupted: release 1\.1\.0"):
        deploy(ports, "1.1.0")
    assert "goes on in ECS, guarded by its circuit breaker" in world.lines[-1]
    assert world.lock is None
    assert deploy(ports, "1.1.0").changed
    assert newest(world).outcome is Outcome.SUCCEEDED


# Rollback


def test_rollback_goes_to_the_previous_release_and_reuses_its_revision(world: World, ports: Ports) -> None:
    released(world, ports)
    first = world.service.task_definition_arn
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    world.calls.clear()
    result = deploy(ports, "", kind=ROLLBACK)
    assert result.changed
    assert "register_task_definition" not in world.calls
    assert world.service.task_definition_arn == first
    assert newest(world).kind == ROLLBACK
    assert newest(world).version.startswith("1.0.0")
    assert not deploy(ports, "", kind=ROLLBACK).changed
    assert world.service.task_definition_arn == first


def test_rollback_to_a_named_version_by_semver_tag_or_digest(world: World, ports: Ports) -> None:
    released(world, ports)
    for version, digit in (("1.1.0", "b"), ("1.2.0", "c")):
        world.push(version, digit)
        deploy(ports, version)
    for named, expected in (("1.0.0", "1.0.0"), (f"1.1.0-{'b' * 40}", "1.1.0"), (f"sha256:{'c' * 64}", "1.2.0")):
        assert deploy(ports, named, kind=ROLLBACK).version.startswith(expected)
        assert not deploy(ports, named, kind=ROLLBACK).changed


def test_rollback_without_a_release_before_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    with pytest.raises(RefusedError, match="no release before"):
        deploy(ports, "", kind=ROLLBACK)
    with pytest.raises(RefusedError, match=r"no release of 9\.9\.9 has succeeded"):
        deploy(ports, "9.9.9", kind=ROLLBACK)


def test_rollback_whose_image_is_gone_is_refused_but_a_lost_tag_is_not(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    kept = world.images[:]
    world.images = [replace(kept[0], tags=()), kept[1]]
    predicted = deploy(ports, "", kind=ROLLBACK, check_mode=True)
    assert predicted.changed
    world.images = kept[1:]
    with pytest.raises(RefusedError, match="is no longer in repository"):
        deploy(ports, "", kind=ROLLBACK)


def test_rollback_to_a_deregistered_revision_registers_its_document_anew(world: World, ports: Ports) -> None:
    released(world, ports)
    first = world.service.task_definition_arn
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    world.deregister_task_definition(first)
    deploy(ports, "", kind=ROLLBACK)
    again = world.service.task_definition_arn
    assert again != first
    assert world.definitions[again].document == world.definitions[first].document
    assert not deploy(ports, "", kind=ROLLBACK).changed


def test_rollback_that_fails_its_gates_returns_to_what_ran(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    running = world.service.task_definition_arn
    digest = "sha256:" + "a" * 64
    world.behaviours[digest] = replace(world.behaviours[digest], status=500)
    with pytest.raises(RolledBackError):
        deploy(ports, "", kind=ROLLBACK)
    assert world.service.task_definition_arn == running


# What is there but was never judged


def test_running_release_without_a_record_is_judged_and_recorded(world: World, ports: Ports) -> None:
    released(world, ports)
    world.records.clear()
    assert deploy(ports, "1.0.0", check_mode=True).action == "adopt"
    result = deploy(ports, "1.0.0")
    assert result.action == "adopt"
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert not deploy(ports, "1.0.0").changed


def test_unfit_service_that_was_never_released_by_us_is_left_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    world.records.clear()
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, status=500)
    with pytest.raises(OperationError, match="was left as it was found"):
        deploy(ports, "1.0.0")
    assert world.service is not None
    assert newest(world).outcome is Outcome.FAILED


def test_running_release_that_is_not_healthy_is_said_and_left_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, ready_after=10_000.0)
    with pytest.raises(OperationError, match="runs already, so there was nothing to change, but it is not healthy"):
        deploy(ports, "1.0.0")
    assert world.calls == []
