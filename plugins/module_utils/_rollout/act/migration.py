# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The migration: a command of the new revision that runs once, before the service is touched."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ..._common.wait import timed_out, until
from ..._errors import OperationError, SupersededError, UnavailableError, WaitTimeoutError
from ..definition.references import log_stream
from ..service.writes import OneOffTask

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..request.model import Migration
    from ..session import Session
    from ..values import ContainerState, Task

_LOG_LINES, _LONGEST_TOLD = 20, 600
_LONGEST_MARK = 128
_STOPPED_BY_US = "UserInitiated"
_STOP_REASON = "The migration took longer than it may"
# The longest stopTimeout is 120 s; ECS needs some time around it.
_STOP_SECONDS = 180.0


def migrate(session: Session, facts: Facts, migration: Migration, task_definition_arn: str) -> None:
    """Run *migration* with the new revision, as the service's tasks are run, and never beside another one.

    Raises OperationError with its last log lines when it fails, WaitTimeoutError when it takes too long.
    """
    request, mark = session.request, started_by(session.request.service)
    for earlier in session.ports.ecs.running_tasks(request.cluster, mark):
        session.say(f"an earlier migration still runs as task {earlier.id}; waiting for its end")
        _end(session, migration, earlier)
    task = session.ports.ecs.run_task(
        OneOffTask(
            cluster=request.cluster,
            task_definition_arn=task_definition_arn,
            container=migration.container,
            command=migration.command,
            settings=request.settings,
            started_by=mark,
            cpu=migration.cpu,
            memory_mib=migration.memory_mib,
            environment=migration.environment,
        )
    )
    session.say(f"migration {request.disclosure.command(migration.command)} runs as task {task.id}")
    ended, in_time = _end(session, migration, task)
    if not in_time:
        raise timed_out(
            f"The migration (task {task.arn}) had not ended after {migration.timeout_seconds:g} s and was stopped"
            f"{_told(ended)}. The service was not touched. Look at its log, correct it or give it more time "
            "(migration.timeout_seconds), and release again.",
            task_arn=task.arn,
            status=ended.last_status,
        )
    exit_code = next(
        (container.exit_code for container in ended.containers if container.name == migration.container), None
    )
    if exit_code != 0:
        raise _failed(session, facts, migration, ended, exit_code)
    session.say("migration succeeded")


def started_by(service: str) -> str:
    """How a migration of *service* is marked: ECS takes at most 128 characters there."""
    mark = f"fastbreak-migration/{service}"
    return mark if len(mark) <= _LONGEST_MARK else f"{mark[:100]}-{hashlib.sha256(service.encode()).hexdigest()[:12]}"


def _end(session: Session, migration: Migration, task: Task) -> tuple[Task, bool]:
    """The *task* once it has stopped, and whether it did so by itself in the migration's time.

    Raises WaitTimeoutError when it is not seen to stop even after it was asked to.
    """
    try:
        return _await_stopped(session, task, migration.timeout_seconds), True
    except WaitTimeoutError:
        session.say(f"task {task.id} has not ended after {migration.timeout_seconds:g} s; stopping it")
    try:
        session.ports.ecs.stop_task(session.request.cluster, task.arn, _STOP_REASON)
        stopped = _await_stopped(session, task, _STOP_SECONDS)
    except SupersededError:
        raise
    except (WaitTimeoutError, OperationError, UnavailableError) as error:
        raise timed_out(
            f"The migration (task {task.arn}) had not ended after {migration.timeout_seconds:g} s, and was not seen to "
            f"stop either: {error} The service was not touched. No other migration is started while this one runs: "
            "stop it (aws ecs stop-task), then release again.",
            task_arn=task.arn,
        ) from error
    # It may have ended by itself while ECS could not be asked.
    return stopped, stopped.stop_code != _STOPPED_BY_US


def _await_stopped(session: Session, task: Task, seconds: float) -> Task:
    def look() -> Task:
        try:
            return session.ports.ecs.describe_task(session.request.cluster, task.arn) or task
        except UnavailableError as error:
            session.say(f"could not look at task {task.id}, trying again: {error}")
            return task

    return until(
        look,
        lambda last: last.last_status == "STOPPED",
        clock=session,
        seconds=seconds,
        pause=min(session.request.poll_seconds, 2.0),
        on_timeout=lambda last, elapsed: timed_out(f"it is {last.last_status} after {elapsed:.0f} s."),
    )


def _failed(session: Session, facts: Facts, migration: Migration, ended: Task, exit_code: int | None) -> OperationError:
    stream = log_stream(facts.target.document, migration.container, ended.id)
    lines = session.ports.logs.tail(*stream, lines=_LOG_LINES) if stream else ()
    command = session.request.disclosure.command(migration.command)
    ending = "before its container ran" if exit_code is None else f"with exit code {exit_code}"
    return OperationError(
        f"Releasing {facts.target.release.version} to {session.request.service} was refused: its migration "
        f"{command} (task {ended.id}) ended {ending}{_told(ended)}. The service was "
        f"not touched and runs on as before. Last log lines: {' | '.join(lines) or 'none were written'}. Correct the "
        "migration and release again.",
        task_arn=ended.arn,
        log_lines=list(lines),
    )


def _told(task: Task) -> str:
    """What ECS tells of the end of *task*, in brackets; empty when it tells nothing."""
    told = "; ".join(filter(None, (task.stopped_reason, *map(_told_of, task.containers))))
    return f" ({told[:_LONGEST_TOLD]})" if told else ""


def _told_of(container: ContainerState) -> str:
    code = f" exit code {container.exit_code}" if container.exit_code else ""
    sick = " UNHEALTHY by its own healthCheck" if container.health == "UNHEALTHY" else ""
    reason = f": {container.reason}" if container.reason else ""
    return f"container {container.name}{code}{sick}{reason}" if code or sick or reason else ""
