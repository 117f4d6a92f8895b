# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ECS's own sentences: event messages, stop reasons, rollout and status reasons.

Taken from the developer guide (service events, stopped tasks, circuit breaker) as far as it prints them.
"""

from collections.abc import Sequence

BREAKER_FAILED = "ECS deployment circuit breaker: tasks failed to start."
ALARM_FAILED = "ECS deployment failed: alarm detected."
ABORTED = "ECS deployment stopped by user."
ROLLED_BACK_BY_USER = "Service deployment rolled back because of StopServiceDeployment action by user."
BREAKER_TRIPPED = "the circuit breaker threshold was exceeded."
ALARM_TRIGGERED = "an alarm was triggered."
NETWORKING_FAILED = "ECS deployment failed: invalid networking configuration."
HOOK_FAILED = "ECS deployment failed: lifecycle hook failed."
NOTHING_TO_ROLL_BACK_TO = " No completed service deployment exists to roll back to."
SUPERSEDED = "Service deployment was stopped because a new service deployment was started."
STOPPED_BY_USER = "Service deployment was stopped by user."
SERVICE_DELETED = "Service deployment was stopped because the service was deleted."

CONTAINER_HEALTH = "Task failed container health checks"
ESSENTIAL_EXITED = "Essential container in task exited"
STOPPED_BY_CALLER = "Task stopped by user"


def rolled_back(cause: str) -> str:
    """`statusReason` of a service deployment that ECS undoes by itself."""
    return f"Service deployment rolled back because {cause}"


def failed(cause: str) -> str:
    """`statusReason` of a service deployment that is given up and not undone."""
    return f"Service deployment failed because {cause}"


def hook(stage: str, *, timed_out: bool) -> str:
    """Which hook undoes a deployment."""
    return f"{stage} pause hook timed out." if timed_out else f"{stage} lifecycle hook(s) failed."


def networking(problem: str) -> str:
    """Which rule or target group undoes a deployment."""
    return f"of invalid networking configuration: {problem}"


def in_progress(deployment_id: str) -> str:
    """`rolloutStateReason` of a deployment under way."""
    return f"ECS deployment {deployment_id} in progress."


def completed(deployment_id: str) -> str:
    """`rolloutStateReason` of a finished deployment."""
    return f"ECS deployment {deployment_id} completed."


def rolling_back(deployment_id: str, detector: str = "circuit breaker") -> str:
    """`rolloutStateReason` of the deployment that is being restored."""
    return f"ECS deployment {detector}: rolling back to deploymentId {deployment_id}."


def scaling(deployment_id: str) -> str:
    """`stoppedReason` of a task that its service no longer needs."""
    return f"Scaling activity initiated by (deployment {deployment_id})"


def target_health(target_group_arn: str) -> str:
    """`stoppedReason` of a task that its load balancer calls unhealthy."""
    return f"Task failed ELB health checks in (target-group {target_group_arn})"


def started(task_ids: Sequence[str]) -> str:
    """The event of a start."""
    return f"has started {len(task_ids)} tasks: {_tasks(task_ids)}."


def stopped(task_ids: Sequence[str]) -> str:
    """The event of a stop."""
    return f"has stopped {len(task_ids)} running tasks: {_tasks(task_ids)}."


def _tasks(task_ids: Sequence[str]) -> str:
    return " ".join(f"(task {task_id})" for task_id in task_ids)
