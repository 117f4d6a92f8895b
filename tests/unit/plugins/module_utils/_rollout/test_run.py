"""A rollout from its request to its record, against a scheduler in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    OperationError,
    RefusedError,
    RequestError,
    WaitTimeoutError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.session import Migration
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    DeploymentSettings,
    Scaling,
)

from tests.unit.plugins.module_utils._rollout.case import (
    ROLE,
    SECRET,
    deploy,
    document,
    make_request,
    newest,
    released,
)
from tests.unit.plugins.module_utils._rollout.fakes import LISTENER_ARN, World

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

salts = (f"{number:08x}" for number in range(1_000_000))


# Good releases


def test_first_release_makes_rule_service_and_scaling_in_that_order(world: World, ports: Ports) -> None:
    tag = world.push("1.0.0", "a")
    result = deploy(ports, "1.0.0")
    assert result.changed
    assert result.action == "create"
    assert world.calls == [
        "register_task_definition",
        "start",
        "put_rule",
        "create_service",
        "put_scaling",
        "finish(SUCCEEDED)",
    ]
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert newest(world).version == tag
    assert newest(world).commit == "a" * 40
    assert newest(world).deployment_id == world.deployments[-1].arn
    assert world.lock is None
    assert {one.gate: one.verdict.value for one in newest(world).gates} == {
        "target_health": "HEALTHY",
        "ready": "HEALTHY",
        "route": "HEALTHY",
    }
    assert result.timings.to_succeed >= 10


def test_what_runs_healthy_is_left_alone(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.calls.clear()
    result = deploy(ports, "1.0.0")
    assert not result.changed
    assert world.calls == []
    assert not deploy(ports, "1.0.0", check_mode=True).changed


def test_second_release_updates_and_never_sends_desired_count(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.service = replace(world.service, desired_count=4)
    world.push("1.1.0", "b")
    world.calls.clear()
    result = deploy(ports, "1.1.0", desired_count=2)
    assert result.action == "deploy"
    assert world.calls == ["register_task_definition", "start", "update_service()", "finish(SUCCEEDED)"]
    assert world.service.desired_count == 4
    assert newest(world).previous_version == f"1.0.0-{'a' * 40}"


def test_environment_change_alone_is_a_release_and_is_shown(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    wanted = document(FASTBREAK_LOG_LEVEL="debug")
    result = deploy(ports, "1.0.0", document=wanted, check_mode=True)
    assert result.changed
    assert result.plan.definition_changes == ("containerDefinitions.service.environment.FASTBREAK_LOG_LEVEL",)
    before = result.plan.before["task_definition"]["containerDefinitions"]["service"]["environment"]
    after = result.plan.after["task_definition"]["containerDefinitions"]["service"]["environment"]
    assert (before, after) == ({"FASTBREAK_LOG_LEVEL": "info"}, {"FASTBREAK_LOG_LEVEL": "debug"})
    assert deploy(ports, "1.0.0", document=wanted).changed
    assert not deploy(ports, "1.0.0", document=wanted).changed


def test_settings_that_replace_no_task_need_no_release(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.calls.clear()
    settings = replace(make_request("1.0.0").settings, deployment=DeploymentSettings(maximum_percent=150))
    result = deploy(ports, "1.0.0", settings=settings, scaling=Scaling(2, 8))
    assert result.action == "settings"
    assert world.calls == ["update_service(deployment)", "put_scaling"]
    assert world.service.settings.deployment.maximum_percent == 150
    assert not deploy(ports, "1.0.0", settings=settings, scaling=Scaling(2, 8)).changed


def test_check_mode_writes_nothing_and_agrees_with_the_run(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    predicted = deploy(ports, "1.0.0", check_mode=True)
    assert world.calls == []
    assert world.lock is None
    done = deploy(ports, "1.0.0")
    assert predicted.plan == done.plan
    assert predicted.changed


# Migration


def test_migration_runs_with_the_new_revision_before_the_service_is_touched(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    migration = Migration("service", ("fastbreak-service", "migrate"))
    deploy(ports, "1.1.0", migration=migration)
    assert world.calls[:4] == [
        "register_task_definition",
        "start",
        "run_task(fastbreak-service migrate)",
        "update_service()",
    ]


def test_failed_migration_refuses_the_release(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", migration_exit=3)
    migration = Migration("service", ("fastbreak-service", "migrate"))
    running = world.service.task_definition_arn
    with pytest.raises(OperationError, match=r"exit code 3.*it broke here") as caught:
        deploy(ports, "1.1.0", migration=migration)
    assert "The service was not touched" in caught.value.message
    assert world.service.task_definition_arn == running
    assert newest(world).outcome is Outcome.FAILED


def test_migration_that_hangs_is_a_timeout(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    with pytest.raises(WaitTimeoutError, match="The service was not touched"):
        deploy(ports, "1.1.0", migration=Migration("service", ("migrate",), timeout_seconds=0.0))


# Pre-flight


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("table", "Table releases does not exist"),
        ("fastbreak/inference", "ECR has no repository fastbreak/inference"),
        (ROLE, f"Role {ROLE} does not exist"),
        (SECRET, f"Secret {SECRET} does not exist"),
        ("/fastbreak/dev/service", "Log group /fastbreak/dev/service does not exist"),
        (LISTENER_ARN, "does not exist"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_what_is_missing_refuses_the_release_and_changes_nothing(
    world: World, ports: Ports, missing: str, said: str, check_mode: bool
) -> None:
    world.push("1.0.0", "a")
    world.missing.add(missing)
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0", check_mode=check_mode)
    assert said in caught.value.message
    assert world.calls == []
    assert world.lock is None


def test_unknown_version_names_the_nearest(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    near = world.push("1.1.0", "b")
    with pytest.raises(RefusedError, match="no image of repository") as caught:
        deploy(ports, "1.1.1")
    assert caught.value.details["nearest_versions"][0] == near


def test_all_problems_are_said_at_once(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    world.missing |= {ROLE, "/fastbreak/dev/service"}
    world.target_problem = "Target group blue does not exist."
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.0.0")
    assert len(caught.value.details["problems"]) == 3


@pytest.mark.parametrize(("states", "said"), [({"errors": "ALARM"}, "in ALARM already"), ({}, "does not exist")])
def test_alarm_that_cannot_guard_refuses(world: World, ports: Ports, states: dict[str, str], said: str) -> None:
    world.push("1.0.0", "a")
    world.alarms = states
    settings = replace(make_request("x").settings, deployment=DeploymentSettings(alarms=frozenset({"errors"})))
    with pytest.raises(RefusedError, match=said):
        deploy(ports, "1.0.0", settings=settings)


def test_foreign_deployment_refuses_unless_it_may_be_superseded(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.push("6.6.6", "f", ready_after=10_000.0)
    foreign = world.register_task_definition(
        {**world.definitions[world.service.task_definition_arn].document, "family": "other"}, {}
    )
    world.behaviours["sha256:" + "f" * 64] = replace(world.behaviours["sha256:" + "f" * 64], ready_after=None)
    world._deploy(foreign.arn)
    with pytest.raises(RefusedError, match="set supersede=true"):
        deploy(ports, "1.1.0")
    assert deploy(ports, "1.1.0", supersede=True).changed
    assert newest(world).outcome is Outcome.SUCCEEDED


def test_service_scaled_to_zero_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.service = replace(world.service, desired_count=0)
    with pytest.raises(RefusedError, match="desired count of 0"):
        deploy(ports, "1.1.0")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": None}, "family is missing|cannot be read"),
        ({"cpu": "lots"}, "cpu is 'lots'"),
        ({"containerDefinitions": "x"}, "cannot be read"),
        ({"containerDefinitions": [{"name": "other"}]}, "port 8080 of container 'service', which does not exist"),
    ],
)
def test_task_definition_that_cannot_be_right_is_a_request_error(
    world: World, ports: Ports, change: dict[str, object], said: str
) -> None:
    world.push("1.0.0", "a")
    with pytest.raises(RequestError, match=said):
        deploy(ports, "1.0.0", document={**document(), **change})
    assert world.calls == []
