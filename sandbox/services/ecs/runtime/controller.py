# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The loop that keeps services as they are wanted: look, let the scheduler decide, act."""

import json
import logging
import threading
import time
from typing import Any

from sandbox.ministack import ecs, responses
from sandbox.services.ecs.model import deployments, state, wording
from sandbox.services.ecs.model.breaker import pause
from sandbox.services.ecs.model.pace import scaled
from sandbox.services.ecs.model.records import LOCK, Record, cluster_name, say, short_id, tasks_of
from sandbox.services.ecs.model.scheduler import plan, steady
from sandbox.services.ecs.model.values import (
    Action,
    Bake,
    Blocked,
    Complete,
    Fail,
    Service,
    Start,
    Stop,
)
from sandbox.services.ecs.runtime import shifting, stopping, targets, traffic
from sandbox.services.ecs.runtime.observation import count, observe

logger = logging.getLogger("sandbox.ecs")
_INTERVAL_SECONDS = 0.25
_GONE = ("STOPPING", "DEPROVISIONING", "STOPPED")
_KEPT_STOPPED_SECONDS = 3600.0


def run(ended: threading.Event) -> None:
    """Tend every service of every account until `ended`; a service that fails is logged, told and tried again."""
    while not ended.wait(_INTERVAL_SECONDS):
        for (account, region, _), service in ecs._services.all_items():
            if service["status"] == "INACTIVE":
                continue
            with responses.request_scope(account, region):
                _tend_safely(service)


def _tend_safely(service: Record) -> None:
    try:
        with LOCK:
            tend(service, time.time())
        state.of_service(service).complaint = ""
    except Exception as error:
        logger.exception("service %s could not be tended", service["serviceArn"])
        known = state.of_service(service)
        if known.complaint != str(error):
            known.complaint = str(error)
            say(service, f"sandbox: the scheduler failed and tries again: {error}")


def tend(service: Record, now: float) -> None:
    """One round for one service, with the lock held."""
    tasks = tasks_of(service)
    _forget_old(tasks, now)
    if service["status"] == "DRAINING":
        _retire(service, tasks)
        return
    deployments.settle_requests(service)
    for task in tasks:
        _join_target_groups(service, task)
    _count_failures(service, tasks, now)
    seen = shifting.tend(service, tasks, now, act=_act) or _roll(service, tasks, now)
    traffic.write(service)
    count(service, tasks_of(service))
    deployments.prune(service)
    _tell_steadiness(service, seen)


def _roll(service: Record, tasks: list[Record], now: float) -> Service:
    """One round of a deployment in which old tasks make room for new ones; what was seen."""
    seen = observe(service, tasks, now)
    for action in plan(seen, now):
        _act(service, deployments.primary(service), action, now)
    return seen


def _count_failures(service: Record, tasks: list[Record], now: float) -> None:
    """Tasks that failed count against their deployment, unless they had served well and merely ended."""
    for task in tasks:
        ended = state.of_task(task)
        if not ended.failed or ended.counted:
            continue
        ended.counted = True
        deployment = deployments.of_task(service, task)
        if deployment is None or (ended.was_healthy and task["stopCode"] == "EssentialContainerExited"):
            continue
        if deployment["rolloutState"] == "IN_PROGRESS":
            deployment["failedTasks"] += 1
            deployments.service_deployment(deployment).failures = deployment["failedTasks"]
        known = state.of_deployment(deployment)
        known.consecutive_failures += 1
        wait = scaled(pause(known.consecutive_failures))
        known.retry_at = now + wait
        if wait and not known.throttled:
            known.throttled = True
            say(service, "is unable to consistently start tasks successfully.")


def _act(service: Record, deployment: Record, action: Action, now: float) -> None:
    match action:
        case Start(count=number):
            _start(service, deployment, number)
        case Stop(task=arn, problem=problem):
            _stop(service, arn, problem)
        case Complete():
            deployments.complete(service)
        case Bake():
            state.of_deployment(deployments.primary(service)).baking_since = now
        case Fail(cause=cause):
            deployments.fail(service, cause)
        case Blocked():
            _tell_blocked(service)


