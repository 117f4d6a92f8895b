# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that a gate runs beside the service, with another command: begun, looked at, and read when it has ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..._errors import OperationError
from ..definition.references import log_stream
from ..service.writes import OneOffTask
from .golden import CutShortError, read_lines

if TYPE_CHECKING:
    from ..values import Task, TaskDefinition
    from .golden import Golden
    from .model import Scene

# Twenty clips, each in as many parts.
_LINES, _TOLD_LINES, _LONGEST_TOLD = 400, 5, 400
# How long CloudWatch Logs may take to have what a task wrote last.
_LOG_SECONDS = 60.0
# How a task ends that could ask nobody, which says nothing of the release.
_NOT_ASKED = 75
# ECS takes 128 characters for what a task was started by.
_LONGEST_MARK = 128


@dataclass(frozen=True, slots=True)
class Errand:
    """A task under way: begun at *began*, seen to have stopped at *stopped*, in seconds since the epoch.

    A run that goes on with a release looks at the same task, and has another monotonic clock.
    """

    arn: str
    container: str
    began: float
    stopped: float | None = None

    @property
    def id(self) -> str:
        """The task's own id."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended. *ran*: its container did, and told of the release. *problem*: it did not do what it was to.

    *told* is what ECS says of its end.
    """

    ran: bool
    problem: str = ""
    results: tuple[Golden, ...] = ()
    told: str = ""


def begin(
    scene: Scene, task_definition_arn: str, container: str, command: tuple[str, ...], task_role_arn: str = ""
) -> Errand:
    """Run *command* in a *container* of the revision, the first one where none is named. Raises OperationError.

    The task acts as *task_role_arn*; empty: as the revision's own role.
    """
    if scene.settings is None:
        raise OperationError("It is not known how tasks of the service run.")
    document = _definition(scene, task_definition_arn).document
    names = [str(each["name"]) for each in document.get("containerDefinitions", [])]
    chosen = container or next(iter(names), "")
    if chosen not in names:
        raise OperationError(f"There is no container {chosen!r} in {task_definition_arn}; it has {', '.join(names)}.")
    task = scene.ports.ecs.run_task(
        OneOffTask(
            cluster=scene.cluster,
            task_definition_arn=task_definition_arn,
            container=chosen,
            command=command,
            settings=scene.settings,
            started_by=f"fastbreak-gate/{scene.release.service if scene.release else ''}"[:_LONGEST_MARK],
            task_role_arn=task_role_arn,
        )
    )
    return Errand(task.arn, chosen, _now(scene))


def look(scene: Scene, errand: Errand, seconds: float) -> Errand | Outcome:
    """How the task ended, or the errand that goes on. One that takes longer than *seconds* is stopped.

    Raises UnavailableError and OperationError.
    """
    ecs, now = scene.ports.ecs, _now(scene)
    task = ecs.describe_task(scene.cluster, errand.arn)
    if task is None:
        return Outcome(ran=False, told=f"ECS no longer knows task {errand.id}")
    if task.last_status != "STOPPED":
        if now - errand.began < seconds:
            return errand
        ecs.stop_task(scene.cluster, errand.arn, "A gate's task took longer than it may")
        return Outcome(ran=True, problem=f"task {errand.id} had not ended after {seconds:g} s and was stopped")
    return _read(scene, replace(errand, stopped=errand.stopped or now), task)


def _read(scene: Scene, errand: Errand, task: Task) -> Errand | Outcome:
    code = next((state.exit_code for state in task.containers if state.name == errand.container), None)
    told = "; ".join(filter(None, (task.stopped_reason, *(state.reason for state in task.containers))))
    if code is None:
        return Outcome(ran=False, told=told or "ECS gives no reason")
    lines = _lines(scene, task, errand)
    waited = _now(scene) - (errand.stopped or 0.0)
    may_come = code == 0 and waited < _LOG_SECONDS
    try:
        results = tuple(read_lines(lines))
    except ValueError as error:
        if isinstance(error, CutShortError) and may_come:
            return errand
        return Outcome(ran=True, problem=f"task {errand.id} wrote a result that is not whole: {error}", told=told)
    if may_come and not results:
        return errand
    if code == 0 and results:
        return Outcome(ran=True, results=results, told=told)
    last = " | ".join(lines[-_TOLD_LINES:])[-_LONGEST_TOLD:] or "it logged nothing"
    end = f"task {errand.id} ended with exit code {code}: {last}"
    return Outcome(ran=False, told=end) if code == _NOT_ASKED else Outcome(ran=True, problem=end, told=told)


def _now(scene: Scene) -> float:
    return scene.ports.clock.now().timestamp()


def _lines(scene: Scene, task: Task, errand: Errand) -> tuple[str, ...]:
    document = _definition(scene, task.task_definition_arn).document
    stream = log_stream(document, errand.container, task.id)
    if stream is None:
        raise OperationError(f"Container {errand.container} logs to no stream that can be read (awslogs).")
    return scene.ports.logs.tail(*stream, lines=_LINES)


def _definition(scene: Scene, arn: str) -> TaskDefinition:
    if found := scene.ports.ecs.describe_task_definition(arn):
        return found
    raise OperationError(f"Task definition {arn} is not there.")
