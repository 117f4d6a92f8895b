"""Service revisions and service deployments: the history that DescribeServices does not show.

ARNs carry account and region, so plain dictionaries hold every account's records.
"""

import secrets
import time
from collections.abc import Iterable
from typing import Any

from sandbox.ministack import responses
from sandbox.services.ecs.model.breaker import threshold
from sandbox.services.ecs.model.records import Record, cluster_name

REVISIONS: dict[str, Record] = {}
SERVICE_DEPLOYMENTS: dict[str, Record] = {}
# What a revision keeps of a service, and a rollback restores.
CAPTURED = (
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)
FINISHED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


def forget() -> None:
    """Forget every record."""
    REVISIONS.clear()
    SERVICE_DEPLOYMENTS.clear()


def create_revision(service: Record) -> Record:
    """Capture what the service is to run now."""
    number = secrets.randbelow(9 * 10**18) + 10**18
    arn = _arn("service-revision", service, str(number))
    revision = {
        "serviceRevisionArn": arn,
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": time.time(),
        **{key: service[key] for key in CAPTURED if service.get(key)},
        "_digests": {},
    }
    REVISIONS[arn] = revision
    return revision


def create_service_deployment(service: Record, deployment: Record, sources: Iterable[Record]) -> Record:
    """Open the service deployment of a new deployment; `sources` are the deployments whose tasks run now."""
    identity = "".join(secrets.choice(_ID_ALPHABET) for _ in range(21))
    now = time.time()
    record = {
        "serviceDeploymentArn": _arn("service-deployment", service, identity),
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "sourceServiceRevisions": [summary(source) for source in sources],
        "status": "PENDING",
        "_deployment": deployment,
        "_revision": deployment["_revision"],
    }
    SERVICE_DEPLOYMENTS[record["serviceDeploymentArn"]] = record
    return record


def summary(deployment: Record) -> Record:
    """`ServiceRevisionSummary` of a deployment."""
    return {
        "arn": deployment["_revision"],
        "requestedTaskCount": deployment["desiredCount"],
        "runningTaskCount": deployment["runningCount"],
        "pendingTaskCount": deployment["pendingCount"],
    }


def settle(record: Record, status: str, reason: str | None = None, **times: float) -> None:
    """Move a service deployment to another status."""
    record.update(status=status, updatedAt=time.time(), **times)
    if reason:
        record["statusReason"] = reason
    if status in FINISHED:
        record.setdefault("finishedAt", time.time())
        record["_configuration"] = dict(record["_deployment"].get("_configuration") or {})
        record["_final"] = summary(record["_deployment"])


def pinned_digests(service: Record, task: Record) -> dict[str, str]:
    """Digests by container name that the task's revision has established; the dictionary itself, to be added to."""
    for deployment in service["deployments"]:
        if deployment["id"] == task.get("_deployment_id"):
            digests: dict[str, str] = REVISIONS[deployment["_revision"]]["_digests"]
            return digests
    return {}


def breaker_view(record: Record, configuration: Record, desired: int) -> Record:
    """`ServiceDeploymentCircuitBreaker` of a service deployment."""
    limit = threshold(configuration.get("deploymentCircuitBreaker") or {}, desired)
    if limit is None:
        return {"status": "DISABLED"}
    return {"status": _monitor(record, "_tripped"), "failureCount": record.get("_failures", 0), "threshold": limit}


def alarms_view(record: Record, configuration: Record) -> Record:
    """`ServiceDeploymentAlarms` of a service deployment."""
    alarms: dict[str, Any] = configuration.get("alarms") or {}
    names = alarms.get("alarmNames") or []
    if not alarms.get("enable") or record.get("_alarms_disarmed"):
        return {"status": "DISABLED", "alarmNames": names}
    return {
        "status": _monitor(record, "_alarmed"),
        "alarmNames": names,
        "triggeredAlarmNames": record.get("_alarmed") or [],
    }


def _monitor(record: Record, tripped: str) -> str:
    if record.get(tripped):
        return "TRIGGERED"
    return "MONITORING" if record["status"] in ("PENDING", "IN_PROGRESS") else "MONITORING_COMPLETE"


def _arn(kind: str, service: Record, identity: str) -> str:
    owner = f"{cluster_name(service)}/{service['serviceName']}"
    return f"arn:aws:ecs:{responses.get_region()}:{responses.get_account_id()}:{kind}/{owner}/{identity}"
