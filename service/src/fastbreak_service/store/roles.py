# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The application's users of the database: what they may do, which the owner of the schema grants them.

A secret names one of two users, `<name>_a` or `<name>_b`; a rotation gives the other one a new password and makes it
current, so that there is no moment at which the current one is refused. All rights are the group's, `<name>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from fastbreak_service.store.callers import caller_role
from fastbreak_service.store.tables import APPEND_ONLY, erasures, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import psycopg
    from sqlalchemy import Table

    from fastbreak_service.store.credentials import Credentials

_USERNAME = re.compile(r"([a-z][a-z0-9_]{0,59})_([ab])")
_POWERS = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")
# Whoever logs in by hand with the application's password is bound by them too.
_STATEMENT_SECONDS, _IDLE_SECONDS = 300, 60
_LEFT_CONNECTIONS = 15
_GRANT_OPTIONS = 160_000


class AdministrationError(Exception):
    """The owner's work cannot be done as it must be; the message says what is in the way and what to do."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The group and its two users."""

    group: str

    @classmethod
    def of(cls, username: str) -> Roles:
        """The roles that a user belongs to. Raises AdministrationError for a name that is not one of two."""
        found = _USERNAME.fullmatch(username)
        if found is None:
            raise AdministrationError(
                f"The application's secret names the user {username!r}, but it must end in _a or _b, such as "
                "fastbreak_app_a: a rotation goes from one of the two to the other."
            )
        return cls(found[1])

    @property
    def users(self) -> tuple[str, str]:
        """Both users."""
        return f"{self.group}_a", f"{self.group}_b"

    def other(self, username: str) -> str:
        """The user that is not `username`."""
        first, second = self.users
        return second if username == first else first


def ensure(connection: psycopg.Connection[Any], roles: Roles) -> bool:
    """Make the roles and grant what they need, no more; whether a user was made.

    May be repeated: what is granted already stays. Takes nothing from the owner, whom an older release may still log in
    as. Raises AdministrationError when a role of such a name is not the application's.
    """
    known = _refuse_powers(connection, roles)
    for name in (roles.group, *roles.users):
        if name not in known:
            _run(connection, "CREATE ROLE {} NOLOGIN", sql.Identifier(name))
    limit = _connection_limit(connection)
    for user in roles.users:
        _run(connection, "GRANT {} TO {}", sql.Identifier(roles.group), sql.Identifier(user))
        _run(connection, "ALTER ROLE {} LOGIN CONNECTION LIMIT {}", sql.Identifier(user), sql.Literal(limit))
        for setting, seconds in (
            ("statement_timeout", _STATEMENT_SECONDS),
            ("idle_in_transaction_session_timeout", _IDLE_SECONDS),
        ):
            value = sql.Literal(f"{seconds}s")
            _run(connection, "ALTER ROLE {} SET {} = {}", sql.Identifier(user), sql.Identifier(setting), value)
    _grant(connection, sql.Identifier(roles.group))
    _let_become(connection, roles.group)
    return not known.issuperset(roles.users)


def set_password(connection: psycopg.Connection[Any], credentials: Credentials) -> None:
    """Give a user a password. The server is sent its SCRAM verifier, so that no log of statements can show it."""
    verifier = connection.pgconn.encrypt_password(
        credentials.password.encode(), credentials.username.encode(), b"scram-sha-256"
    )
    _run(connection, "ALTER ROLE {} PASSWORD {}", sql.Identifier(credentials.username), sql.Literal(verifier.decode()))


def _grant(connection: psycopg.Connection[Any], group: sql.Identifier) -> None:
    database = sql.Identifier(connection.info.dbname)
    _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    _run(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, group)
    _run(connection, "GRANT USAGE ON SCHEMA public TO {}", group)
    _run(connection, "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}", _names(metadata.sorted_tables), group)
    _run(connection, "REVOKE UPDATE, DELETE ON {} FROM {}", _names(APPEND_ONLY), group)
    _run(connection, "REVOKE DELETE ON {} FROM {}", _names([erasures]), group)
    _run(connection, "GRANT EXECUTE ON FUNCTION public.forget_old_audit() TO {}", group)
    _run(connection, "REVOKE ALL ON public.alembic_version FROM {}", group)
    _run(connection, "GRANT SELECT ON public.alembic_version TO {}", group)
    # What later migrations make, they make as this owner.
    future = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} ON {} TO {}"
    for rights, kind in (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE, SELECT", "SEQUENCES")):
        _run(connection, future, sql.SQL(rights), sql.SQL(kind), group)


def _names(tables: Iterable[Table]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier("public", table.name) for table in tables)


def _let_become(connection: psycopg.Connection[Any], group: str) -> None:
    """Let the application act as a caller, without having a caller's rights beside its own."""
    caller = sql.Identifier(caller_role(connection.info.dbname))
    # Before release 16 a role's own attribute says what is inherited, and the group has these rights anyhow.
    how = sql.SQL(" WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= _GRANT_OPTIONS else "")
    _run(connection, "GRANT {} TO {}{}", caller, sql.Identifier(group), how)


def _connection_limit(connection: psycopg.Connection[Any]) -> int:
    """The most connections of a user, whatever the number of replicas: some are left for the owner and its tools."""
    row = connection.execute("SELECT current_setting('max_connections')::int").fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has a row
    return max(1, int(row[0]) - _LEFT_CONNECTIONS)


def _refuse_powers(connection: psycopg.Connection[Any], roles: Roles) -> set[str]:
    """Those of the roles that exist. Raises AdministrationError for one that may do what an application's never may."""
    names = [roles.group, *roles.users]
    caller = caller_role(connection.info.dbname)
    if connection.info.user in names:
        raise AdministrationError(
            f"The user {connection.info.user} would be both the owner of the schema and the application's; give the "
            "application's secret another user."
        )
    powers = sql.SQL(" OR ").join(sql.Identifier(power) for power in _POWERS)
    question = sql.SQL("SELECT rolname, {} FROM pg_roles WHERE rolname = ANY(%s)").format(powers)
    found = connection.execute(question, [[*names, caller]]).fetchall()
    foreign = connection.execute(
        "SELECT member.rolname, granted.rolname FROM pg_auth_members AS has "
        "JOIN pg_roles AS member ON member.oid = has.member JOIN pg_roles AS granted ON granted.oid = has.roleid "
        "WHERE member.rolname = ANY(%s) AND granted.rolname <> ALL(%s)",
        [[*names, caller], [roles.group, caller]],
    ).fetchall()
    problems = [f"{name} may do more than log in (see \\du {name} in psql)" for name, powerful in found if powerful]
    problems += [f"{name} is a member of {other}" for name, other in foreign]
    if problems:
        raise AdministrationError(
            f"The application's user would have more than its own rights: {'; '.join(problems)}. Take that away (ALTER "
            "ROLE, REVOKE), or name another user in the application's secret."
        )
    return {name for name, _ in found}


def _run(connection: psycopg.Connection[Any], statement: LiteralString, *parts: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(*parts))
