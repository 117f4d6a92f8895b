# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going back after the deployment has completed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import deploy, newest, released

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


def test_version_that_answers_errors_after_completing_is_replaced_by_a_new_deployment(
    world: World, ports: Ports
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    digest = "sha256:" + "b" * 64

    def break_it() -> None:
        for task in world.tasks:
            if task.definition_arn == world.service.task_definition_arn:
                task.behaviour = replace(task.behaviour, status=500)

    world.at.append((world.seconds + 8, break_it))
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(ports, "1.1.0")
    assert [call for call in world.calls if call.startswith("update_service")] == ["update_service()"] * 2
    assert (
        digest not in world.definitions[world.service.task_definition_arn].document["containerDefinitions"][0]["image"]
    )
    assert newest(world).outcome is Outcome.ROLLED_BACK


def break_after_completion(world: World, ports: Ports) -> str:
    """Release a version that answers errors once it has completed; the revision before it."""
    released(world, ports)
    running = world.service.task_definition_arn
    world.push("1.1.0", "b")

    def break_it() -> None:
        for task in world.tasks:
            if task.definition_arn != running:
                task.behaviour = replace(task.behaviour, status=500)

    world.at.append((world.seconds + 8, break_it))
    return str(running)


def test_deployment_of_the_revision_before_that_fails_too_is_said(world: World, ports: Ports) -> None:
    running = break_after_completion(world, ports)
    started = world._deploy

    def fail_on_the_way_back(definition_arn: str) -> None:
        started(definition_arn)
        if definition_arn == running:
            world.deployments[-1].state, world.deployments[-1].reason = DeploymentState.STOPPED, "by somebody"

    world._deploy = fail_on_the_way_back
    with pytest.raises(OperationError, match=r"failed as well: service deployment \S+ is STOPPED \(by somebody\)"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED


def test_change_by_another_on_the_way_back_is_said(world: World, ports: Ports) -> None:
    running = break_after_completion(world, ports)
    other = world.register_task_definition(world.definitions[running].document, {})
    update = world.update_service

    def update_and_lose(cluster: str, name: str, change: object) -> object:
        updated = update(cluster, name, change)
        if updated.task_definition_arn == running:
            world.deployments[-1].state = DeploymentState.SUCCESSFUL
            world.service = replace(world.service, task_definition_arn=other.arn)
        return updated

    world.update_service = update_and_lose
    with pytest.raises(OperationError, match="another change set the service to"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED
