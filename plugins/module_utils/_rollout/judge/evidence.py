# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of a failed release: how its targets stood, why its tasks stopped, exit codes, their last log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._errors import FastbreakError
from ..definition.references import log_stream
from .observation import failure_of, is_failure, of_revision

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..session import Session
    from ..values import Task

_LOG_LINES = 20
_TASKS_SHOWN = 3
_TARGETS_SHOWN = 10


def with_targets(evidence: tuple[dict[str, Any], ...], targets: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    """*evidence* with how the *targets* stood when the release was judged: going back takes them away."""
    return (*evidence, {"targets": list(targets[:_TARGETS_SHOWN])}) if targets else evidence


def gather_evidence(session: Session, facts: Facts, task_definition_arn: str) -> tuple[dict[str, Any], ...]:
    """What the newest tasks of the revision left, those that failed first. Never fails a run."""
    try:
        request = session.request
        tasks = of_revision(session.ports.ecs.list_tasks(request.cluster, request.service), task_definition_arn)
        newest = sorted(tasks, key=lambda task: (is_failure(task), task.created_at), reverse=True)
        return tuple(_evidence(session, facts, task) for task in newest[:_TASKS_SHOWN])
    except FastbreakError as error:
        session.warn(f"no evidence could be gathered: {error}")
        return ()


def _evidence(session: Session, facts: Facts, task: Task) -> dict[str, Any]:
    streams = [
        stream
        for container in facts.target.document["containerDefinitions"]
        if (stream := log_stream(facts.target.document, container["name"], task.id))
    ]
    evidence = {
        "task": task.id,
        "status": task.last_status,
        "stopped": str(failure_of(task)) if task.stop_code else "",
        "log_lines": [line for stream in streams for line in session.ports.logs.tail(*stream, lines=_LOG_LINES)],
    }
    # Before anything is cut: a part of a value is not known again.
    return session.shown(evidence)
