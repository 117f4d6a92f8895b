# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A task's membership in the target groups of its service."""

from typing import Any

from sandbox import clients
from sandbox.ministack import ecs
from sandbox.services.ecs.model import state
from sandbox.services.ecs.model.records import LOCK, Record, is_wanted, say, service_of_task, short_id
from sandbox.services.ecs.model.state import Target
from sandbox.services.elbv2.model import targets as elbv2


def register(service: Record, task: Record, load_balancers: list[Record]) -> None:
    """Register a task that has an address, once. A target group that does not exist any more is told as an event."""
    address, known = ecs._task_ip(task), state.of_task(task)
    if not address or known.targets is not None:
        return
    known.targets = []
    for entry in load_balancers:
        arn = entry.get("targetGroupArn")
        if not arn:
            continue
        try:
            elbv2.register_target(arn, address, int(entry["containerPort"]))
        except KeyError:
            say(service, f"was unable to register targets in (target-group {arn}): it does not exist.")
            continue
        known.targets.append((arn, address, int(entry["containerPort"])))
        say(service, f"registered 1 targets in (target-group {arn})")


def deregister(task: Record) -> list[Target]:
    """Take the task out of its target groups; which ones those were."""
    with LOCK:
        known = state.of_task(task)
        members = known.targets or []
        known.targets, known.leaving = [], members
    for arn, address, port in members:
        if _taken_over(task, address):
            continue
        elbv2.deregister_target(arn, address, port)
        service = service_of_task(task)
        if service is not None:
            say(service, f"deregistered 1 targets in (target-group {arn})")
            say(service, "has begun draining connections on 1 tasks.")
    return members


def _taken_over(task: Record, address: str) -> bool:
    """Whether the engine has given a dead task's address to another task, whose registration must stand."""
    others = [other for other in ecs._tasks.values() if other is not task and is_wanted(other)]
    return any(ecs._task_ip(other) == address for other in others)


def draining(task: Record) -> bool:
    """Whether a load balancer may still send or finish requests."""
    return any(elbv2.target_state(*target) == "draining" for target in state.of_task(task).leaving)


def states(task: Record) -> list[tuple[str, str]]:
    """Pairs of target group ARN and the task's state in it."""
    return [(target[0], elbv2.target_state(*target)) for target in state.of_task(task).targets or []]


def reason(target: Target) -> str:
    """Why a load balancer calls the target unhealthy, in its own words."""
    arn, address, port = target
    answer: dict[str, Any] = clients.client("elbv2").describe_target_health(
        TargetGroupArn=arn, Targets=[{"Id": address, "Port": port}]
    )
    described = answer["TargetHealthDescriptions"]
    return str(described[0]["TargetHealth"].get("Description", "")) if described else ""


def explain(service: Record, task: Record) -> None:
    """Tell as events which target groups call the task unhealthy and why."""
    for target in state.of_task(task).targets or []:
        if elbv2.target_state(*target) == "unhealthy":
            say(
                service,
                f"(task {short_id(task['taskArn'])}) (port {target[2]}) is unhealthy in (target-group {target[0]}) "
                f"due to (reason {reason(target)}).",
            )
