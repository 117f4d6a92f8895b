# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The comparison of a service's settings with what is wanted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.comparison import (
    changed_settings,
    starts_deployment,
    view_settings,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    DeploymentSettings,
    Network,
    ServiceSettings,
    TargetBinding,
)

SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-1", "subnet-2"}), frozenset({"sg-1"})),
    target_bindings=frozenset({TargetBinding("group", "app", 8080)}),
)


@pytest.mark.parametrize(
    ("change", "deploys"),
    [
        ({"network": Network(frozenset({"subnet-1"}), frozenset({"sg-1"}))}, True),
        ({"network": replace(SETTINGS.network, assign_public_ip=True)}, True),
        ({"target_bindings": frozenset({TargetBinding("group", "app", 8081)})}, True),
        ({"platform_version": "1.4.0"}, True),
        ({"health_check_grace_period_seconds": 5}, False),
        ({"deployment": DeploymentSettings(minimum_healthy_percent=50)}, False),
        ({"deployment": DeploymentSettings(circuit_breaker=False)}, False),
        ({"deployment": DeploymentSettings(alarms=frozenset({"errors"}))}, False),
        ({"deployment": DeploymentSettings(own={"bakeTimeInMinutes": 5})}, False),
        ({"enable_execute_command": True}, False),
        ({"propagate_tags": "SERVICE"}, False),
        ({"enable_ecs_managed_tags": True}, False),
        ({"tags": frozenset({("a", "b")})}, False),
    ],
)
def test_every_setting_is_compared(change: dict[str, object], deploys: bool) -> None:
    changed = changed_settings(SETTINGS, replace(SETTINGS, **change))  # type: ignore[arg-type]
    assert changed == tuple(change)
    assert starts_deployment(changed) is deploys
    assert view_settings(SETTINGS) != view_settings(replace(SETTINGS, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"platform_version": ""}, {"platform_version": "LATEST"}),
        ({"deployment": DeploymentSettings(alarm_rollback=False)}, {"deployment": DeploymentSettings()}),
        (
            {"deployment": DeploymentSettings(own={"hooks": [1], "steps": {"percent": 5, "bake": 1}})},
            {"deployment": DeploymentSettings(own={"steps": {"percent": 5}})},
        ),
        ({}, {"deployment": DeploymentSettings(own={"bakeTimeInMinutes": 0})}),
        ({"tags": frozenset({("aws:cloudformation:stack-name", "x")})}, {}),
        (
            {"launch_type": "FARGATE", "capacity_providers": frozenset({CapacityProvider("FARGATE")})},
            {"launch_type": "", "capacity_providers": frozenset({CapacityProvider("FARGATE")})},
        ),
    ],
)
def test_what_ecs_fills_in_is_no_change(left: dict[str, object], right: dict[str, object]) -> None:
    assert changed_settings(replace(SETTINGS, **left), replace(SETTINGS, **right)) == ()  # type: ignore[arg-type]
