# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Granting a group its rights, as the owner of the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from fastbreak_service.store.callers import caller_role
from fastbreak_service.store.tables import APPEND_ONLY, erasures, metadata, person_erasures

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import psycopg
    from sqlalchemy import Table

    from fastbreak_service.store.rights import Rights

_GRANT_OPTIONS = 160_000
# What later migrations make, they make as this owner.
_LATER = (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE, SELECT", "SEQUENCES"))


def grant(connection: psycopg.Connection[Any], name: str, rights: Rights, *, knows_schema: bool) -> None:
    """Give a group its rights and, with `knows_schema`, take from it all others that it may have had.

    Of one that has the whole, the rights to change what is only added to are taken in any schema.
    """
    group = sql.Identifier(name)
    _let_in(connection, group)
    if rights.whole:
        _grant_whole(connection, group)
    elif knows_schema:
        _take_all(connection, group)
    _grant_each(connection, group, rights)
    if rights.callers:
        _let_become(connection, group)


def run(connection: psycopg.Connection[Any], statement: LiteralString, *parts: sql.Composable) -> None:
    """Run a statement with names and values put into it."""
    connection.execute(sql.SQL(statement).format(*parts))


def _let_in(connection: psycopg.Connection[Any], group: sql.Identifier) -> None:
    database = sql.Identifier(connection.info.dbname)
    run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    run(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    run(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, group)
    run(connection, "GRANT USAGE ON SCHEMA public TO {}", group)


def _grant_whole(connection: psycopg.Connection[Any], group: sql.Identifier) -> None:
    run(connection, "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}", _names(metadata.sorted_tables), group)
    run(connection, "REVOKE UPDATE, DELETE ON {} FROM {}", _names(APPEND_ONLY), group)
    run(connection, "REVOKE DELETE ON {} FROM {}", _names([erasures, person_erasures]), group)
    run(connection, "REVOKE ALL ON public.alembic_version FROM {}", group)
    run(connection, "GRANT SELECT ON public.alembic_version TO {}", group)
    future = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} ON {} TO {}"
    for rights, kind in _LATER:
        run(connection, future, sql.SQL(rights), sql.SQL(kind), group)


def _take_all(connection: psycopg.Connection[Any], group: sql.Identifier) -> None:
    """Take what is not granted anew: of a user that did everything once. Nobody sees what is between."""
    future = "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE {} ON {} FROM {}"
    for later, kind in _LATER:
        run(connection, future, sql.SQL(later), sql.SQL(kind), group)
    # Views are among them: of those, too, default privileges have given it rights.
    run(connection, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", group)
    run(connection, "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}", group)
    run(connection, "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {}", group)


def _grant_each(connection: psycopg.Connection[Any], group: sql.Identifier, rights: Rights) -> None:
    for grant in rights.grants:
        columns = sql.SQL(", ").join(map(sql.Identifier, grant.columns))
        of_columns = sql.SQL(" ({})").format(columns) if grant.columns else sql.SQL("")
        table = sql.Identifier("public", grant.table)
        run(connection, "GRANT {}{} ON {} TO {}", sql.SQL(grant.right), of_columns, table, group)
    for function in rights.functions:
        run(connection, "GRANT EXECUTE ON FUNCTION {} TO {}", sql.SQL("public." + function), group)


def _names(tables: Iterable[Table | str]) -> sql.Composable:
    names = (table if isinstance(table, str) else table.name for table in tables)
    return sql.SQL(", ").join(sql.Identifier("public", name) for name in names)


def _let_become(connection: psycopg.Connection[Any], group: sql.Identifier) -> None:
    """Let the application act as a caller, without having a caller's rights beside its own."""
    caller = sql.Identifier(caller_role(connection.info.dbname))
    # Before release 16 a role's own attribute says what is inherited, and the group has these rights anyhow.
    how = sql.SQL(" WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= _GRANT_OPTIONS else "")
    run(connection, "GRANT {} TO {}{}", caller, group, how)
