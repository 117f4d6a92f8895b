# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The deployments of a service, and how they go on: opened, superseded, completed, failed, rolled back.

Every function changes records and is called with `records.LOCK` held.
"""

import secrets
import time
from typing import Any

from sandbox.ministack import cloudwatch
from sandbox.services.ecs.model import revisions, state, wording
from sandbox.services.ecs.model.records import Record, say
from sandbox.services.ecs.model.revisions import Revision, ServiceDeployment
from sandbox.services.ecs.model.values import FailureCause

_ROLLED_BACK = {
    FailureCause.CIRCUIT_BREAKER: wording.ROLLED_BACK_BY_BREAKER,
    FailureCause.ALARM: wording.ROLLED_BACK_BY_ALARM,
}
_FAILED = {
    FailureCause.CIRCUIT_BREAKER: (wording.BREAKER_FAILED, wording.FAILED_BY_BREAKER),
    FailureCause.ALARM: (wording.ALARM_FAILED, wording.FAILED_BY_ALARM),
}


def primary(service: Record) -> Record:
    """The service's PRIMARY deployment."""
    return next(item for item in service["deployments"] if item["status"] == "PRIMARY")


def of_task(service: Record, task: Record) -> Record | None:
    """The deployment that started the task, while it is still listed."""
    return next((item for item in service["deployments"] if item["id"] == task.get("_deployment_id")), None)


def service_deployment(deployment: Record) -> ServiceDeployment:
    """The service deployment that a deployment belongs to."""
    return revisions.SERVICE_DEPLOYMENTS[state.of_deployment(deployment).service_deployment]


def start(service: Record) -> Record:
    """Open a deployment of what the service is configured to run now; what is still under way is superseded."""
    sources = [item for item in service["deployments"] if item["runningCount"] or item["pendingCount"]]
    for item in service["deployments"]:
        if item["status"] == "PRIMARY":
            _supersede(item)
    deployment = _open(service, revisions.create_revision(service))
    record = revisions.create_service_deployment(service, deployment, sources)
    record.alarms_disarmed = bool(triggered_alarms(service))
    _attach(service, deployment, record)
    revisions.settle(record, "IN_PROGRESS")
    return deployment


def complete(service: Record) -> None:
    """The PRIMARY deployment has reached its steady state."""
    deployment = primary(service)
    _move(deployment, "COMPLETED", wording.completed(deployment["id"]))
    state.of_service(service).completed_revision = state.of_deployment(deployment).revision
    record = service_deployment(deployment)
    revisions.settle(record, "ROLLBACK_SUCCESSFUL" if record.is_rollback else "SUCCESSFUL")
    say(service, f"(deployment {deployment['id']}) deployment completed.")


def fail(service: Record, cause: FailureCause) -> None:
    """Give the PRIMARY deployment up; roll back when that is configured and there is something to go back to."""
    deployment, record = primary(service), service_deployment(primary(service))
    reason, status_reason = _FAILED[cause]
    _move(deployment, "FAILED", reason)
    record.tripped = cause is FailureCause.CIRCUIT_BREAKER
    if cause is FailureCause.ALARM:
        record.alarmed = triggered_alarms(service)
    what = "tasks failed to start" if cause is FailureCause.CIRCUIT_BREAKER else "alarm detected"
    say(service, f"(deployment {deployment['id']}) deployment failed: {what}.")
    if record.is_rollback:
        revisions.settle(record, "ROLLBACK_FAILED", status_reason)
    elif _wants_rollback(service, cause):
        if can_roll_back(service):
            roll_back(service, _ROLLED_BACK[cause], "circuit breaker" if record.tripped else "alarm")
        else:
            _stop(record, status_reason + wording.NOTHING_TO_ROLL_BACK_TO)
    else:
        _stop(record, status_reason)


def can_roll_back(service: Record) -> bool:
    """Whether a revision other than the PRIMARY was ever completed."""
    completed = state.of_service(service).completed_revision
    return completed is not None and completed != state.of_deployment(primary(service)).revision


