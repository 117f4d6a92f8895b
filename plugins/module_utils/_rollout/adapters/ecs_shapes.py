# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECS's answers as values of ours, and ours as its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..deployment import ServiceDeployment, parse_state
from ..values import (
    CapacityProvider,
    ContainerState,
    Deployment,
    DeploymentSettings,
    Network,
    Service,
    ServiceSettings,
    TargetBinding,
    Task,
    TaskDefinition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Answer = Mapping[str, Any]


def read_service(answer: Answer) -> Service:
    """A `Service` of the API."""
    return Service(
        arn=answer["serviceArn"],
        name=answer["serviceName"],
        status=answer["status"],
        task_definition_arn=answer.get("taskDefinition", ""),
        desired_count=answer.get("desiredCount", 0),
        running_count=answer.get("runningCount", 0),
        settings=_read_settings(answer),
        deployments=tuple(_read_deployment(listed) for listed in answer.get("deployments", [])),
        controller=answer.get("deploymentController", {}).get("type", "ECS"),
        scheduling=answer.get("schedulingStrategy", "REPLICA"),
    )


def _read_deployment(answer: Answer) -> Deployment:
    return Deployment(
        id=answer["id"],
        status=answer["status"],
        task_definition_arn=answer.get("taskDefinition", ""),
        created_at=answer["createdAt"],
        rollout_state=answer.get("rolloutState", ""),
    )


def _read_settings(answer: Answer) -> ServiceSettings:
    network = answer.get("networkConfiguration", {}).get("awsvpcConfiguration")
    return ServiceSettings(
        launch_type=answer.get("launchType", ""),
        capacity_providers=frozenset(
            CapacityProvider(one["capacityProvider"], one.get("weight", 0), one.get("base", 0))
            for one in answer.get("capacityProviderStrategy", [])
        ),
        platform_version=answer.get("platformVersion", ""),
        network=_read_network(network) if network else None,
        target_bindings=frozenset(
            TargetBinding(one["targetGroupArn"], one["containerName"], one["containerPort"])
            for one in answer.get("loadBalancers", [])
            if one.get("targetGroupArn")
        ),
        health_check_grace_period_seconds=answer.get("healthCheckGracePeriodSeconds", 0),
        deployment=_read_deployment_settings(answer.get("deploymentConfiguration", {})),
        enable_execute_command=answer.get("enableExecuteCommand", False),
        propagate_tags=answer.get("propagateTags", "NONE"),
        enable_ecs_managed_tags=answer.get("enableECSManagedTags", False),
        tags=frozenset((one["key"], one.get("value", "")) for one in answer.get("tags", [])),
    )


def _read_network(answer: Answer) -> Network:
    return Network(
        frozenset(answer["subnets"]),
        frozenset(answer.get("securityGroups", [])),
        answer.get("assignPublicIp", "DISABLED") == "ENABLED",
    )


def _read_deployment_settings(answer: Answer) -> DeploymentSettings:
    breaker, alarms = answer.get("deploymentCircuitBreaker", {}), answer.get("alarms", {})
    return DeploymentSettings(
        strategy=answer.get("strategy", "ROLLING"),
        minimum_healthy_percent=answer.get("minimumHealthyPercent", 100),
        maximum_percent=answer.get("maximumPercent", 200),
        circuit_breaker=breaker.get("enable", False),
        circuit_breaker_rollback=breaker.get("rollback", False),
        alarms=frozenset(alarms.get("alarmNames", [])) if alarms.get("enable") else frozenset(),
        alarm_rollback=alarms.get("rollback", False),
    )


def read_task_definition(answer: Answer) -> TaskDefinition:
    """A `TaskDefinition` of the API."""
    return TaskDefinition(
        arn=answer["taskDefinitionArn"],
        family=answer["family"],
        revision=answer["revision"],
        active=answer.get("status", "ACTIVE") == "ACTIVE",
        document=answer,
    )


def read_service_deployment(answer: Answer) -> ServiceDeployment:
    """A `ServiceDeployment` or `ServiceDeploymentBrief` of the API."""
    target = answer.get("targetServiceRevision", {}).get("arn") or answer.get("targetServiceRevisionArn", "")
    reason = answer.get("statusReason") or answer.get("rollback", {}).get("reason") or ""
    return ServiceDeployment(
        arn=answer["serviceDeploymentArn"],
        state=parse_state(answer.get("status", "")),
        created_at=answer["createdAt"],
        target_revision_arn=target,
        reason=reason,
        breaker=answer.get("deploymentCircuitBreaker", {}).get("status", ""),
    )


def read_task(answer: Answer) -> Task:
    """A `Task` of the API."""
    return Task(
        arn=answer["taskArn"],
        group=answer.get("group", ""),
        task_definition_arn=answer["taskDefinitionArn"],
        last_status=answer.get("lastStatus", ""),
        created_at=answer["createdAt"],
        started=bool(answer.get("startedAt")),
        address=_address(answer),
        stop_code=answer.get("stopCode", "") or ("" if answer.get("lastStatus") != "STOPPED" else "Unknown"),
        stopped_reason=answer.get("stoppedReason", ""),
        containers=tuple(
            ContainerState(one["name"], one.get("exitCode"), one.get("reason", ""))
            for one in answer.get("containers", [])
        ),
    )


def _address(answer: Answer) -> str:
    for attachment in answer.get("attachments", []):
        for detail in attachment.get("details", []):
            if detail.get("name") == "privateIPv4Address":
                return str(detail["value"])
    for container in answer.get("containers", []):
        for interface in container.get("networkInterfaces", []):
            if interface.get("privateIpv4Address"):
                return str(interface["privateIpv4Address"])
    return ""


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
        "platform_version": {"platformVersion": settings.platform_version},
        "network": {"networkConfiguration": write_network(settings.network)} if settings.network else {},
        "target_bindings": {"loadBalancers": _write_bindings(settings)},
        "health_check_grace_period_seconds": {
            "healthCheckGracePeriodSeconds": settings.health_check_grace_period_seconds
        },
        "deployment": {"deploymentConfiguration": _write_deployment(settings.deployment, creating=creating)},
        "enable_execute_command": {"enableExecuteCommand": settings.enable_execute_command},
        "propagate_tags": {"propagateTags": settings.propagate_tags},
        "enable_ecs_managed_tags": {"enableECSManagedTags": settings.enable_ecs_managed_tags},
        "capacity_providers": {"capacityProviderStrategy": _write_providers(settings)},
    }
    if creating:
        written["tags"] = {"tags": write_tags(settings.tags)} if settings.tags else {}
        if settings.capacity_providers:
            written["launch_type"] = {}
        else:
            written["launch_type"] = {"launchType": settings.launch_type}
            del written["capacity_providers"]
        if settings.launch_type != "FARGATE" and not settings.capacity_providers:
            del written["platform_version"]
    names = written if only is None else [name for name in only if name in written]
    return {key: value for name in names for key, value in written[name].items()}


