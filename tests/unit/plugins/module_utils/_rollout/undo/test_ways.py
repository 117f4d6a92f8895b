"""Each way of undoing a release that was judged unfit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.deployment import DeploymentState

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest, released

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


def test_first_release_that_fails_is_removed_and_can_be_tried_again(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a", status=500)
    with pytest.raises(OperationError) as caught:
        deploy(ports, "1.0.0")
    assert not isinstance(caught.value, RolledBackError)
    assert "was stopped" in caught.value.message
    assert "this was the first release" in caught.value.message
    assert newest(world).outcome is Outcome.STOPPED
    assert world.service is None
    assert world.rules == {}
    assert world.scaling is None
    world.push("1.0.1", "c")
    assert deploy(ports, "1.0.1").action == "create"


def test_settings_that_a_failed_release_changed_are_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    settings = replace(make_request("x").settings, health_check_grace_period_seconds=5)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", settings=settings)
    assert world.service.settings.health_check_grace_period_seconds == 30
    assert not deploy(ports, "1.0.0").changed
