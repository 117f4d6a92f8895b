# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's answers as values of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..service.deployment import Pause, Progress, ServiceDeployment, parse_state
from ..service.unmanaged import read_unmanaged
from ..values import (
    BREAKER,
    CapacityProvider,
    ContainerState,
    Deployment,
    DeploymentSettings,
    Network,
    Service,
    ServiceEvent,
    ServiceSettings,
    TargetBinding,
    Task,
    TaskDefinition,
    TrafficShift,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Answer = Mapping[str, Any]

_OF_EVERY_STRATEGY = frozenset(
    {"strategy", "minimumHealthyPercent", "maximumPercent", "deploymentCircuitBreaker", "alarms"}
)


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
        deployments=tuple(
            Deployment(listed["id"], listed["status"], listed.get("createdAt"))
            for listed in answer.get("deployments", [])
        ),
        controller=answer.get("deploymentController", {}).get("type", "ECS"),
        scheduling=answer.get("schedulingStrategy", "REPLICA"),
        unmanaged=read_unmanaged(answer),
        events=tuple(ServiceEvent(event["createdAt"], event.get("message", "")) for event in answer.get("events", [])),
    )


def _read_settings(answer: Answer) -> ServiceSettings:
    network = answer.get("networkConfiguration", {}).get("awsvpcConfiguration")
    return ServiceSettings(
        launch_type=answer.get("launchType", ""),
        capacity_providers=frozenset(
            CapacityProvider(provider["capacityProvider"], provider.get("weight", 0), provider.get("base", 0))
            for provider in answer.get("capacityProviderStrategy", [])
        ),
        platform_version=answer.get("platformVersion", ""),
        network=_read_network(network) if network else None,
        target_bindings=frozenset(
            TargetBinding(
                balancer["targetGroupArn"],
                balancer["containerName"],
                balancer["containerPort"],
                _read_shift(balancer.get("advancedConfiguration") or {}),
            )
            for balancer in answer.get("loadBalancers", [])
            if balancer.get("targetGroupArn")
        ),
        health_check_grace_period_seconds=answer.get("healthCheckGracePeriodSeconds", 0),
        deployment=read_deployment_settings(answer.get("deploymentConfiguration", {})),
        enable_execute_command=answer.get("enableExecuteCommand", False),
        propagate_tags=answer.get("propagateTags", "NONE"),
        enable_ecs_managed_tags=answer.get("enableECSManagedTags", False),
        tags=frozenset((tag["key"], tag.get("value", "")) for tag in answer.get("tags", [])),
    )


def _read_shift(answer: Answer) -> TrafficShift | None:
    if not answer.get("alternateTargetGroupArn"):
        return None
    return TrafficShift(
        alternate_target_group_arn=answer["alternateTargetGroupArn"],
        role_arn=answer.get("roleArn", ""),
        production_rule_arn=answer.get("productionListenerRule", ""),
        test_rule_arn=answer.get("testListenerRule", ""),
    )


def _read_network(answer: Answer) -> Network:
    return Network(
        frozenset(answer["subnets"]),
        frozenset(answer.get("securityGroups", [])),
        answer.get("assignPublicIp", "DISABLED") == "ENABLED",
    )


def read_deployment_settings(answer: Answer) -> DeploymentSettings:
    breaker, alarms = answer.get("deploymentCircuitBreaker", {}), answer.get("alarms", {})
    return DeploymentSettings(
        strategy=answer.get("strategy", "ROLLING"),
        minimum_healthy_percent=answer.get("minimumHealthyPercent", 100),
        maximum_percent=answer.get("maximumPercent", 200),
        circuit_breaker=breaker.get("enable", False),
        circuit_breaker_rollback=breaker.get("rollback", False),
        alarms=frozenset(alarms.get("alarmNames", [])) if alarms.get("enable") else frozenset(),
        alarm_rollback=alarms.get("rollback", False),
        # Members of strategies that the service does not have are given as 0 or empty.
        own={
            **{name: _read_own(name, member) for name, member in answer.items() if _is_own(name, member)},
            **_read_breaker(breaker),
        },
    )


def _read_breaker(answer: Answer) -> dict[str, Any]:
    """What its strategy has of a circuit breaker; nothing where it says nothing."""
    own = {name: member for name, member in answer.items() if name not in ("enable", "rollback")}
    return {BREAKER: own} if own else {}


def _is_own(name: str, member: Any) -> bool:
    return name not in _OF_EVERY_STRATEGY and bool(member)


def _read_own(name: str, member: Any) -> Any:
    """A member of the strategy's own. Hooks keep what is set, and their stages no order."""
    if name != "lifecycleHooks":
        return member
    hooks = [{key: value for key, value in hook.items() if value} for hook in member]
    return [{**hook, "lifecycleStages": sorted(hook.get("lifecycleStages", []))} for hook in hooks]


def read_task_definition(answer: Answer, document: Answer) -> TaskDefinition:
    """A `TaskDefinition` of the API; *document* is what of it can be registered."""
    return TaskDefinition(
        arn=answer["taskDefinitionArn"],
        family=answer["family"],
        revision=answer["revision"],
        active=answer.get("status", "ACTIVE") == "ACTIVE",
        document=document,
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
        progress=_read_progress(answer),
    )


def _read_progress(answer: Answer) -> Progress:
    target = answer.get("targetServiceRevision", {})
    return Progress(
        stage=answer.get("lifecycleStage", ""),
        weight=target.get("requestedProductionTrafficWeight"),
        test_weight=target.get("requestedTestTrafficWeight"),
        pauses=tuple(
            Pause(hook["hookId"], hook.get("expiresAt"), hook.get("timeoutAction", ""))
            for hook in answer.get("lifecycleHookDetails", [])
            if hook.get("hookId") and hook.get("targetType") == "PAUSE" and hook.get("status") == "AWAITING_ACTION"
        ),
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
        started_by=answer.get("startedBy", ""),
        containers=tuple(
            ContainerState(
                container["name"],
                container.get("exitCode"),
                container.get("reason", ""),
                container.get("healthStatus", ""),
            )
            for container in answer.get("containers", [])
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