def _write_bindings(settings: ServiceSettings) -> list[dict[str, Any]]:
    return [
        {
            "targetGroupArn": one.target_group_arn,
            "containerName": one.container_name,
            "containerPort": one.container_port,
        }
        for one in sorted(settings.target_bindings, key=lambda one: one.target_group_arn)
    ]


def _write_providers(settings: ServiceSettings) -> list[dict[str, Any]]:
    return [
        {"capacityProvider": one.name, "weight": one.weight, "base": one.base}
        for one in sorted(settings.capacity_providers, key=lambda one: one.name)
    ]


def _write_deployment(deployment: DeploymentSettings, *, creating: bool) -> dict[str, Any]:
    written: dict[str, Any] = {
        "strategy": deployment.strategy,
        "minimumHealthyPercent": deployment.minimum_healthy_percent,
        "maximumPercent": deployment.maximum_percent,
        "deploymentCircuitBreaker": {
            "enable": deployment.circuit_breaker,
            "rollback": deployment.circuit_breaker and deployment.circuit_breaker_rollback,
        },
    }
    # A living service keeps its alarms unless it is told that there are none.
    if deployment.alarms or not creating:
        written["alarms"] = {
            "alarmNames": sorted(deployment.alarms),
            "enable": bool(deployment.alarms),
            "rollback": bool(deployment.alarms) and deployment.alarm_rollback,
        }
    return written
