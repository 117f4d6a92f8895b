# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attempts that are interrupted, and services that were never judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released, scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_interrupt_says_what_it_leaves_and_gives_the_lock_up(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10.0)

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.at.append((world.seconds + 4, interrupt))
    with pytest.raises(OperationError, match=r"was interrupted: release 1\.1\.0"):
        deploy(ports, "1.1.0")
    assert "continues in ECS, guarded by its circuit breaker" in world.lines[-1]
    assert world.lock is None
    assert deploy(ports, "1.1.0").changed
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_interrupted_undo_is_said_as_such_and_finished_by_what_is_advised(world: World, ports: Ports) -> None:
    released(world, ports)
    before = (world.service.task_definition_arn, world.scaling)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    say = world.say

    def interrupt(text: str) -> None:
        say(text)
        if "deploying 1.0.0" in text:
            raise KeyboardInterrupt

    world.say = interrupt  # type: ignore[method-assign]
    with pytest.raises(OperationError, match=r"judged unfit, and undoing it was not finished.*rollback\.yml"):
        deploy(ports, "1.1.0", scaling=scaling(3, 9))
    world.say = say  # type: ignore[method-assign]
    assert newest(world).outcome is Outcome.IN_PROGRESS
    assert deploy(ports, "", kind=ROLLBACK).changed
    assert (world.service.task_definition_arn, world.scaling) == before


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


def test_evidence_that_cannot_be_gathered_hides_no_outcome(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})

    def refuse(*_: object, **__: object) -> None:
        raise OperationError("GetLogEvents is denied")

    world.tail = refuse  # type: ignore[method-assign]
    with pytest.raises(RolledBackError, match="was rolled back"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_change_that_ecs_refuses_leaves_nothing_behind(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")

    def refuse(*_: object, **__: object) -> None:
        raise OperationError("CreateService is denied")

    world.create_service = refuse  # type: ignore[method-assign]
    with pytest.raises(
        OperationError, match=r"CreateService is denied\. Put back: rule 100 of listener \d \(deleted\)"
    ):
        deploy(ports, "1.0.0")
    assert world.rules == {}
    assert newest(world).outcome is Outcome.FAILED
