# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What whoever is logged in may do in the database, beside what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastbreak_service.store.callers import caller_role
from fastbreak_service.store.tables import APPEND_ONLY, erasures, metadata

if TYPE_CHECKING:
    import psycopg

    from fastbreak_service.store.rights import Grant, Rights

_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def unlike(connection: psycopg.Connection[Any], rights: Rights) -> list[str]:
    """Each right that it lacks, and each that it has beside those of `rights`."""
    lacking = [f"may not {_told(grant)}" for grant in rights.grants if not _has(connection, grant)]
    lacking += [f"may not run {name}" for name in rights.functions if not _runs(connection, name)]
    if rights.callers and not _may(connection, "pg_has_role(%s, 'MEMBER')", [caller_role(connection.info.dbname)]):
        lacking.append("may not act as a caller")
    if rights.whole:
        lacking += [f"may not read {name}" for name in metadata.tables if not _table(connection, name, "SELECT")]
    return lacking + [f"may {verb} {name}, and should not" for name, verb in _beside(connection, rights)]


def _beside(connection: psycopg.Connection[Any], rights: Rights) -> list[tuple[str, str]]:
    """Tables and rights to them as a whole that are too much."""
    if rights.whole:
        judged = [(table.name, verb) for table in APPEND_ONLY for verb in ("UPDATE", "DELETE")]
        judged.append((erasures.name, "DELETE"))
    else:
        granted = {(grant.table, grant.right) for grant in rights.grants if not grant.columns}
        judged = [(name, verb) for name in metadata.tables for verb in _VERBS if (name, verb) not in granted]
    return [(name, verb) for name, verb in judged if _table(connection, name, verb)]


def _told(grant: Grant) -> str:
    return f"{grant.right} {grant.table}{' (' + ', '.join(grant.columns) + ')' if grant.columns else ''}"


def _has(connection: psycopg.Connection[Any], grant: Grant) -> bool:
    if not grant.columns:
        return _table(connection, grant.table, grant.right)
    asked = "has_column_privilege('public.' || %s, %s, %s)"
    return all(_may(connection, asked, [grant.table, column, grant.right]) for column in grant.columns)


def _table(connection: psycopg.Connection[Any], name: str, verb: str) -> bool:
    return _may(connection, "has_table_privilege('public.' || %s, %s)", [name, verb])


def _runs(connection: psycopg.Connection[Any], name: str) -> bool:
    return _may(connection, "has_function_privilege('public.' || %s, 'EXECUTE')", [name])


def _may(connection: psycopg.Connection[Any], question: str, values: list[str]) -> bool:
    return connection.execute(f"SELECT {question}".encode(), values).fetchone() == (True,)
