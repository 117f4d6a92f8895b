# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that runs once, with another command than the service's: never beside another of its kind, and to its end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..._common.wait import growing, timed_out, until
from ..._errors import OperationError, SupersededError, UnavailableError, WaitTimeoutError
from ..definition.references import log_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..._common.wait import Sleeper
    from ..ports import Ecs, Logs
    from ..service.writes import OneOffTask
    from ..values import ContainerState, Task

_LOG_LINES, _LONGEST_TOLD = 20, 600
_LONGEST_MARK = 128
# A short one is seen to have ended soon: the release waits for it.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
_STOPPED_BY_US = "UserInitiated"
# The longest stopTimeout is 120 s; ECS needs some time around it.
_STOP_SECONDS = 180.0


class TaskPorts(Protocol):
    """What it needs of the ports of a rollout; a session's are guarded by its lock."""

    @property
    def ecs(self) -> Ecs:
        """ECS."""

    @property
    def logs(self) -> Logs:
        """CloudWatch Logs."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where such tasks run, and whom the run tells what it sees."""

    ports: TaskPorts
    cluster: str
    clock: Sleeper
    say: Callable[[str], None]
    poll_seconds: float


@dataclass(frozen=True, slots=True)
class Errand:
    """What the task is for, in words: a *noun*, the option of its time, and what the user does *afterwards*."""

    noun: str
    timeout_option: str
    timeout_seconds: float
    afterwards: str


def started_by(kind: str, service: str) -> str:
    """How a task of this *kind* of *service* is marked: ECS takes at most 128 characters there."""
    mark = f"fastbreak-{kind}/{service}"
    return mark if len(mark) <= _LONGEST_MARK else f"{mark[:100]}-{hashlib.sha256(service.encode()).hexdigest()[:12]}"


def run_once(stage: Stage, errand: Errand, task: OneOffTask, shown_command: str = "") -> Task:
    """Run *task* to its end, after the end of an earlier one with its mark; the task as it stopped.

    Raises WaitTimeoutError when it took too long and was stopped, or is not seen to stop.
    """
    for earlier in stage.ports.ecs.running_tasks(stage.cluster, task.started_by):
        stage.say(f"an earlier {errand.noun} still runs as task {earlier.id}; waiting for its end")
        _end(stage, errand, earlier)
    begun = stage.ports.ecs.run_task(task)
    stage.say(f"{f'{errand.noun} {shown_command}'.strip()} runs as task {begun.id}")
    ended, in_time = _end(stage, errand, begun)
    if not in_time:
        raise timed_out(
            f"The {errand.noun} (task {begun.arn}) had not ended after {errand.timeout_seconds:g} s and was stopped"
            f"{told(ended)}. The service was not touched. Look at its log, correct it or give it more time "
            f"({errand.timeout_option}), and {errand.afterwards}.",
            task_arn=begun.arn,
            status=ended.last_status,
        )
    return ended


def exit_code_of(task: Task, container: str) -> int | None:
    """The exit code of a *container* of *task*; None when it did not run."""
    return next((state.exit_code for state in task.containers if state.name == container), None)


def last_lines(stage: Stage, document: Mapping[str, Any], container: str, task: Task) -> tuple[str, ...]:
    """The last lines that a *container* of *task* logged."""
    stream = log_stream(document, container, task.id)
    return stage.ports.logs.tail(*stream, lines=_LOG_LINES) if stream else ()


def told(task: Task) -> str:
    """What ECS tells of the end of *task*, in brackets; empty when it tells nothing."""
    words = "; ".join(filter(None, (task.stopped_reason, *map(_told_of, task.containers))))
    return f" ({words[:_LONGEST_TOLD]})" if words else ""


def _told_of(container: ContainerState) -> str:
    code = f" exit code {container.exit_code}" if container.exit_code else ""
    sick = " UNHEALTHY by its own healthCheck" if container.health == "UNHEALTHY" else ""
    reason = f": {container.reason}" if container.reason else ""
    return f"container {container.name}{code}{sick}{reason}" if code or sick or reason else ""


def _end(stage: Stage, errand: Errand, task: Task) -> tuple[Task, bool]:
    """The *task* once it has stopped, and whether it did so by itself in its time.

    Raises WaitTimeoutError when it is not seen to stop even after it was asked to.
    """
    seconds = errand.timeout_seconds
    try:
        return _await_stopped(stage, task, seconds), True
    except WaitTimeoutError:
        stage.say(f"task {task.id} has not ended after {seconds:g} s; stopping it")
    try:
        stage.ports.ecs.stop_task(stage.cluster, task.arn, f"The {errand.noun} took longer than it may")
        stopped = _await_stopped(stage, task, _STOP_SECONDS)
    except SupersededError:
        raise
    except (WaitTimeoutError, OperationError, UnavailableError) as error:
        raise timed_out(
            f"The {errand.noun} (task {task.arn}) had not ended after {seconds:g} s, and was not seen to "
            f"stop either: {error} The service was not touched. No other {errand.noun} is started while this one runs: "
            f"stop it (aws ecs stop-task), then {errand.afterwards}.",
            task_arn=task.arn,
        ) from error
    # It may have ended by itself while ECS could not be asked.
    return stopped, stopped.stop_code != _STOPPED_BY_US


def _await_stopped(stage: Stage, task: Task, seconds: float) -> Task:
    def look() -> Task:
        try:
            return stage.ports.ecs.describe_task(stage.cluster, task.arn) or task
        except UnavailableError as error:
            stage.say(f"could not look at task {task.id}, trying again: {error}")
            return task

    return until(
        look,
        lambda last: last.last_status == "STOPPED",
        clock=stage.clock,
        seconds=seconds,
        pause=growing(_SHORTEST_PAUSE, max(_SHORTEST_PAUSE, min(stage.poll_seconds, _LONGEST_PAUSE))),
        on_timeout=lambda last, elapsed: timed_out(f"it is {last.last_status} after {elapsed:.0f} s."),
    )
