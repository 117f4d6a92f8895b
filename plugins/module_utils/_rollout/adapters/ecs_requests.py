# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of ours as ECS's requests take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..values import BREAKER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..service.writes import OneOffTask
    from ..values import DeploymentSettings, Network, ServiceSettings, TrafficShift


def write_tags(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Tags as ECS takes them."""
    return [{"key": key, "value": value} for key, value in sorted(tags)]


def write_network(network: Network) -> dict[str, Any]:
    """A ``networkConfiguration``."""
    return {
        "awsvpcConfiguration": {
            "subnets": sorted(network.subnets),
            "securityGroups": sorted(network.security_groups),
            "assignPublicIp": "ENABLED" if network.assign_public_ip else "DISABLED",
        }
    }


def write_settings(settings: ServiceSettings, *, only: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Arguments of CreateService, or with *only* of UpdateService: those settings, by their names in `ServiceSettings`.

    Tags and the launch type can only be given at creation; for a living service tags have calls of their own.
    """
    creating = only is None
    written: dict[str, dict[str, Any]] = {
        "platform_version": _write_platform(settings),
        "network": {"networkConfiguration": write_network(settings.network)} if settings.network else {},
        "target_bindings": {"loadBalancers": _write_bindings(settings)},
        # ECS takes one only with a load balancer.
        "health_check_grace_period_seconds": {
            "healthCheckGracePeriodSeconds": settings.health_check_grace_period_seconds
        }
        if settings.target_bindings
        else {},
        "deployment": {"deploymentConfiguration": _write_deployment(settings.deployment, creating=creating)},
        "enable_execute_command": {"enableExecuteCommand": settings.enable_execute_command},
        "propagate_tags": {"propagateTags": settings.propagate_tags},
        "enable_ecs_managed_tags": {"enableECSManagedTags": settings.enable_ecs_managed_tags},
        "capacity_providers": {"capacityProviderStrategy": _write_providers(settings)},
    }
    if creating:
        written["tags"] = {"tags": write_tags(settings.tags)} if settings.tags else {}
        written["capacity_providers"] = _write_capacity(settings)
    names = written if only is None else [name for name in only if name in written]
    return {key: value for name in names for key, value in written[name].items()}


def write_task(settings: ServiceSettings) -> dict[str, Any]:
    """Arguments of RunTask that run a task of no service as the service of these *settings* runs its own.

    RunTask knows no service to propagate tags from, so that the service's are given as the task's own.
    """
    written = {
        **_write_capacity(settings),
        **_write_platform(settings),
        "enableExecuteCommand": settings.enable_execute_command,
        "enableECSManagedTags": settings.enable_ecs_managed_tags,
    }
    if settings.network:
        written["networkConfiguration"] = write_network(settings.network)
    if settings.propagate_tags == "TASK_DEFINITION":
        written["propagateTags"] = settings.propagate_tags
    if settings.propagate_tags == "SERVICE" and settings.tags:
        written["tags"] = write_tags(settings.tags)
    return written


def write_overrides(task: OneOffTask) -> dict[str, Any]:
    """``overrides`` of RunTask: what the task does otherwise than its revision says."""
    container: dict[str, Any] = {"name": task.container, "command": list(task.command)}
    if task.environment:
        container["environment"] = [{"name": name, "value": value} for name, value in task.environment]
    return {
        "containerOverrides": [container],
        **({"cpu": str(task.cpu)} if task.cpu else {}),
        **({"memory": str(task.memory_mib)} if task.memory_mib else {}),
        **({"taskRoleArn": task.task_role_arn} if task.task_role_arn else {}),
    }


def _write_capacity(settings: ServiceSettings) -> dict[str, Any]:
    if settings.capacity_providers:
        return {"capacityProviderStrategy": _write_providers(settings)}
    return {"launchType": settings.launch_type} if settings.launch_type else {}


def _write_platform(settings: ServiceSettings) -> dict[str, Any]:
    return {"platformVersion": settings.platform_version or "LATEST"} if settings.on_fargate else {}


def _write_bindings(settings: ServiceSettings) -> list[dict[str, Any]]:
    return [
        {
            "targetGroupArn": binding.target_group_arn,
            "containerName": binding.container_name,
            "containerPort": binding.container_port,
            **_write_shift(binding.shift),
        }
        for binding in sorted(settings.target_bindings, key=lambda binding: binding.target_group_arn)
    ]


def _write_shift(shift: TrafficShift | None) -> dict[str, Any]:
    if shift is None:
        return {}
    advanced = {
        "alternateTargetGroupArn": shift.alternate_target_group_arn,
        "productionListenerRule": shift.production_rule_arn,
        "roleArn": shift.role_arn,
    }
    # ECS refuses an empty rule.
    if shift.test_rule_arn:
        advanced["testListenerRule"] = shift.test_rule_arn
    return {"advancedConfiguration": advanced}


def _write_providers(settings: ServiceSettings) -> list[dict[str, Any]]:
    return [
        {"capacityProvider": provider.name, "weight": provider.weight, "base": provider.base}
        for provider in sorted(settings.capacity_providers, key=lambda provider: provider.name)
    ]


def _write_deployment(deployment: DeploymentSettings, *, creating: bool) -> dict[str, Any]:
    own = {name: member for name, member in deployment.own.items() if name != BREAKER}
    written: dict[str, Any] = {
        "strategy": deployment.strategy,
        "minimumHealthyPercent": deployment.minimum_healthy_percent,
        "maximumPercent": deployment.maximum_percent,
        "deploymentCircuitBreaker": {
            "enable": deployment.circuit_breaker,
            "rollback": deployment.circuit_breaker and deployment.circuit_breaker_rollback,
            **deployment.own.get(BREAKER, {}),
        },
        **own,
    }
    # A living service keeps its alarms unless it is told that there are none.
    if deployment.alarms or not creating:
        written["alarms"] = {
            "alarmNames": sorted(deployment.alarms),
            "enable": bool(deployment.alarms),
            "rollback": bool(deployment.alarms) and deployment.alarm_rollback,
        }
    return written
