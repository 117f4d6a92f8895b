# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The service's users of the database: the owner of the schema makes them and grants them their rights.

A secret names one of two users, `<name>_a` or `<name>_b`; a rotation gives the other one a new password and makes it
current, so that there is no moment at which the current one is refused. All rights are the group's, `<name>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from fastbreak_service.store.callers import caller_role
from fastbreak_service.store.granting import grant, run
from fastbreak_service.store.limits import limit_for, most_connections

if TYPE_CHECKING:
    from typing import Any

    import psycopg

    from fastbreak_service.store.credentials import Credentials
    from fastbreak_service.store.rights import Rights

_USERNAME = re.compile(r"([a-z][a-z0-9_]{0,59})_([ab])")
_POWERS = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")
# Whoever logs in by hand with the application's password is bound by them too.
_STATEMENT_SECONDS, _IDLE_SECONDS = 300, 60


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


def known(connection: psycopg.Connection[Any], group: str) -> bool:
    """Whether there is a group of this name."""
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [group]).fetchone() is not None


def works_for_all(connection: psycopg.Connection[Any], group: str, others: list[str]) -> bool:
    """Whether a group that may do the others' work is logged in, and none of them is."""
    if not others or not known(connection, group):
        return False
    may = "SELECT has_table_privilege(%s, to_regclass('public.persons'), 'INSERT')"
    if connection.execute(may, [group]).fetchone() != (True,):
        return False
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY(%s)"
    first, *rest = (connection.execute(asked, [list(Roles(name).users)]).fetchone() for name in (group, *others))
    return first != (0,) and all(found == (0,) for found in rest)


def ensure(
    connection: psycopg.Connection[Any], roles: Roles, rights: Rights, *, knows_schema: bool, connections: int = 0
) -> bool:
    """Make the roles and grant what they need, no more; whether a user was made.

    Each user may have so many `connections`, 0: all that there are; or as many as before, while tasks run that may need
    more than half of them. Never both at the same time have more than one
    would, for a process logs in as one of them.
    May be repeated. Takes nothing from the owner, whom an older release may still log in as; nor, without
    `knows_schema`, from the roles, but the right to change what is only added to: what a newer release has granted is
    not this one's to judge. Raises AdministrationError when a role of such a name is not the application's.
    """
    known = _refuse_powers(connection, roles, rights)
    for name in (roles.group, *roles.users):
        if name not in known:
            run(connection, "CREATE ROLE {} NOLOGIN", sql.Identifier(name))
    limit = limit_for(connection, roles.users, connections or most_connections(connection))
    for user in roles.users:
        run(connection, "GRANT {} TO {}", sql.Identifier(roles.group), sql.Identifier(user))
        run(connection, "ALTER ROLE {} LOGIN CONNECTION LIMIT {}", sql.Identifier(user), sql.Literal(limit))
        for setting, seconds in (
            ("statement_timeout", _STATEMENT_SECONDS),
            ("idle_in_transaction_session_timeout", _IDLE_SECONDS),
        ):
            value = sql.Literal(f"{seconds}s")
            run(connection, "ALTER ROLE {} SET {} = {}", sql.Identifier(user), sql.Identifier(setting), value)
    grant(connection, roles.group, rights, knows_schema=knows_schema)
    return not known.issuperset(roles.users)


def set_password(connection: psycopg.Connection[Any], credentials: Credentials) -> None:
    """Give a user a password. The server is sent its SCRAM verifier, so that no log of statements can show it."""
    verifier = connection.pgconn.encrypt_password(
        credentials.password.encode(), credentials.username.encode(), b"scram-sha-256"
    )
    run(connection, "ALTER ROLE {} PASSWORD {}", sql.Identifier(credentials.username), sql.Literal(verifier.decode()))


def _refuse_powers(connection: psycopg.Connection[Any], roles: Roles, rights: Rights) -> set[str]:
    """Those of the roles that exist. Raises AdministrationError for one that may do what an application's never may."""
    names = [roles.group, *roles.users]
    caller = caller_role(connection.info.dbname)
    if connection.info.user in names:
        raise AdministrationError(
            f"The user {connection.info.user} would be both the owner of the schema and the application's; give the "
            "application's secret another user."
        )
    powers = sql.SQL(" OR ").join(sql.Identifier(power) for power in _POWERS)
    allowed = [roles.group, *([caller] if rights.callers else [])]
    question = sql.SQL("SELECT rolname, {} FROM pg_roles WHERE rolname = ANY(%s)").format(powers)
    found = connection.execute(question, [[*names, caller]]).fetchall()
    foreign = connection.execute(
        "SELECT member.rolname, granted.rolname FROM pg_auth_members AS has "
        "JOIN pg_roles AS member ON member.oid = has.member JOIN pg_roles AS granted ON granted.oid = has.roleid "
        "WHERE member.rolname = ANY(%s) AND granted.rolname <> ALL(%s)",
        [[*names, caller], allowed],
    ).fetchall()
    problems = [f"{name} may do more than log in (see \\du {name} in psql)" for name, powerful in found if powerful]
    problems += [f"{name} is a member of {other}" for name, other in foreign]
    if problems:
        raise AdministrationError(
            f"The application's user would have more than its own rights: {'; '.join(problems)}. Take that away (ALTER "
            "ROLE, REVOKE), or name another user in the application's secret."
        )
    return {name for name, _ in found}
