# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The migration: a command of the new revision that runs once, before the service is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import OperationError
from ..service.writes import OneOffTask
from .one_off import Errand, Stage, exit_code_of, last_lines, run_once, started_by, told

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..request.model import Migration
    from ..session import Session
    from ..values import Task

KIND = "migration"


def migrate(session: Session, facts: Facts, migration: Migration, task_definition_arn: str, mark: str = "") -> None:
    """Run *migration* with the new revision, as the service's tasks are run, and never beside another one.

    It is told the *mark* that it leaves in the database when it was whole.
    Raises OperationError with its last log lines when it fails, WaitTimeoutError when it takes too long.
    """
    request = session.request
    stage = Stage(session.ports, request.cluster, session, session.say, request.poll_seconds)
    errand = Errand(KIND, "migration.timeout_seconds", migration.timeout_seconds, "release again")
    task = OneOffTask(
        cluster=request.cluster,
        task_definition_arn=task_definition_arn,
        container=migration.container,
        command=migration.command,
        settings=request.settings,
        started_by=started_by(KIND, request.service),
        cpu=migration.cpu,
        memory_mib=migration.memory_mib,
        environment=(*migration.environment, *_left(migration, mark)),
        task_role_arn=migration.task_role_arn,
    )
    ended = run_once(stage, errand, task, request.disclosure.command(migration.command))
    if exit_code_of(ended, migration.container) != 0:
        raise _failed(
            session, facts, migration, ended, last_lines(stage, facts.target.document, migration.container, ended)
        )
    session.say("migration succeeded")


def _left(migration: Migration, mark: str) -> tuple[tuple[str, str], ...]:
    return ((migration.skipping.variable, mark),) if migration.skipping and mark else ()


def _failed(
    session: Session, facts: Facts, migration: Migration, ended: Task, lines: tuple[str, ...]
) -> OperationError:
    command = session.request.disclosure.command(migration.command)
    exit_code = exit_code_of(ended, migration.container)
    ending = "before its container ran" if exit_code is None else f"with exit code {exit_code}"
    return OperationError(
        f"Releasing {facts.target.release.version} to {session.request.service} was refused: its migration "
        f"{command} (task {ended.id}) ended {ending}{told(ended)}. The service was "
        f"not touched and runs on as before. Last log lines: {' | '.join(lines) or 'none were written'}. Correct the "
        "migration and release again.",
        task_arn=ended.arn,
        log_lines=list(lines),
    )
