# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The events of deployments and of their lifecycle hooks on the account's bus.

AWS: ECS developer guide, "Amazon ECS service deployment state change events" and "Amazon ECS service deployment hook
state change events".
"""

import datetime as dt
from typing import Any

from sandbox import events
from sandbox.services.ecs.model.records import Record
from sandbox.services.ecs.model.stages import Hook, HookStatus

_NEWS = {
    "IN_PROGRESS": ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    "COMPLETED": ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    "FAILED": ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
}


def deployment_moved(service: Record, deployment: Record) -> None:
    """Tell of a deployment's `rolloutState`; of FAILED only where the service's circuit breaker is on."""
    breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    if deployment["rolloutState"] == "FAILED" and not breaker.get("enable"):
        return
    kind, name = _NEWS[deployment["rolloutState"]]
    detail = {
        "eventType": kind,
        "eventName": name,
        "clusterArn": service["clusterArn"],
        "deploymentId": deployment["id"],
        "updatedAt": _moment(deployment["updatedAt"]),
        "reason": deployment["rolloutStateReason"],
    }
    events.emit("aws.ecs", "ECS Deployment State Change", detail, [service["serviceArn"]])


def hook_changed(service: Record, service_deployment: str, hook: Hook, now: float) -> None:
    """Tell of the status that a hook has come to."""
    detail: dict[str, Any] = {
        "eventType": "INFO" if hook.status in (HookStatus.AWAITING_ACTION, HookStatus.SUCCEEDED) else "ERROR",
        "eventName": f"HOOK_{hook.status}",
        "hookId": hook.id,
        "hookType": "PAUSE",
        "expiresAt": _moment(hook.expires_at),
        "lifecycleStage": hook.stage.value,
        "clusterArn": service["clusterArn"],
        "serviceArn": service["serviceArn"],
        "serviceDeploymentArn": service_deployment,
        "updatedAt": _moment(now),
    }
    events.emit("aws.ecs", "ECS Hook State Change", detail, [service_deployment])


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
