# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The migration: a command of the new revision that runs once, before the service is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.wait import timed_out, until
from .._errors import OperationError
from .tasks import log_stream
from .writes import OneOffTask

if TYPE_CHECKING:
    from .._errors import WaitTimeoutError
    from .read import Facts
    from .request import Migration
    from .session import Session
    from .values import Task

_LOG_LINES = 20


def migrate(session: Session, facts: Facts, migration: Migration, task_definition_arn: str) -> None:
    """Run *migration* with the new revision. Raises OperationError with its last log lines when it fails."""
    settings = session.request.settings
    task = session.ports.ecs.run_task(
        OneOffTask(
            cluster=session.request.cluster,
            task_definition_arn=task_definition_arn,
            container=migration.container,
            command=migration.command,
            network=settings.network,
            launch_type=settings.launch_type,
            started_by="fastbreak-migration",
        )
    )
    session.say(f"migration {session.request.disclosure.command(migration.command)} runs as task {task.id}")
    ended = _await_end(session, migration, task)
    exit_code = next(
        (container.exit_code for container in ended.containers if container.name == migration.container), None
    )
    if exit_code != 0:
        raise _failed(session, facts, migration, ended, exit_code)
    session.say("migration succeeded")


def _await_end(session: Session, migration: Migration, task: Task) -> Task:
    def still_running(last: Task, _elapsed: float) -> WaitTimeoutError:
        return timed_out(
            f"The migration (task {last.arn}) is still {last.last_status} after {migration.timeout_seconds:g} s. The "
            "service was not touched. The task runs on: look at its log, stop it if it hangs, and release again.",
            task_arn=last.arn,
            status=last.last_status,
        )

    return until(
        lambda: session.ports.ecs.describe_task(session.request.cluster, task.arn) or task,
        lambda last: last.last_status == "STOPPED",
        clock=session,
        seconds=migration.timeout_seconds,
        pause=min(session.request.poll_seconds, 2.0),
        on_timeout=still_running,
    )


def _failed(session: Session, facts: Facts, migration: Migration, ended: Task, exit_code: int | None) -> OperationError:
    stream = log_stream(facts.target.document, migration.container, ended.id)
    lines = session.ports.logs.tail(*stream, lines=_LOG_LINES) if stream else ()
    command = session.request.disclosure.command(migration.command)
    reason = f" ({ended.stopped_reason})" if ended.stopped_reason else ""
    return OperationError(
        f"Releasing {facts.target.release.version} to {session.request.service} was refused: its migration "
        f"{command} (task {ended.id}) ended with exit code {exit_code}{reason}. The service was "
        f"not touched and runs on as before. Last log lines: {' | '.join(lines) or 'none were written'}. Correct the "
        "migration and release again.",
        task_arn=ended.arn,
        log_lines=list(lines),
    )
