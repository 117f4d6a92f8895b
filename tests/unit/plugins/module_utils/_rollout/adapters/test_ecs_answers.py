# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS's answers as values: whole ones, and those that hold only what ECS always says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_answers import (
    read_service,
    read_service_deployment,
    read_task,
    read_task_definition,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_requests import write_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import (
    DeploymentState,
    Pause,
    Progress,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    ContainerState,
    Network,
    ServiceSettings,
    TargetBinding,
    TrafficShift,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SERVICE = {"serviceArn": "arn:service", "serviceName": "web", "status": "ACTIVE"}
TASK = {"taskArn": "arn:task", "taskDefinitionArn": "web:1", "createdAt": NOW}


def settings(**answer: Any) -> ServiceSettings:
    return read_service({**SERVICE, **answer}).settings


def test_a_service_of_which_little_is_said_has_ecs_defaults() -> None:
    service = read_service(SERVICE)
    assert (service.controller, service.scheduling, service.desired_count) == ("ECS", "REPLICA", 0)
    assert service.settings == ServiceSettings(
        launch_type="",
        platform_version="",
        deployment=service.settings.deployment,
        propagate_tags="NONE",
        enable_ecs_managed_tags=False,
    )
    assert (service.settings.deployment.minimum_healthy_percent, service.settings.deployment.maximum_percent) == (
        100,
        200,
    )
    assert not service.settings.deployment.circuit_breaker


def test_load_balancers_without_a_target_group_bind_nothing() -> None:
    group = {"targetGroupArn": "group", "containerName": "app", "containerPort": 8080}
    classic = {"loadBalancerName": "old", "containerName": "app", "containerPort": 80}
    assert settings(loadBalancers=[group, classic]).target_bindings == {TargetBinding("group", "app", 8080)}


@pytest.mark.parametrize(("said", "public"), [({}, False), ({"assignPublicIp": "ENABLED"}, True)])
def test_a_network_is_read(said: dict[str, str], public: bool) -> None:
    vpc = {"subnets": ["b", "a"], "securityGroups": ["sg"], **said}
    expected = Network(frozenset({"a", "b"}), frozenset({"sg"}), public)
    assert settings(networkConfiguration={"awsvpcConfiguration": vpc}).network == expected


def test_alarms_that_are_switched_off_are_none() -> None:
    named = {"alarmNames": ["errors"], "rollback": True}
    for enabled, alarms in ((True, {"errors"}), (False, set())):
        read = settings(deploymentConfiguration={"alarms": {**named, "enable": enabled}}).deployment
        assert read.alarms == alarms


@pytest.mark.parametrize(
    ("answer", "revision", "reason"),
    [
        ({"targetServiceRevision": {"arn": "r1"}}, "r1", ""),
        ({"targetServiceRevisionArn": "r2", "statusReason": "why"}, "r2", "why"),
        ({"rollback": {"reason": "an alarm"}}, "", "an alarm"),
    ],
)
def test_a_deployment_is_read_in_both_of_its_shapes(answer: dict[str, Any], revision: str, reason: str) -> None:
    read = read_service_deployment({"serviceDeploymentArn": "d", "createdAt": NOW, "status": "IN_PROGRESS", **answer})
    assert (read.arn, read.state, read.target_revision_arn, read.reason) == (
        "d",
        DeploymentState.IN_PROGRESS,
        revision,
        reason,
    )


@pytest.mark.parametrize(
    ("answer", "address"),
    [
        ({}, ""),
        ({"attachments": [{"details": [{"name": "subnetId", "value": "s"}]}]}, ""),
        ({"attachments": [{"details": [{"name": "privateIPv4Address", "value": "10.0.0.1"}]}]}, "10.0.0.1"),
        ({"containers": [{"name": "a", "networkInterfaces": [{"privateIpv4Address": "10.0.0.2"}]}]}, "10.0.0.2"),
        ({"containers": [{"name": "a", "networkInterfaces": [{}]}]}, ""),
    ],
)
def test_the_address_of_a_task_stands_in_either_place(answer: dict[str, Any], address: str) -> None:
    assert read_task({**TASK, **answer}).address == address


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"lastStatus": "RUNNING"}, ""),
        ({"lastStatus": "STOPPED"}, "Unknown"),
        ({"lastStatus": "STOPPED", "stopCode": "TaskFailedToStart"}, "TaskFailedToStart"),
    ],
)
def test_a_stopped_task_always_has_a_code(answer: dict[str, Any], code: str) -> None:
    assert read_task({**TASK, **answer}).stop_code == code


def test_containers_that_have_not_ended_have_no_exit_code() -> None:
    containers = [{"name": "app"}, {"name": "side", "exitCode": 0, "reason": "done", "healthStatus": "HEALTHY"}]
    assert read_task({**TASK, "startedAt": NOW, "containers": containers}).containers == (
        ContainerState("app", None, "", ""),
        ContainerState("side", 0, "done", "HEALTHY"),
    )


@pytest.mark.parametrize(
    ("said", "active"), [({}, True), ({"status": "ACTIVE"}, True), ({"status": "INACTIVE"}, False)]
)
def test_a_revision_is_active_unless_ecs_says_otherwise(said: dict[str, str], active: bool) -> None:
    answer = {"taskDefinitionArn": "web:1", "family": "web", "revision": 1, **said}
    assert read_task_definition(answer, {"family": "web"}).active is active


def test_a_deployment_that_shifts_tells_how_far_it_is_and_which_hooks_wait() -> None:
    hooks = [
        {"hookId": "h1", "targetType": "PAUSE", "status": "SUCCEEDED"},
        {
            "hookId": "h2",
            "targetType": "PAUSE",
            "status": "AWAITING_ACTION",
            "expiresAt": NOW,
            "timeoutAction": "ROLLBACK",
        },
        {"hookId": "h3", "targetType": "AWS_LAMBDA", "status": "IN_PROGRESS"},
        {"targetType": "PAUSE", "status": "AWAITING_ACTION"},
    ]
    target = {"arn": "revision", "requestedProductionTrafficWeight": 5.0, "requestedTestTrafficWeight": 100.0}
    seen = read_service_deployment(
        {
            "serviceDeploymentArn": "arn",
            "status": "IN_PROGRESS",
            "createdAt": NOW,
            "lifecycleStage": "A_STAGE_OF_TOMORROW",
            "lifecycleHookDetails": hooks,
            "targetServiceRevision": target,
        }
    )
    assert seen.progress == Progress("A_STAGE_OF_TOMORROW", 5.0, 100.0, (Pause("h2", NOW, "ROLLBACK"),))
    brief = {"serviceDeploymentArn": "arn", "createdAt": NOW, "targetServiceRevisionArn": "revision"}
    assert read_service_deployment(brief).progress == Progress()


def test_what_is_written_of_a_shift_is_what_is_read() -> None:
    shift = TrafficShift("green", "role", "rule", "test")
    for each in (shift, replace(shift, test_rule_arn="")):
        binding = TargetBinding("blue", "web", 80, each)
        written = write_settings(ServiceSettings(target_bindings=frozenset({binding})), only=("target_bindings",))
        assert "" not in written["loadBalancers"][0]["advancedConfiguration"].values()
        assert read_service({**SERVICE, **written}).settings.target_bindings == frozenset({binding})