def roll_back(service: Record, reason: str, detector: str) -> None:
    """Make the last completed revision PRIMARY again: its own deployment if that has tasks, else a new deployment."""
    failed = primary(service)
    record = service_deployment(failed)
    revision = revisions.REVISIONS[str(state.of_service(service).completed_revision)]
    captured = revision.shown
    service.update({key: captured.get(key) for key in revisions.CAPTURED if key in service or key in captured})
    failed.update(status="ACTIVE", desiredCount=0)
    if failed["rolloutState"] == "IN_PROGRESS":
        _move(failed, "FAILED", reason)
    kept = next((item for item in service["deployments"] if state.of_deployment(item).revision == revision.arn), None)
    restored = kept or _open(service, revision)
    restored.update(status="PRIMARY", desiredCount=service["desiredCount"], failedTasks=0)
    known = state.of_deployment(restored)
    known.consecutive_failures, known.retry_at = 0, 0.0
    _move(restored, "IN_PROGRESS", wording.rolling_back(restored["id"], detector))
    service["deployments"].sort(key=lambda item: bool(item["status"] != "PRIMARY"))
    record.shown["rollback"] = {
        "reason": reason,
        "startedAt": time.time(),
        "serviceRevisionArn": revision.arn,
    }
    revisions.settle(record, "ROLLBACK_IN_PROGRESS", reason)
    _attach(service, restored, record)
    say(service, f"rolling back to deployment {restored['id']}.")


def abort(service: Record, record: ServiceDeployment) -> None:
    """Stop the deployment where it stands: nothing more is started, nothing is rolled back."""
    _move(primary(service), "FAILED", wording.ABORTED)
    _stop(record, wording.STOPPED_BY_USER)


def close(service: Record) -> None:
    """The service is deleted: what is under way ends."""
    for item in service["deployments"]:
        record = service_deployment(item)
        if record.status not in revisions.FINISHED:
            _stop(record, wording.SERVICE_DELETED)


def settle_requests(service: Record) -> None:
    """Carry out what StopServiceDeployment or a newer deployment asked for."""
    for record in list(revisions.SERVICE_DEPLOYMENTS.values()):
        if record.shown["serviceArn"] != service["serviceArn"]:
            continue
        if record.status == "STOP_REQUESTED":
            _stop(record, record.stop_reason)
        elif record.status == "ROLLBACK_REQUESTED":
            roll_back(service, wording.ROLLED_BACK_BY_USER, "stopped by user")


def prune(service: Record) -> None:
    """Deployments that were replaced and have no task left are no longer listed."""
    service["deployments"] = [
        item for item in service["deployments"] if item["status"] == "PRIMARY" or _has_tasks(item)
    ]


def _has_tasks(deployment: Record) -> bool:
    return bool(deployment["runningCount"] or deployment["pendingCount"] or state.of_deployment(deployment).draining)


def triggered_alarms(service: Record) -> list[str]:
    """The configured deployment alarms that are in ALARM."""
    alarms: dict[str, Any] = service["deploymentConfiguration"].get("alarms") or {}
    if not alarms.get("enable"):
        return []
    return [
        name
        for name in alarms.get("alarmNames") or []
        if (cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name) or {}).get("StateValue") == "ALARM"
    ]


def _open(service: Record, revision: Revision) -> Record:
    now, captured = time.time(), revision.shown
    identity = f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"
    deployment = {
        "id": identity,
        "status": "PRIMARY",
        "desiredCount": service["desiredCount"],
        "pendingCount": 0,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": wording.in_progress(identity),
        **{key: captured[key] for key in revisions.CAPTURED[:5] if key in captured},
        "networkConfiguration": captured.get("networkConfiguration"),
    }
    service["deployments"].insert(0, deployment)
    known = state.of_deployment(deployment)
    known.revision, known.load_balancers = revision.arn, captured.get("loadBalancers") or []
    return deployment


def _attach(service: Record, deployment: Record, record: ServiceDeployment) -> None:
    known = state.of_deployment(deployment)
    known.service_deployment, known.configuration = record.arn, service["deploymentConfiguration"]
    record.deployment, record.state = deployment, known
    service["currentServiceDeployment"] = record.arn
    state.of_service(service).is_steady = False


def _supersede(deployment: Record) -> None:
    deployment.update(status="ACTIVE", desiredCount=0, updatedAt=time.time())
    record = service_deployment(deployment)
    if record.status not in revisions.FINISHED:
        record.stop_reason = wording.SUPERSEDED
        revisions.settle(record, "STOP_REQUESTED", wording.SUPERSEDED)


def _stop(record: ServiceDeployment, reason: str) -> None:
    revisions.settle(record, "STOPPED", reason, stoppedAt=time.time())


def _move(deployment: Record, rollout_state: str, reason: str) -> None:
    deployment.update(rolloutState=rollout_state, rolloutStateReason=reason, updatedAt=time.time())
    state.of_deployment(deployment).baking_since = None


def _wants_rollback(service: Record, cause: FailureCause) -> bool:
    configuration = service["deploymentConfiguration"]
    section = "deploymentCircuitBreaker" if cause is FailureCause.CIRCUIT_BREAKER else "alarms"
    return bool((configuration.get(section) or {}).get("rollback"))
