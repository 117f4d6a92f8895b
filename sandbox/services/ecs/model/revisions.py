# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Service revisions and service deployments: the history that DescribeServices does not show.

They are the sandbox's own: MiniStack has no records of them. ARNs carry account and region, so plain dictionaries hold
those of every account.
"""

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.ministack import responses
from sandbox.services.ecs.model import state
from sandbox.services.ecs.model.breaker import threshold
from sandbox.services.ecs.model.records import Record, cluster_name
from sandbox.services.ecs.model.stages import Course

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


@dataclass
class Revision:
    """A service revision; `shown` has the members of the API."""

    arn: str
    shown: Record
    load_balancers: list[Record] = field(default_factory=list)
    """Its load balancers with the target groups that it really uses."""
    digests: dict[str, str] = field(default_factory=dict)
    """What the images were when the revision first ran, by container."""


@dataclass
class ServiceDeployment:
    """A service deployment; `shown` has those members of the API that do not follow from the rest."""

    arn: str
    shown: Record
    deployment: Record
    state: state.Deployment
    revision: str
    """The ARN of the revision that it was to bring; it stays when the deployment is rolled back."""
    tripped: bool = False
    alarmed: list[str] = field(default_factory=list)
    alarms_disarmed: bool = False
    """Whether an alarm was in ALARM already when it began."""
    failures: int = 0
    stop_reason: str = ""
    configuration: Record | None = None
    """Its deployment's configuration at its end."""
    course: Course | None = None
    """How far it has come, if it shifts traffic."""
    source: Record | None = None
    """The deployment whose tasks serve while it shifts traffic; None for a first one."""
    is_networking_checked: bool = False
    """Whether its listener rules were found to be as they must."""
    final: Record | None = None
    """The counts at its end."""

    @property
    def status(self) -> str:
        """`status` of the API."""
        return str(self.shown["status"])

    @property
    def shift(self) -> Course | None:
        """Where it stands, while traffic goes to its revision and not back."""
        return None if self.is_rollback else self.course

    @property
    def weight(self) -> float:
        """Production's share of the revision that is PRIMARY, in per cent: all of it where none is shifted."""
        if self.shift is None:
            return 100.0
        shifted = self.shift.step.weight
        # Without a running revision there is nobody to leave a part to.
        return 100.0 if shifted and self.source is None else shifted

    @property
    def is_rollback(self) -> bool:
        """Whether it has begun to go back."""
        return "rollback" in self.shown


REVISIONS: dict[str, Revision] = {}
SERVICE_DEPLOYMENTS: dict[str, ServiceDeployment] = {}


def forget() -> None:
    """Forget every record."""
    REVISIONS.clear()
    SERVICE_DEPLOYMENTS.clear()


def create_revision(service: Record) -> Revision:
    """Capture what the service is to run now."""
    number = secrets.randbelow(9 * 10**18) + 10**18
    arn = _arn("service-revision", service, str(number))
    shown = {
        "serviceRevisionArn": arn,
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": time.time(),
        **{key: service[key] for key in CAPTURED if service.get(key)},
    }
    REVISIONS[arn] = Revision(arn, shown, service.get("loadBalancers") or [])
    return REVISIONS[arn]


def create_service_deployment(service: Record, deployment: Record, sources: Iterable[Record]) -> ServiceDeployment:
    """Open the service deployment of a new deployment; `sources` are the deployments whose tasks run now."""
    identity = "".join(secrets.choice(_ID_ALPHABET) for _ in range(21))
    now = time.time()
    arn = _arn("service-deployment", service, identity)
    shown = {
        "serviceDeploymentArn": arn,
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "sourceServiceRevisions": [summary(source) for source in sources],
        "status": "PENDING",
    }
    known = state.of_deployment(deployment)
    SERVICE_DEPLOYMENTS[arn] = ServiceDeployment(arn, shown, deployment, known, known.revision)
    return SERVICE_DEPLOYMENTS[arn]


def summary(deployment: Record) -> Record:
    """`ServiceRevisionSummary` of a deployment."""
    return {
        "arn": state.of_deployment(deployment).revision,
        "requestedTaskCount": deployment["desiredCount"],
        "runningTaskCount": deployment["runningCount"],
        "pendingTaskCount": deployment["pendingCount"],
    }


def shifting_view(record: ServiceDeployment) -> Record:
    """`lifecycleStage` and `lifecycleHookDetails` of a service deployment that shifts traffic."""
    if record.course is None:
        return {}
    details = [
        {
            "hookId": hook.id,
            "targetType": "PAUSE",
            "status": hook.status.value,
            "expiresAt": hook.expires_at,
            "timeoutAction": hook.timeout_action,
        }
        for hook in record.course.hooks
    ]
    return {"lifecycleStage": record.course.step.stage.value} | ({"lifecycleHookDetails": details} if details else {})


def traffic_view(record: ServiceDeployment, *, target: bool) -> Record:
    """The weights of a `ServiceRevisionSummary`: of the revision that is deployed (`target`), or of the one before."""
    if record.course is None:
        return {}
    production = record.weight if record.shift else 0.0
    test = 100.0 if record.shift and record.shift.tests else 0.0
    return {
        "requestedProductionTrafficWeight": production if target else 100.0 - production,
        "requestedTestTrafficWeight": test if target else 100.0 - test,
    }


def settle(record: ServiceDeployment, status: str, reason: str | None = None, **times: float) -> None:
    """Move a service deployment to another status."""
    record.shown.update(status=status, updatedAt=time.time(), **times)
    if reason:
        record.shown["statusReason"] = reason
    if status in FINISHED:
        record.shown.setdefault("finishedAt", time.time())
        record.configuration = dict(record.state.configuration)
        record.final = summary(record.deployment)


def pinned_digests(service: Record, task: Record) -> dict[str, str]:
    """Digests by container name that the task's revision has established; the dictionary itself, to be added to."""
    for deployment in service["deployments"]:
        if deployment["id"] == task.get("_deployment_id"):
            return REVISIONS[state.of_deployment(deployment).revision].digests
    return {}


def breaker_view(record: ServiceDeployment, configuration: Record, desired: int) -> Record:
    """`ServiceDeploymentCircuitBreaker` of a service deployment."""
    limit = threshold(configuration.get("deploymentCircuitBreaker") or {}, desired)
    if limit is None:
        return {"status": "DISABLED"}
    status = _monitor(record, tripped=record.tripped)
    return {"status": status, "failureCount": record.failures, "threshold": limit}


def alarms_view(record: ServiceDeployment, configuration: Record) -> Record:
    """`ServiceDeploymentAlarms` of a service deployment."""
    alarms: dict[str, Any] = configuration.get("alarms") or {}
    names = alarms.get("alarmNames") or []
    if not alarms.get("enable") or record.alarms_disarmed:
        return {"status": "DISABLED", "alarmNames": names}
    return {
        "status": _monitor(record, tripped=bool(record.alarmed)),
        "alarmNames": names,
        "triggeredAlarmNames": record.alarmed,
    }


def _monitor(record: ServiceDeployment, *, tripped: bool) -> str:
    if tripped:
        return "TRIGGERED"
    return "MONITORING" if record.status in ("PENDING", "IN_PROGRESS") else "MONITORING_COMPLETE"


def _arn(kind: str, service: Record, identity: str) -> str:
    owner = f"{cluster_name(service)}/{service['serviceName']}"
    return f"arn:aws:ecs:{responses.get_region()}:{responses.get_account_id()}:{kind}/{owner}/{identity}"
