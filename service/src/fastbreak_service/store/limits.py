# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many connections a user of the database may have. A limit is never lowered onto tasks that run.

A migration runs before the release does, so the tasks of before run on beside those to come, with as many connections
as their own inventory and code let them have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.store.engine import POOL_SIZE

if TYPE_CHECKING:
    from typing import Any

    import psycopg

LEFT_CONNECTIONS = 15
"""Kept for the owner and its tools."""
# Whoever may not see where somebody logs in from reckons each connection as a task.
_RUNNING = (
    "SELECT count(*), count(DISTINCT coalesce(client_addr::text, pid::text)) FROM pg_stat_activity "
    "WHERE usename = ANY(%s)"
)


def most_connections(connection: psycopg.Connection[Any]) -> int:
    """The most connections of all users, whatever the number of replicas: some are left for the owner and its tools."""
    row = connection.execute("SELECT current_setting('max_connections')::int").fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    return max(1, int(row[0]) - LEFT_CONNECTIONS)


def limit_for(connection: psycopg.Connection[Any], users: tuple[str, str], wanted: int) -> int:
    """What the limit of these users may be now: the wanted one, or a higher one of before that tasks may need."""
    present = present_limit(connection, users)
    if present <= wanted:
        return wanted
    row = connection.execute(_RUNNING, [list(users)]).fetchone()
    assert row is not None  # noqa: S101 - a count has a row
    return wanted if has_room(wanted, *map(int, row)) else present


def has_room(limit: int, connections: int, tasks: int) -> bool:
    """Whether what runs needs no more than half of the limit: the other half is for the tasks to come.

    Each task may have `POOL_SIZE`: a worker of an older release has as many as a server.
    """
    return not connections or max(connections, tasks * POOL_SIZE) <= limit // 2


def present_limit(connection: psycopg.Connection[Any], users: tuple[str, str]) -> int:
    """The higher one of the limits that the users have; 0 when there are no such users."""
    asked = "SELECT rolconnlimit FROM pg_roles WHERE rolname = ANY(%s)"
    found = [int(limit) for (limit,) in connection.execute(asked, [list(users)]).fetchall()]
    # Less than 0: none of its own.
    return max((limit if limit >= 0 else most_connections(connection) for limit in found), default=0)
