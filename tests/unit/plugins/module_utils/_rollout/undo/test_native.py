# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going back while the deployment is under way."""

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


def test_version_that_answers_errors_is_stopped_before_it_completes(world: World, ports: Ports) -> None:
    released(world, ports)
    tag = world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    # The old tasks keep the deployment from completing, as slow draining does.
    world._progress = lambda current: None
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0")
    message = caught.value.message
    assert f"Release {tag} of inference was rolled back: gate route is UNHEALTHY" in message
    assert "500" in message
    assert "Expected: at least 10 answers" in message
    assert f"back on 1.0.0-{'a' * 40}" in message
    assert "Detected after" in message
    assert newest(world).outcome is Outcome.ROLLED_BACK
    assert "stop_service_deployment" in world.calls
    assert world.deployments[-1].state is DeploymentState.ROLLED_BACK
    assert caught.value.details["timings"]["to_detect_seconds"] < 10
    assert caught.value.details["changed"] is True


def refuse_while_it_moves(world: World, ports: Ports) -> None:
    """Push a release that is refused while its deployment is under way."""
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    world._progress = lambda current: None


def test_rollback_that_ecs_cannot_complete_is_followed_by_a_deployment_of_the_revision_before(
    world: World, ports: Ports
) -> None:
    refuse_while_it_moves(world, ports)
    progress = type(world)._progress.__get__(world)

    def fail(current: object) -> None:
        world.deployments[-1].state = DeploymentState.ROLLBACK_FAILED
        world._progress = progress

    world._roll_back = fail
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(ports, "1.1.0")
    assert any("ECS could not roll back; deploying the revision before instead" in line for line in world.lines)


def test_rollback_to_another_revision_than_the_wanted_one_is_put_right(world: World, ports: Ports) -> None:
    refuse_while_it_moves(world, ports)
    progress = type(world)._progress.__get__(world)
    running = world.service.task_definition_arn
    other = world.register_task_definition(world.definitions[running].document, {})

    def stray(current: object) -> None:
        world.deployments[-1].state = DeploymentState.ROLLED_BACK
        world.service = replace(world.service, task_definition_arn=other.arn)
        world._progress = progress

    world._roll_back = stray
    with pytest.raises(RolledBackError, match=r"A new deployment put the service back on 1\.0\.0"):
        deploy(ports, "1.1.0")
    assert any(f"the service went to {other.arn}, not to 1.0.0" in line for line in world.lines)
    assert world.service.task_definition_arn == running


def test_rollback_that_takes_too_long_is_said_to_go_on(world: World, ports: Ports) -> None:
    refuse_while_it_moves(world, ports)
    world._roll_back = lambda current: None
    with pytest.raises(
        OperationError,
        match=r"The rollback to 1\.0\.0\S+ with definition \w+ had not ended after 300 s and continues in ECS",
    ):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED


@pytest.mark.parametrize("status", ["", "DRAINING", "INACTIVE"])
def test_a_service_that_is_deleted_while_ecs_rolls_back_is_told_at_once(
    world: World, ports: Ports, status: str
) -> None:
    refuse_while_it_moves(world, ports)
    stop = world.stop_service_deployment

    def stop_and_delete(arn: str) -> bool:
        stopped = stop(arn)
        assert world.service
        world.service = replace(world.service, status=status) if status else None
        return stopped

    world.stop_service_deployment = stop_and_delete
    began = world.seconds
    with pytest.raises(OperationError, match=r"ECS was rolling the service back to .* but the service was deleted"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.FAILED
    assert world.seconds - began < 60
