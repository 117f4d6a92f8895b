# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment of others that shifts users, and a release that may replace it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released
from tests.unit.plugins.module_utils._rollout.neighbours import LEAD
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by
from tests.unit.plugins.module_utils._rollout.shifting_street import ShiftingStreet

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

CANARY = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)


@pytest.fixture
def world() -> ShiftingWorld:
    return ShiftingWorld()


def shifted_by_others(world: ShiftingWorld, ports: Ports, stage: str) -> str:
    """Somebody deploys by hand, and answers every hook until ECS is at *stage*; the deployment's ARN."""
    released(world, ports, **CANARY)
    world.push("1.1.0", "b")
    assert world.service
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), "", force=True))
    arn = world.deployments[-1].arn
    course = world.courses[arn]
    for _ in range(500):
        if course.stage == stage and (course.weight or stage == "POST_TEST_TRAFFIC_SHIFT"):
            break
        for hook in course.waiting:
            hook.answer = "CONTINUE"
        world.sleep(1)
    assert course.stage == stage
    world.calls.clear()
    return arn


@pytest.mark.parametrize(
    ("stage", "options"),
    [
        ("POST_TEST_TRAFFIC_SHIFT", CANARY),
        ("PRODUCTION_TRAFFIC_SHIFT", CANARY),
        ("BAKE_TIME", by("BLUE_GREEN", bake_minutes=0)),
        ("PRODUCTION_TRAFFIC_SHIFT", by("ROLLING")),
    ],
)
def test_it_is_rolled_back_before_the_release_begins(
    world: ShiftingWorld, ports: Ports, stage: str, options: dict[str, Any]
) -> None:
    theirs = shifted_by_others(world, ports, stage)
    assert deploy(ports, "1.1.0", supersede=True, check_mode=True, **options).changed
    assert world.calls == []
    assert deploy(ports, "1.1.0", supersede=True, **options).changed
    assert newest(world).outcome is Outcome.SUCCEEDED
    (ended,) = (deployment for deployment in world.deployments if deployment.arn == theirs)
    assert ended.state is DeploymentState.ROLLED_BACK
    first_write = next(call for call in world.calls if call not in {"write_lock", "drop_lock"})
    assert first_write in {"refuse_deployment", "stop_service_deployment"}


def test_without_leave_it_is_refused_for_the_one_reason_there_is(world: ShiftingWorld, ports: Ports) -> None:
    shifted_by_others(world, ports, "PRODUCTION_TRAFFIC_SHIFT")
    with pytest.raises(RefusedError, match="set supersede=true") as refused:
        deploy(ports, "1.1.0", **CANARY)
    assert len(refused.value.details["problems"]) == 1
    assert world.calls == []


def test_one_that_ecs_cannot_roll_back_is_said_and_nothing_is_begun(
    world: ShiftingWorld, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifted_by_others(world, ports, "PRODUCTION_TRAFFIC_SHIFT")

    def fail(deployment: Any) -> None:
        deployment.state, deployment.reason = DeploymentState.ROLLBACK_FAILED, "no room"

    monkeypatch.setattr(world, "_give_back", fail)
    with pytest.raises(OperationError, match=r"is ROLLBACK_FAILED \(no room\)\. No release was begun"):
        deploy(ports, "1.1.0", supersede=True, **CANARY)
    assert newest(world).version.startswith("1.0.0")


def test_one_that_does_not_end_is_said_and_nothing_is_begun(
    world: ShiftingWorld, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    shifted_by_others(world, ports, "PRODUCTION_TRAFFIC_SHIFT")
    monkeypatch.setattr(world, "_give_back", lambda _deployment: None)
    with pytest.raises(WaitTimeoutError, match=r"is still ROLLING_BACK after 300 s\. No release was begun"):
        deploy(ports, "1.1.0", supersede=True, **CANARY)
    assert newest(world).version.startswith("1.0.0")


def slowly(world: ShiftingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """ECS takes its time on the way back."""
    give_back, looks = world._give_back, iter(range(1000))
    monkeypatch.setattr(world, "_give_back", lambda deployment: next(looks) > 20 and give_back(deployment))


def test_one_that_is_on_its_way_back_already_is_waited_for(
    world: ShiftingWorld, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = shifted_by_others(world, ports, "PRODUCTION_TRAFFIC_SHIFT")
    slowly(world, monkeypatch)
    world.stop_service_deployment(theirs)
    assert deploy(ports, "1.1.0", supersede=True, **CANARY).changed
    assert newest(world).outcome is Outcome.SUCCEEDED
    (ended,) = (deployment for deployment in world.deployments if deployment.arn == theirs)
    assert ended.state is DeploymentState.ROLLED_BACK


def test_a_rollback_goes_where_it_was_planned_to_though_what_runs_is_taken_back_first(
    world: ShiftingWorld, ports: Ports
) -> None:
    for version, digit in (("0.9.0", "9"), ("1.0.0", "a"), ("1.1.0", "b")):
        world.push(version, digit)
        deploy(ports, version, **CANARY)
    by_hand(world, "1.0.0")
    planned = deploy(ports, "", kind=ROLLBACK, supersede=True, check_mode=True, **CANARY)
    done = deploy(ports, "", kind=ROLLBACK, supersede=True, **CANARY)
    assert done.image == planned.image
    assert world.service
    assert world.behaviour(world.service.task_definition_arn).tag.startswith("0.9.0")


def by_hand(world: ShiftingWorld, version: str) -> None:
    """Somebody deploys a release of before by hand, which shifts users now."""
    assert world.service
    arn = next(past.task_definition_arn for past in world.history("inference") if past.version.startswith(version))
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), arn))
    course = world.courses[world.deployments[-1].arn]
    while course.stage != "PRODUCTION_TRAFFIC_SHIFT":
        for hook in course.waiting:
            hook.answer = "CONTINUE"
        world.sleep(1)
    world.calls.clear()


@pytest.mark.parametrize("names", [("worker", LEAD), (LEAD, "worker")])
def test_of_several_services_none_is_begun_before_it_is_taken_back(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    street = ShiftingStreet(*names)
    street.push("1.0.0", "a")
    street.release("1.0.0")
    street.push("1.1.0", "b")
    by_hand(street.lead, "1.0.0")
    street.calls.clear()

    def fail(deployment: Any) -> None:
        deployment.state, deployment.reason = DeploymentState.ROLLBACK_FAILED, "no room"

    monkeypatch.setattr(street.lead, "_give_back", fail)
    with pytest.raises(OperationError, match=r"is ROLLBACK_FAILED \(no room\)\. No release was begun"):
        street.release("1.1.0", supersede=True)
    assert not [call for call in street.calls if call.startswith("worker")]


def test_all_services_go_back_to_the_same_image() -> None:
    street = ShiftingStreet("worker", LEAD)
    for version, digit in (("0.9.0", "9"), ("1.0.0", "a"), ("1.1.0", "b")):
        street.push(version, digit)
        street.release(version)
    by_hand(street.lead, "1.0.0")
    street.release("", kind=ROLLBACK, supersede=True)
    assert street.runs() == {"worker": "0.9.0", LEAD: "0.9.0"}


def test_another_image_than_was_planned_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    street = ShiftingStreet("worker", LEAD)
    for version, digit in (("0.9.0", "9"), ("1.0.0", "a"), ("1.1.0", "b")):
        street.push(version, digit)
        street.release(version)
    lock = street.lead.write_lock

    def late(*args: Any, **other: Any) -> Any:
        # Somebody goes back by hand while this run waits for its locks.
        monkeypatch.undo()
        older = street.lead.history(LEAD)[1].task_definition_arn
        assert street.lead.service
        street.lead.service = replace(street.lead.service, task_definition_arn=older)
        return lock(*args, **other)

    monkeypatch.setattr(street.lead, "write_lock", late)
    with pytest.raises(RefusedError, match="it was planned with image sha256:a"):
        street.release("", kind=ROLLBACK)
    assert street.runs() == {"worker": "1.1.0", LEAD: "1.0.0"}
