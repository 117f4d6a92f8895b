# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports whose writes are made sure of first. Whatever is not known to read is taken for a write."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from .._errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ports import Ports

#: What asks AWS, or computes, and changes nothing.
READS = frozenset(
    {
        "answers",
        "cluster_providers",
        "cluster_status",
        "conform_definition",
        "describe_scaling",
        "describe_service",
        "describe_service_deployment",
        "describe_targets",
        "describe_task",
        "describe_task_definition",
        "find_rules",
        "health_check",
        "history",
        "kept_snapshot",
        "list_rules",
        "listener_access",
        "list_service_deployments",
        "list_task_definitions",
        "list_tasks",
        "listener_problem",
        "questions",
        "registrable",
        "request_count_label",
        "revision_task_definition",
        "running_revisions",
        "running_tasks",
        "service_time",
        "table_problem",
        "target_group_problem",
        "task_definition_tags",
        "unknown_settings",
    }
)
#: The lock itself, and the key that is made once and never written over.
UNLOCKED = frozenset({"definition_key", "drop_lock", "read_lock", "renew_lock", "write_lock"})

#: What names a deployment, a task or a record of this run by its id: late or twice, it cannot hit another run's.
OWN_BY_ID = frozenset({"keep_measurements", "refuse_deployment", "stop_service_deployment", "stop_task"})


def guarded(ports: Ports, secure: Callable[[str], None], doubt: Callable[[str], None]) -> Ports:
    """*ports*, of which each write is preceded by ``secure(name)``, which raises when it must not be made.

    ``doubt(name)`` is called after one whose outcome is not known: it was interrupted, or not answered.
    """

    def guard(port: Any) -> Any:
        return _Guarded(port, secure, doubt)

    return replace(
        ports,
        ecs=guard(ports.ecs),
        balancing=guard(ports.balancing),
        scaling=guard(ports.scaling),
        releases=guard(ports.releases),
        approvals=guard(ports.approvals),
    )


class _Guarded:
    def __init__(self, port: Any, secure: Callable[[str], None], doubt: Callable[[str], None]) -> None:
        self._port = port
        self._secure = secure
        self._doubt = doubt

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name in READS | UNLOCKED:
            return found

        @wraps(found)
        def write(*args: Any, **kwargs: Any) -> Any:
            self._secure(name)
            try:
                return found(*args, **kwargs)
            except (KeyboardInterrupt, UnavailableError):
                self._doubt(name)
                raise

        return write
