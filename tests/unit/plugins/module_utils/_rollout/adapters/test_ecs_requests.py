# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as ECS's requests take them; botocore's model says what it takes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_requests import (
    write_overrides,
    write_settings,
    write_tags,
    write_task,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import OneOffTask
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    DeploymentSettings,
    Network,
    ServiceSettings,
    TargetBinding,
)
from botocore.validate import ParamValidator

PROVIDERS = frozenset({CapacityProvider("FARGATE_SPOT", 3, 0), CapacityProvider("FARGATE", 1, 1)})
SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-b", "subnet-a"}), frozenset({"sg"})),
    target_bindings=frozenset({TargetBinding("b", "app", 81), TargetBinding("a", "app", 80)}),
    deployment=DeploymentSettings(alarms=frozenset({"errors"}), alarm_rollback=True),
    propagate_tags="SERVICE",
    tags=frozenset({("k", "v"), ("a", "")}),
)
NEEDED: dict[str, dict[str, Any]] = {
    "CreateService": {"serviceName": "web"},
    "UpdateService": {"service": "web"},
    "RunTask": {"taskDefinition": "web:1"},
}


@cache
def model() -> Any:
    client = boto3.client("ecs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    client.close()
    return client.meta.service_model


def check(operation: str, written: dict[str, Any]) -> None:
    shape = model().operation_model(operation).input_shape
    problems = ParamValidator().validate({**NEEDED[operation], **written}, shape)
    assert not problems.has_errors(), problems.generate_report()


@pytest.mark.parametrize("providers", [frozenset(), PROVIDERS])
def test_ecs_takes_what_is_written(providers: frozenset[CapacityProvider]) -> None:
    settings = replace(SETTINGS, capacity_providers=providers)
    check("CreateService", write_settings(settings))
    check("UpdateService", write_settings(settings, only=tuple(settings.__dataclass_fields__)))
    check("RunTask", write_task(settings))


def test_an_update_gives_only_what_is_named_and_neither_tags_nor_launch_type() -> None:
    assert write_settings(SETTINGS, only=("tags", "launch_type")) == {}
    assert write_settings(SETTINGS, only=("propagate_tags",)) == {"propagateTags": "SERVICE"}
    created = write_settings(SETTINGS)
    assert created["tags"] == write_tags(SETTINGS.tags) == [{"key": "a", "value": ""}, {"key": "k", "value": "v"}]
    assert created["launchType"] == SETTINGS.launch_type


def test_with_capacity_providers_there_is_no_launch_type() -> None:
    for written in (
        write_settings(replace(SETTINGS, capacity_providers=PROVIDERS)),
        write_task(replace(SETTINGS, capacity_providers=PROVIDERS)),
    ):
        assert "launchType" not in written
        assert [provider["capacityProvider"] for provider in written["capacityProviderStrategy"]] == [
            "FARGATE",
            "FARGATE_SPOT",
        ]


def test_a_living_service_is_told_that_it_has_no_alarms() -> None:
    bare = replace(SETTINGS, deployment=DeploymentSettings())
    assert "alarms" not in write_settings(bare)["deploymentConfiguration"]
    told = write_settings(bare, only=("deployment",))["deploymentConfiguration"]["alarms"]
    assert told == {"alarmNames": [], "enable": False, "rollback": False}


def test_without_a_breaker_nothing_is_rolled_back() -> None:
    settings = replace(SETTINGS, deployment=DeploymentSettings(circuit_breaker=False, circuit_breaker_rollback=True))
    written = write_settings(settings)["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert written == {"enable": False, "rollback": False}


@pytest.mark.parametrize(
    ("propagated", "expected"),
    [
        ("SERVICE", {"tags": [{"key": "a", "value": ""}, {"key": "k", "value": "v"}]}),
        ("TASK_DEFINITION", {"propagateTags": "TASK_DEFINITION"}),
        ("NONE", {}),
    ],
)
def test_a_task_of_its_own_is_tagged_as_the_services_are(propagated: str, expected: dict[str, Any]) -> None:
    written = write_task(replace(SETTINGS, propagate_tags=propagated))
    assert {name: value for name, value in written.items() if name in ("tags", "propagateTags")} == expected


def test_overrides_hold_what_is_asked_for_alone() -> None:
    base: dict[str, Any] = dict.fromkeys(OneOffTask.__dataclass_fields__, "")
    plain = OneOffTask(
        **{**base, "container": "app", "command": ("migrate",), "environment": (), "cpu": 0, "memory_mib": 0}
    )
    assert write_overrides(plain) == {"containerOverrides": [{"name": "app", "command": ["migrate"]}]}
    more = write_overrides(replace(plain, cpu=512, memory_mib=1024, environment=(("A", "1"),)))
    assert (more["cpu"], more["memory"]) == ("512", "1024")
    assert more["containerOverrides"][0]["environment"] == [{"name": "A", "value": "1"}]
    check("RunTask", {"overrides": more})


def test_grace_period_goes_with_a_load_balancer() -> None:
    written = write_settings(replace(SETTINGS, target_bindings=frozenset()))
    assert "healthCheckGracePeriodSeconds" not in written
    assert written["loadBalancers"] == []
    assert "healthCheckGracePeriodSeconds" in write_settings(SETTINGS)
