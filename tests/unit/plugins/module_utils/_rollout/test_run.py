# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollout from its request to its record, against a scheduler in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK, Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import DeploymentSettings

from tests.unit.plugins.module_utils._rollout.case import deploy, document, make_request, newest, released, scaling

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


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
        "change_scaling",
        "put_rule",
        "finish(SUCCEEDED)",
    ]
    assert newest(world).outcome is Outcome.SUCCEEDED
    assert newest(world).version == tag
    assert newest(world).commit == "a" * 40
    assert newest(world).deployment_id == world.deployments[-1].arn
    assert world.lock is None
    assert {measured.gate: measured.verdict.value for measured in newest(world).gates} == {
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
    assert set(before) == set(after) == {"FASTBREAK_LOG_LEVEL"}
    assert before != after
    assert deploy(ports, "1.0.0", document=wanted).changed
    assert not deploy(ports, "1.0.0", document=wanted).changed


def test_settings_that_replace_no_task_need_no_release(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0")
    world.calls.clear()
    settings = replace(make_request("1.0.0").settings, deployment=DeploymentSettings(maximum_percent=150))
    result = deploy(ports, "1.0.0", settings=settings, scaling=scaling(2, 8))
    assert result.action == "settings"
    assert world.calls == ["update_service(deployment)", "change_scaling"]
    assert world.service.settings.deployment.maximum_percent == 150
    assert not deploy(ports, "1.0.0", settings=settings, scaling=scaling(2, 8)).changed


def test_check_mode_writes_nothing_and_agrees_with_the_run(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    predicted = deploy(ports, "1.0.0", check_mode=True)
    assert world.calls == []
    assert world.lock is None
    done = deploy(ports, "1.0.0")
    assert predicted.plan == done.plan
    assert predicted.changed


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


def test_forced_deployment_replaces_and_judges_tasks_though_nothing_differs(world: World, ports: Ports) -> None:
    released(world, ports)
    assert deploy(ports, "1.0.0", force_new_deployment=True, check_mode=True).action == "deploy"
    assert world.calls == []
    for releases in (2, 3):
        result = deploy(ports, "1.0.0", force_new_deployment=True)
        assert (result.changed, result.action) == (True, "deploy")
        assert (result.plan.before["force_new_deployment"], result.plan.after["force_new_deployment"]) == (False, True)
        assert len(world.deployments) == len(world.records) == releases
        assert newest(world).outcome is Outcome.SUCCEEDED
    assert not deploy(ports, "1.0.0").changed
    assert "register_task_definition" not in world.calls


ONCE = {"name": "once", "schedule": "at(2026-01-01T12:00:00)", "minimum": 3}


@pytest.mark.parametrize("check_mode", [True, False])
def test_scheduled_action_that_is_over_is_refused_by_the_time_that_aws_tells(
    world: World,
    ports: Ports,
    check_mode: bool,
) -> None:
    released(world, ports)
    wanted = scaling(2, 6, scheduled_actions=[ONCE])
    world.told_time = datetime(2026, 1, 1, 12, tzinfo=UTC)
    world.push("1.1.0", "b")
    for version in ("1.0.0", "1.1.0"):
        with pytest.raises(RefusedError, match=r"scheduled_actions 'once': at.* is over, since it is 2026-01-01T12"):
            deploy(ports, version, scaling=wanted, check_mode=check_mode)
    assert world.calls == []
    world.told_time = datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert deploy(ports, "1.0.0", scaling=wanted, check_mode=check_mode).changed


def test_rollback_goes_on_without_a_scheduled_action_that_is_over(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    world.told_time = datetime(2026, 1, 1, 12, tzinfo=UTC)
    result = deploy(ports, "", kind=ROLLBACK, scaling=scaling(2, 6, scheduled_actions=[ONCE]))
    assert newest(world).version.startswith("1.0.0")
    assert world.scaling.actions == {}
    assert sum("goes on without it" in warning for warning in result.warnings) == 1


@pytest.mark.parametrize("check_mode", [True, False])
def test_bound_that_a_scheduled_action_has_set_is_told_in_a_warning(
    world: World,
    ports: Ports,
    check_mode: bool,
) -> None:
    released(world, ports)
    day = {"name": "day", "schedule": "cron(0 7 * * ? *)", "minimum": 2, "maximum": 9}
    deploy(ports, "1.0.0", scaling=scaling(2, 9, scheduled_actions=[day]))
    result = deploy(ports, "1.0.0", scaling=scaling(8, 9, scheduled_actions=[day]), check_mode=check_mode)
    assert [warning[:43] for warning in result.warnings] == ["scaling.minimum is 8, but 2 is in force and"]
