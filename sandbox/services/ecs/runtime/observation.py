# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is seen of a service: what its scheduler decides upon, and the counts that the API shows."""

from sandbox.services.ecs.model import deployments, state
from sandbox.services.ecs.model.breaker import threshold
from sandbox.services.ecs.model.health import judge
from sandbox.services.ecs.model.pace import baked, scaled
from sandbox.services.ecs.model.records import Record
from sandbox.services.ecs.model.values import Breaker, Deployment, EarlySuccess, Health, RolloutState, Service, Task
from sandbox.services.ecs.runtime import targets

# On AWS a task without any health check counts 40 seconds after it runs.
_SETTLE_SECONDS = 2.0
_STARTING = ("PROVISIONING", "PENDING", "ACTIVATING")


def observe(service: Record, tasks: list[Record], now: float, deployment: Record | None = None) -> Service:
    """The service as the scheduler sees it; with *deployment*, only as far as that goes: its *tasks*, by themselves."""
    primary = deployment or deployments.primary(service)
    configuration = service["deploymentConfiguration"]
    wanted = [task for task in tasks if task["desiredStatus"] == "RUNNING"]
    record = deployments.service_deployment(primary)
    alarmed = not record.alarms_disarmed and not record.is_rollback and deployments.triggered_alarms(service)
    # A deployment that shifts traffic has its bake time among its stages.
    bakes = (configuration.get("alarms") or {}).get("enable") and not record.alarms_disarmed and record.course is None
    known = state.of_deployment(primary)
    return Service(
        desired=service["desiredCount"],
        minimum_healthy_percent=int(configuration["minimumHealthyPercent"]),
        maximum_percent=int(configuration["maximumPercent"]),
        primary=Deployment(
            id=primary["id"],
            rollout_state=RolloutState(primary["rolloutState"]),
            failed_tasks=primary["failedTasks"],
            retry_at=known.retry_at,
            bake_seconds=baked(configuration.get("bakeTimeInMinutes") or 0) if bakes else 0.0,
            baking_since=known.baking_since,
        ),
        tasks=tuple(_see(service, task, now) for task in wanted),
        draining=_draining(tasks),
        breaker=Breaker(
            threshold=threshold(configuration.get("deploymentCircuitBreaker") or {}, service["desiredCount"]),
            alarmed=bool(alarmed),
        ),
        early=_early(configuration) if record.course is None else None,
    )


def _early(configuration: Record) -> EarlySuccess | None:
    criteria = configuration.get("earlySuccessCriteria") or {}
    if not criteria.get("enable"):
        return None
    return EarlySuccess(
        healthy_percent=criteria["healthyPercent"], deferred=criteria["sourceServiceRevisionCleanup"] == "DEFERRED"
    )


def count(service: Record, tasks: list[Record]) -> None:
    """Refresh the counts of the service and of its deployments."""
    for item in [service, *service["deployments"]]:
        ours = tasks if item is service else [task for task in tasks if task.get("_deployment_id") == item["id"]]
        wanted = [task["lastStatus"] for task in ours if task["desiredStatus"] == "RUNNING"]
        item["runningCount"] = wanted.count("RUNNING")
        item["pendingCount"] = sum(status in _STARTING for status in wanted)
        if item is not service:
            state.of_deployment(item).draining = _draining(ours)
    for item in service["deployments"]:
        live = item["runningCount"] + item["pendingCount"]
        stays = item["status"] == "PRIMARY" or item is deployments.held(service)
        item["desiredCount"] = service["desiredCount"] if stays else min(live, item["desiredCount"])


def _draining(tasks: list[Record]) -> int:
    return sum(task["desiredStatus"] == "STOPPED" and task["lastStatus"] != "STOPPED" for task in tasks)


def _see(service: Record, task: Record, now: float) -> Task:
    running, known = task["lastStatus"] == "RUNNING", state.of_task(task)
    health, problem = Health.PENDING, ""
    if known.created_at is None:
        known.created_at = now
    if running:
        if known.running_since is None:
            known.running_since = now
        health, problem = judge(
            running_for=now - known.running_since,
            grace_seconds=scaled(float(service.get("healthCheckGracePeriodSeconds") or 0)),
            settle_seconds=_SETTLE_SECONDS,
            container_health=task["healthStatus"] if known.is_checked() else None,
            targets=targets.states(task),
        )
        if health is Health.HEALTHY and not known.was_healthy:
            known.was_healthy = True
            _note_first_health(service, task)
    return Task(
        id=task["taskArn"],
        deployment=str(task.get("_deployment_id")),
        created_at=known.created_at,
        running=running,
        health=health,
        problem=problem,
        was_healthy=known.was_healthy,
    )


def _note_first_health(service: Record, task: Record) -> None:
    deployment = deployments.of_task(service, task)
    breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    if deployment is None:
        return
    state.of_deployment(deployment).consecutive_failures = 0
    if breaker.get("resetOnHealthyTask", True) and deployment["rolloutState"] == "IN_PROGRESS":
        deployment["failedTasks"] = deployments.service_deployment(deployment).failures = 0
