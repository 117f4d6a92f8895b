# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks read for a verdict. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..values import Target, Task

# Stops that say nothing about the release: someone or something asked for them. A scheduler's stop counts only when its
# reason says that the task failed a check (see "Stopped tasks error messages" in the ECS developer guide).
_FAILURE_CODES = frozenset({"TaskFailedToStart", "EssentialContainerExited"})


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task of the new revision that stopped by itself, or was stopped because it was unhealthy."""

    task_id: str
    reason: str
    started: bool
    exit_codes: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        codes = ", ".join(f"container {name} exit code {code}" for name, code in self.exit_codes)
        return f"task {self.task_id}: {self.reason}{f' ({codes})' if codes else ''}"


@dataclass(frozen=True, slots=True)
class TargetObservation:
    """One look at the targets of a revision. ``targets`` counts them by state and reason.

    ``unhealthy`` names running containers that fail their own health check, which no target group sees.
    """

    desired: int = 0
    healthy: int = 0
    running: int = 0
    targets: tuple[tuple[str, int], ...] = ()
    failures: tuple[TaskFailure, ...] = ()
    unhealthy: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every desired task is healthy. With none desired nothing is."""
        return self.desired > 0 and self.healthy >= self.desired


def is_failure(task: Task) -> bool:
    """Whether *task* stopped by itself or because it was unhealthy, rather than because it was asked to."""
    if not task.stop_code:
        return False
    return task.stop_code in _FAILURE_CODES or (
        task.stop_code == "ServiceSchedulerInitiated" and "failed" in task.stopped_reason.lower()
    )


def failure_of(task: Task) -> TaskFailure:
    """*task*, which failed, as a gate reports it."""
    reasons = [task.stopped_reason, *(container.reason for container in task.containers if container.reason)]
    return TaskFailure(
        task_id=task.id,
        reason=f"{task.stop_code}: {'; '.join(reason for reason in reasons if reason)}",
        started=task.stop_code != "TaskFailedToStart",
        exit_codes=tuple(
            (container.name, container.exit_code) for container in task.containers if container.exit_code is not None
        ),
    )


def of_revision(tasks: Iterable[Task], task_definition_arn: str) -> tuple[Task, ...]:
    """Those of *tasks* that run the revision."""
    return tuple(task for task in tasks if task.task_definition_arn == task_definition_arn)


def of_deployment(tasks: Iterable[Task], primary_id: str) -> tuple[Task, ...]:
    """Those of *tasks* that no other deployment of the service started. ECS names the deployment on each task."""
    return tuple(task for task in tasks if not primary_id or task.started_by in ("", primary_id))


def count_targets(desired: int, tasks: tuple[Task, ...], targets: tuple[Target, ...]) -> TargetObservation:
    """One look at the *tasks* of a revision and the *targets* of its target group."""
    running = {task.address for task in tasks if task.last_status == "RUNNING" and task.address}
    ours = [target for target in targets if target.address in running]
    states = Counter(f"{target.state} ({target.reason})" if target.reason else target.state for target in ours)
    return TargetObservation(
        desired=desired,
        healthy=sum(target.state == "healthy" for target in ours),
        running=len(running),
        targets=tuple(sorted(states.items())),
        failures=tuple(failure_of(task) for task in tasks if is_failure(task)),
        unhealthy=tuple(
            f"container {container.name} of task {task.id}"
            for task in tasks
            if task.last_status == "RUNNING"
            for container in task.containers
            if container.health == "UNHEALTHY"
        ),
    )
