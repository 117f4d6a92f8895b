# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The deployments of a service, and how they go on: opened, superseded, completed, failed, rolled back.

Every function changes records and is called with `records.LOCK` held.
"""

import secrets
import time
from typing import Any

from sandbox.ministack import cloudwatch
from sandbox.services.ecs.model import notices, revisions, state, wording
from sandbox.services.ecs.model.pace import baked, scaled
from sandbox.services.ecs.model.records import Record, say
from sandbox.services.ecs.model.revisions import Revision, ServiceDeployment
from sandbox.services.ecs.model.stages import MINUTE, Course, HookStatus, Stage, Turn, advance, begin, changed, steps
from sandbox.services.ecs.model.values import FailureCause
from sandbox.services.ecs.model.weights import kept, resolved

_FAILED = {
    FailureCause.CIRCUIT_BREAKER: wording.BREAKER_FAILED,
    FailureCause.ALARM: wording.ALARM_FAILED,
    FailureCause.HOOK: wording.HOOK_FAILED,
    FailureCause.NETWORKING: wording.NETWORKING_FAILED,
}
_CAUSES = {
    FailureCause.CIRCUIT_BREAKER: wording.BREAKER_TRIPPED,
    FailureCause.ALARM: wording.ALARM_TRIGGERED,
}
_TOLD = {
    FailureCause.CIRCUIT_BREAKER: "tasks failed to start",
    FailureCause.ALARM: "alarm detected",
    FailureCause.HOOK: "lifecycle hook failed",
    FailureCause.NETWORKING: "invalid networking configuration",
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
    serving = _serving(service)
    for item in service["deployments"]:
        if item["status"] == "PRIMARY":
            _supersede(item)
    revision = revisions.create_revision(service)
    taken, place = _target_groups(serving), resolved if shifts(service) else kept
    revision.load_balancers = [place(entry, taken) for entry in revision.load_balancers]
    deployment = _open(service, revision)
    record = revisions.create_service_deployment(service, deployment, sources)
    record.alarms_disarmed = bool(triggered_alarms(service))
    _attach(service, deployment, record)
    notices.deployment_moved(service, deployment)
    if shifts(service):
        _set_out(service, record, serving, reconciles=len(sources) > 1)
    revisions.settle(record, "IN_PROGRESS")
    return deployment


def shifts(service: Record) -> bool:
    """Whether its deployments shift traffic from one target group to the other."""
    return bool(service["deploymentConfiguration"].get("strategy", "ROLLING") != "ROLLING")


def _serving(service: Record) -> Record | None:
    """The deployment of the revision that completed last, while it is listed."""
    completed = state.of_service(service).completed_revision
    return next((item for item in service["deployments"] if state.of_deployment(item).revision == completed), None)


def _target_groups(deployment: Record | None) -> frozenset[str]:
    known = state.of_deployment(deployment).load_balancers if deployment else []
    return frozenset(entry["targetGroupArn"] for entry in known if entry.get("targetGroupArn"))


def _set_out(service: Record, record: ServiceDeployment, source: Record | None, *, reconciles: bool) -> None:
    configuration, minute = service["deploymentConfiguration"], scaled(MINUTE)
    way = steps(configuration, minute=baked(1), reconciles=reconciles)
    record.source = source
    hooks = configuration.get("lifecycleHooks") or []
    keep(service, record, begin(way, hooks, time.time(), minute=minute, deployment=record.arn))


def keep(service: Record, record: ServiceDeployment, course: Course) -> None:
    """Keep how far a deployment has come, and tell of its hooks that fired or ended."""
    before, record.course = record.course, course
    for hook in changed(before, course):
        notices.hook_changed(service, record.arn, hook, time.time())


def held(service: Record) -> Record | None:
    """The deployment that goes on serving beside the PRIMARY one, until that has taken all traffic; None without."""
    record = service_deployment(primary(service))
    return record.source if record.shift and record.shift.step.stage is not Stage.CLEAN_UP else None


def go_on(service: Record, record: ServiceDeployment, course: Course, *, done: bool) -> None:
    """The next look at a deployment that stands on this *course*; *done* as `stages.advance` has it."""
    hooks = record.state.configuration.get("lifecycleHooks") or []
    now_at, turn = advance(course, hooks, time.time(), done=done, minute=scaled(MINUTE))
    keep(service, record, now_at)
    if turn is Turn.ROLL_BACK:
        fail(service, FailureCause.HOOK, _undoing(now_at))
    elif turn is Turn.MOVED:
        say(service, f"(deployment {primary(service)['id']}) entered lifecycle stage {now_at.step.stage}.")


def _undoing(course: Course) -> str:
    hook = next(hook for hook in course.hooks if hook.undoes)
    return wording.hook(hook.stage, timed_out=hook.status is HookStatus.TIMED_OUT)


def complete(service: Record) -> None:
    """The PRIMARY deployment has reached its steady state."""
    deployment = primary(service)
    _move(deployment, "COMPLETED", wording.completed(deployment["id"]))
    notices.deployment_moved(service, deployment)
    state.of_service(service).completed_revision = state.of_deployment(deployment).revision
    record = service_deployment(deployment)
    revisions.settle(record, "ROLLBACK_SUCCESSFUL" if record.is_rollback else "SUCCESSFUL")
    say(service, f"(deployment {deployment['id']}) deployment completed.")


def fail(service: Record, cause: FailureCause, because: str = "") -> None:
    """Give the PRIMARY deployment up; roll back when that is configured and there is something to go back to.

    *because* says more than the cause does.
    """
    deployment, record = primary(service), service_deployment(primary(service))
    because = because or _CAUSES[cause]
    _move(deployment, "FAILED", _FAILED[cause])
    notices.deployment_moved(service, deployment)
    record.tripped = cause is FailureCause.CIRCUIT_BREAKER
    if cause is FailureCause.ALARM:
        record.alarmed = triggered_alarms(service)
    say(service, f"(deployment {deployment['id']}) deployment failed: {_TOLD[cause]}.")
    if record.is_rollback:
        revisions.settle(record, "ROLLBACK_FAILED", wording.failed(because))
    elif _wants_rollback(service, cause):
        if can_roll_back(service):
            roll_back(service, wording.rolled_back(because), cause.value)
        else:
            _stop(record, wording.failed(because) + wording.NOTHING_TO_ROLL_BACK_TO)
    else:
        _stop(record, wording.failed(because))


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
    notices.deployment_moved(service, restored)
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
    known.revision, known.load_balancers = revision.arn, revision.load_balancers
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
    if cause in (FailureCause.HOOK, FailureCause.NETWORKING):
        return True
    section = "deploymentCircuitBreaker" if cause is FailureCause.CIRCUIT_BREAKER else "alarms"
    return bool((configuration.get(section) or {}).get("rollback"))
