"""Releases that a gate or ECS refuses, and what is left of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RolledBackError,
    SupersededError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    DeploymentState,
)

from tests.unit.plugins.module_utils._rollout.case import (
    deploy,
    make_request,
    newest,
    released,
)

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

salts = (f"{number:08x}" for number in range(1_000_000))


# Releases that are refused by a gate


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


def test_version_that_dies_after_it_was_healthy_is_seen(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", exits_after=20.0)
    gates = tuple(replace(gate, bake_seconds=40, deadline_seconds=90) for gate in make_request("x").gates)
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0", gates=gates)
    assert "gate target_health is UNHEALTHY" in caught.value.message
    assert "exit code 1" in caught.value.message
    assert "it broke here" in caught.value.message
    assert 18 <= caught.value.details["timings"]["to_detect_seconds"] <= 26
    assert caught.value.details["evidence"][0]["log_lines"] == ["starting", "it broke here"]


def test_version_that_never_becomes_ready_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=None)
    with pytest.raises(RolledBackError, match="Task failed ELB health checks"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.ROLLED_BACK


def test_tasks_that_cannot_start_are_judged_before_or_with_the_circuit_breaker(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", cannot_start=True)
    with pytest.raises(RolledBackError) as caught:
        deploy(ports, "1.1.0")
    assert "ResourceInitializationError" in caught.value.message


def test_circuit_breaker_of_ecs_is_reported_as_what_it_is(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", cannot_start=True)
    gates = (TargetHealthGate(maximum_start_failures=50, maximum_task_failures=50),)
    with pytest.raises(RolledBackError, match="ECS ended the deployment by itself: the circuit breaker"):
        deploy(ports, "1.1.0", gates=gates)
    assert "stop_service_deployment" not in world.calls


def test_too_few_answers_never_pass(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    gates = tuple(replace(gate, interval_seconds=30.0) for gate in make_request("x").http_gates)
    with pytest.raises(RolledBackError, match="is INCONCLUSIVE"):
        deploy(ports, "1.1.0", gates=gates)
    assert newest(world).verdict == "INCONCLUSIVE"


def test_release_that_cannot_be_measured_is_an_error_and_not_unhealthy(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    real = world.request
    world.request = lambda *args, **named: replace(real(*args, **named), status=0, version="", unreachable=True)
    with pytest.raises(RolledBackError, match="gate ready is ERROR"):
        deploy(ports, "1.1.0")
    assert newest(world).verdict == "ERROR"


def test_deployment_that_does_not_complete_in_time_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=10_000.0)
    with pytest.raises(RolledBackError, match="a deployment that completes within 60 s"):
        deploy(ports, "1.1.0", timeout_seconds=60.0)


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


def test_superseded_is_not_called_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", ready_after=20.0)
    other = world.register_task_definition(world.definitions[world.service.task_definition_arn].document, {})

    def supersede() -> None:
        world.service = replace(world.service, task_definition_arn=other.arn)
        world._deploy(other.arn)

    world.at.append((world.seconds + 5, supersede))
    with pytest.raises(SupersededError, match="was superseded and was neither judged nor rolled back"):
        deploy(ports, "1.1.0")
    assert newest(world).outcome is Outcome.SUPERSEDED


def test_settings_that_a_failed_release_changed_are_put_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", path_status={"/v1/analyses": 500})
    settings = replace(make_request("x").settings, health_check_grace_period_seconds=5)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", settings=settings)
    assert world.service.settings.health_check_grace_period_seconds == 30
    assert not deploy(ports, "1.0.0").changed