def _tell_blocked(service: Record) -> None:
    known = state.of_deployment(deployments.primary(service))
    if known.blocked:
        return
    known.blocked = True
    say(
        service,
        "was unable to stop or start tasks during a deployment because of the service deployment configuration."
        " Update the minimumHealthyPercent or maximumPercent value and try again.",
    )


def _start(service: Record, deployment: Record, number: int) -> None:
    request: dict[str, Any] = {
        "cluster": cluster_name(service),
        "taskDefinition": deployment["taskDefinition"],
        "count": 1,
        "group": f"service:{service['serviceName']}",
        "startedBy": deployment["id"],
        "platformVersion": deployment.get("platformVersion") or "",
        "enableExecuteCommand": service["enableExecuteCommand"],
        "tags": _propagated_tags(service, deployment),
        "_deploymentId": deployment["id"],
    }
    request |= {key: deployment[key] for key in ("launchType", "capacityProviderStrategy") if deployment.get(key)}
    born, known = [], state.of_service(service)
    for _ in range(number):
        status, _, body = ecs._run_task(request | {"networkConfiguration": _spread(deployment, known.turns)})
        known.turns += 1
        if status >= 400:
            raise RuntimeError(f"tasks could not be started: {body!r}")
        born.append(short_id(json.loads(body)["tasks"][0]["taskArn"]))
    say(service, wording.started(born))


def _spread(deployment: Record, turn: int) -> Record | None:
    """The network configuration with another subnet first at each turn, as ECS spreads tasks over zones."""
    network: Record | None = deployment.get("networkConfiguration")
    vpc = (network or {}).get("awsvpcConfiguration")
    if not vpc:
        return network
    first = turn % len(vpc["subnets"])
    return {"awsvpcConfiguration": vpc | {"subnets": [*vpc["subnets"][first:], *vpc["subnets"][:first]]}}


def _stop(service: Record, arn: str, problem: str) -> None:
    task = ecs._tasks[arn]
    deployment = deployments.of_task(service, task)
    identity = deployment["id"] if deployment else deployments.primary(service)["id"]
    if problem == wording.CONTAINER_HEALTH:
        say(service, f"(task {short_id(arn)}) failed container health checks.")
    elif problem:
        targets.explain(service, task)
    reason = problem or wording.scaling(identity)
    if stopping.begin(task, reason, "ServiceSchedulerInitiated", failed=bool(problem)):
        say(service, wording.stopped([short_id(arn)]))


def _propagated_tags(service: Record, deployment: Record) -> list[dict[str, str]]:
    source = {"SERVICE": service["serviceArn"], "TASK_DEFINITION": deployment["taskDefinition"]}
    return list(ecs._tags.get(source.get(service["propagateTags"], ""), []))


def _join_target_groups(service: Record, task: Record) -> None:
    deployment = deployments.of_task(service, task)
    if task["desiredStatus"] == "RUNNING" and task["lastStatus"] == "RUNNING" and deployment is not None:
        targets.register(service, task, state.of_deployment(deployment).load_balancers)


def _tell_steadiness(service: Record, seen: Service) -> None:
    is_steady = steady(seen) and deployments.primary(service)["rolloutState"] == "COMPLETED"
    known = state.of_service(service)
    if is_steady and not known.is_steady:
        say(service, "has reached a steady state.")
    known.is_steady = is_steady


def _retire(service: Record, tasks: list[Record]) -> None:
    """A deleted service is INACTIVE once its tasks are stopping."""
    count(service, tasks)
    if all(task["lastStatus"] in _GONE for task in tasks):
        service["status"] = "INACTIVE"
        service["deployments"] = []


def _forget_old(tasks: list[Record], now: float) -> None:
    for task in tasks:
        if task["lastStatus"] == "STOPPED" and now - float(task["stoppedAt"]) > _KEPT_STOPPED_SECONDS:
            ecs._tasks.pop(task["taskArn"], None)
