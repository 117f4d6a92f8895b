# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters about connections to the database. Each has its documentation beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_VARIABLE = "ecs_rollout_database_connections"
_USERS = ("api", "worker")
# As many as the service's engine.py lets a process have; a unit test compares them.
_EACH = {"api": 5, "worker": 3}
# Who has this output as its secret logs in as the workers' user.
_SECRET = "FASTBREAK_DATABASE_SECRET"  # noqa: S105 - a name
_OF_WORKERS = "WorkerDatabaseSecretArn"
_ROLLING = "ROLLING"
_TWICE = 200


def connections_problem(limits: Any, service: Mapping[str, Any], companions: Any) -> str:
    """Why the tasks of a release may meet *limits*; an empty text when they do not.

    *service* has `tasks_maximum`, `scheduled_actions`, `strategy` and `maximum_percent`.
    """
    if problem := _form_problem(limits):
        return problem
    needed = dict.fromkeys(_USERS, 0)
    tasks: dict[str, list[str]] = {user: [] for user in _USERS}
    for user, name, count in _tasks(service, companions):
        needed[user] += count * _EACH[user]
        tasks[user].append(f"{count} of {name}")
    for user in _USERS:
        given = limits.get(user)
        if given is not None and given < needed[user]:
            return (
                f"{_VARIABLE}.{user} is {given}, and while a release is under way up to {needed[user]} are needed: "
                f"{_EACH[user]} for each task, {' and '.join(tasks[user])}. Raise it as far as the database has "
                "connections (max_connections of rds_instance_class), or lower the number of tasks."
            )
    return ""


def _form_problem(limits: Any) -> str:
    if not isinstance(limits, Mapping):
        return f"{_VARIABLE} is {limits!r}. It takes {' and '.join(_USERS)}, each with a number."
    for name, value in limits.items():
        is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if name not in _USERS or not (is_number or value is None):
            return (
                f"{_VARIABLE} has {name}: {value!r}. It takes {' and '.join(_USERS)}, each a whole number from 1 on; "
                "leave out what is to have as many as there are."
            )
    return ""


def _tasks(service: Mapping[str, Any], companions: Any) -> Iterator[tuple[str, str, int]]:
    """Whose user, what, and how many tasks at most run at once while a release is under way."""
    percent = (_number(service.get("maximum_percent")) or _TWICE) if service.get("strategy") == _ROLLING else _TWICE
    most = _most(service.get("tasks_maximum"), service)
    yield "api", f"the service ({_told('ecs_rollout_tasks_maximum', most)})", most * percent // 100
    for entry in companions if isinstance(companions, list | tuple) else ():
        if isinstance(entry, Mapping):
            outputs = entry.get("environment_outputs")
            output = outputs.get(_SECRET) if isinstance(outputs, Mapping) else None
            most = _most(entry.get("tasks_maximum") or entry.get("tasks_minimum"), entry)
            told = f"companion {entry.get('name')} ({_told('tasks_maximum', most)})"
            yield "worker" if output == _OF_WORKERS else "api", told, most * _TWICE // 100


def _told(name: str, most: int) -> str:
    return f"{name} {most}, with those of the release before"


def _most(maximum: Any, bounds: Mapping[str, Any]) -> int:
    """The most tasks that there may be, by the bounds or by a schedule's."""
    actions = bounds.get("scheduled_actions")
    listed = actions if isinstance(actions, list | tuple) else ()
    scheduled = [entry.get("maximum") for entry in listed if isinstance(entry, Mapping)]
    return max([number for value in (maximum, *scheduled) if (number := _number(value)) is not None], default=1)


def _number(value: Any) -> int | None:
    """A number of tasks; None for what is none, which whoever reads the companions or the arguments says in words."""
    try:
        return None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError):
        return None


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"connections_problem": connections_problem}
