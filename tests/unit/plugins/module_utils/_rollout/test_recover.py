# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of runs that were killed, and what messages advise then, tried after a kill at every step."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RolledBackError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.lease import LOCK_SECONDS
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome, Release
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import ROLE, deploy, newest, released
from tests.unit.plugins.module_utils._rollout.fakes import World
from tests.unit.plugins.module_utils._rollout.killed import Witness, kill_after


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


def test_record_that_never_began_is_not_taken_for_what_a_later_release_of_the_same_runs(
    world: World, ports: Ports
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    migration = Migration("service", ("migrate",))
    kill_after(world, ports, 0.5, version="1.1.0", migration=migration)
    world.sleep(400)
    finish, first = world.finish, newest(world).release_id

    def busy(release: Release) -> None:
        if release.release_id == first:
            raise UnavailableError("Throttling")
        finish(release)

    world.finish = busy
    deploy(ports, "1.1.0", owner="next@here:9:cccc", migration=migration)
    world.finish = finish
    runs = world.service.task_definition_arn
    request, late = world.request, world.seconds + 60

    def ill(*asked: Any, **how: Any) -> Any:
        answer = request(*asked, **how)
        return replace(answer, status=503) if world.seconds < late and "analyses" in asked[1] else answer

    world.request = ill
    with suppress(FastbreakError):
        deploy(ports, "1.1.0", owner="later@here:9:dddd", migration=migration)
    assert world.service.task_definition_arn == runs
    closed = next(release for release in world.history("inference") if release.release_id == first)
    assert closed.outcome in (Outcome.IN_PROGRESS, Outcome.FAILED)


def forget_deployments(world: World) -> None:
    """As ECS does after some months: those that there are now are listed and described no more."""
    old = {deployment.arn for deployment in world.deployments}
    listed, described = world.list_service_deployments, world.describe_service_deployment
    world.list_service_deployments = lambda *names: tuple(each for each in listed(*names) if each.arn not in old)
    world.describe_service_deployment = lambda arn: None if arn in old else described(arn)


@pytest.mark.parametrize("judge_only", [False, True])
def test_release_whose_deployment_ecs_lists_no_more_is_judged_where_the_service_runs_it(
    world: World, ports: Ports, judge_only: bool
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    kill_after(world, ports, 4, version="1.1.0")
    world.sleep(120)
    forget_deployments(world)
    records = len(world.records)
    assert deploy(ports, "1.1.0", judge_only=judge_only, owner="next@here:9:cccc").changed
    assert (newest(world).outcome, len(world.records)) == (Outcome.SUCCEEDED, records)


def test_release_whose_deployment_ecs_lists_no_more_is_not_said_to_have_changed_nothing(
    world: World, ports: Ports
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    kill_after(world, ports, 4, version="1.1.0")
    world.sleep(120)
    forget_deployments(world)
    world.push("1.2.0", "c")
    assert deploy(ports, "1.2.0", owner="next@here:9:cccc").changed
    closed = world.history("inference")[1]
    assert (closed.version[:5], closed.outcome) == ("1.1.0", Outcome.FAILED)
    assert "the service runs it, of which ECS lists no deployment, but it was never judged" in closed.reason


@pytest.mark.parametrize(("seconds", "outcome"), [(60.0, "ROLLED_BACK"), (100_000.0, "IN_PROGRESS")])
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
    began, rolled_back = world.seconds, world.deployments[-1]
    assert deploy(ports, "1.2.0", owner="next@here:9:cccc").changed
    assert [release.outcome.value for release in world.history("inference")] == ["SUCCEEDED", outcome, "SUCCEEDED"]
    assert min(seconds, 300.0) <= world.seconds - began <= min(seconds, 300.0) + LOCK_SECONDS + 60
    # How it ended is seen by a later run, which has nothing else to do.
    rolled_back.state = DeploymentState.ROLLED_BACK
    assert not deploy(ports, "1.2.0", owner="later@here:9:dddd").changed
    assert [release.outcome.value for release in world.history("inference")] == [
        "SUCCEEDED",
        "ROLLED_BACK",
        "SUCCEEDED",
    ]


MIGRATION = Migration("service", ("migrate",))
BAD = {"path_status": {"/v1/analyses": 500}}


def ports_of(world: World) -> Ports:
    return Ports(*[world] * 13)  # type: ignore[arg-type]


def platform(*versions: str, **last: Any) -> World:
    """A world where all *versions* but the last were released; the last behaves as said."""
    world = World()
    for number, version in enumerate(versions[:-1]):
        world.push(version, "abcdef"[number])
        deploy(ports_of(world), version)
    world.push(versions[-1], "abcdef"[len(versions) - 1], **last)
    return world


def runs_version(world: World) -> str:
    assert world.service
    image = world.definitions[world.service.task_definition_arn].document["containerDefinitions"][0]["image"]
    return world.behaviours[image.rpartition("@")[2]].tag.partition("-")[0]


def kill_everywhere(world: World, **command: Any) -> list[tuple[str, World]]:
    """The worlds that a run of *command* leaves when it is killed before or after each of its steps."""
    witness = Witness(world)
    try:
        deploy(witness.ports(), **command)
    except FastbreakError:
        assert world.records
    assert len(witness.left) > 10
    return witness.left


def assert_settled(place: str, world: World, expected: str, **command: Any) -> None:
    """The *command* succeeds, brings the service to *expected*, closes every record, and changes nothing again.

    It is refused before that, which changes nothing of it.
    """
    ports = ports_of(world)
    world.missing.add(ROLE)
    with suppress(FastbreakError):
        deploy(ports, owner="refused@here:8:cccc", **command)
    world.missing.discard(ROLE)
    try:
        deploy(ports, owner="next@here:9:cccc", **command)
    except FastbreakError as error:
        pytest.fail(f"killed {place}: {error.message}")
    assert runs_version(world) == expected, place
    assert not [release for release in world.records.values() if release.in_progress], place
    assert not deploy(ports, owner="third@here:9:dddd", **command).changed, place
    assert runs_version(world) == expected, place


DEPLOY_IT = {"version": "1.2.0", "migration": MIGRATION}


@pytest.fixture(scope="module")
def killed() -> list[tuple[str, World]]:
    """What a good deploy leaves that is killed."""
    return kill_everywhere(platform("1.0.0", "1.1.0", "1.2.0"), **DEPLOY_IT)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (DEPLOY_IT, ("1.2.0",)),
        # Killed before there was a record, it is as if it had never been run.
        ({"version": "", "kind": ROLLBACK}, ("1.1.0", "1.0.0")),
        ({"version": "1.0.0", "kind": ROLLBACK}, ("1.0.0",)),
    ],
)
def test_after_a_deploy_that_was_killed(
    killed: list[tuple[str, World]], command: dict[str, Any], expected: tuple[str, ...]
) -> None:
    for place, left in killed:
        world = deepcopy(left)
        began = len(world.records) > 2
        assert_settled(place, world, expected[0] if began else expected[-1], **command)


def test_after_a_deploy_of_an_unfit_release_that_was_killed() -> None:
    for place, world in kill_everywhere(platform("1.0.0", "1.1.0", "1.2.0", **BAD), **DEPLOY_IT):
        newest = world.history("inference")[0]
        if len(world.records) > 2 and newest.in_progress:
            assert_settled(place, world, "1.1.0", version="", kind=ROLLBACK)


def test_after_a_rollback_that_was_killed() -> None:
    world = platform("1.0.0", "1.1.0", "1.2.0")
    deploy(ports_of(world), "1.2.0")
    rollback = {"version": "", "kind": ROLLBACK}
    for place, left in kill_everywhere(world, **rollback):
        assert_settled(place, left, "1.1.0", **rollback)


def test_after_a_first_release_that_was_killed() -> None:
    command = {"version": "1.0.0", "migration": MIGRATION}
    for place, world in kill_everywhere(platform("1.0.0"), **command):
        assert_settled(place, world, "1.0.0", **command)
