# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that runs already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import ServiceChange
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.table import STRATEGIES

from tests.unit.plugins.module_utils._rollout.case import deploy, released
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_running_release_that_is_not_healthy_is_said_and_left_alone(world: World, ports: Ports) -> None:
    released(world, ports)
    for task in world.tasks:
        task.behaviour = replace(task.behaviour, ready_after=10_000.0)
    with pytest.raises(OperationError, match="runs already, so there was nothing to change, but it is not healthy"):
        deploy(ports, "1.0.0")
    assert world.calls == []


def test_tasks_that_failed_since_the_release_are_said(world: World, ports: Ports) -> None:
    released(world, ports)
    world._fail(world.tasks[0], None, "EssentialContainerExited", "Essential container in task exited", 1)
    with pytest.raises(OperationError, match=r"runs already.*gate target_health is UNHEALTHY.*exit code 1"):
        deploy(ports, "1.0.0")
    assert world.calls == []


def test_failures_before_the_release_are_none_of_its_own(world: World, ports: Ports) -> None:
    released(world, ports)
    world._fail(world.tasks[0], None, "EssentialContainerExited", "Essential container in task exited", 1)
    world._deploy(world.service.task_definition_arn)
    world.sleep(30)
    assert not deploy(ports, "1.0.0").changed


@pytest.mark.parametrize("check_mode", [False, True])
def test_running_release_that_users_do_not_reach_is_said(world: World, ports: Ports, check_mode: bool) -> None:
    released(world, ports)
    digest = "sha256:" + "a" * 64
    world.behaviours[digest] = replace(world.behaviours[digest], path_status={"/readyz": 503})
    for task in world.tasks:
        task.behaviour = world.behaviours[digest]
    with pytest.raises(OperationError, match=r"runs already.*gate ready is UNHEALTHY.*503"):
        deploy(ports, "1.0.0", check_mode=check_mode)


@pytest.mark.parametrize("strategy", [strategy.name for strategy in STRATEGIES if strategy.shifts_weights])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_deployment_of_others_that_shifts_users_is_said_and_not_told_to_go_on(
    strategy: str, check_mode: bool
) -> None:
    world = ShiftingWorld()
    ports, options = Ports(*[world] * 13), by(strategy, bake_minutes=1)
    released(world, ports, **options)
    world.update_service("fastbreak-dev", "inference", ServiceChange(world.service.settings, (), "", force=True))
    for _ in range(20):
        world.sleep(1)
    assert world.courses[world.deployments[-1].arn].waiting
    world.calls.clear()
    done = deploy(ports, "1.0.0", check_mode=check_mode, **options)
    assert not done.changed
    assert any("neither judged nor told to go on" in warning for warning in done.warnings)
    assert world.calls == []
    assert world.courses[world.deployments[-1].arn].waiting
