# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling a database that is away, where trying again helps, from one that refuses, where it does not."""

from __future__ import annotations

import re

import psycopg
from sqlalchemy import exc

DATABASE_ERRORS = (exc.SQLAlchemyError, psycopg.Error)
"""Everything that the engine and the driver raise; COPY raises the driver's own errors."""
_UNREACHED = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)

# Classes and codes of SQLSTATE (PostgreSQL's manual, appendix A) that pass by themselves: connections, rollbacks of
# concurrent transactions, resources, operators' intervention, the system's own input and output; then a lock, a
# statement or idle transaction cut off, and a standby that is being promoted.
_PASSING_CLASSES = ("08", "40", "53", "57", "58")
_PASSING_CODES = ("55P03", "25P03", "25006")
_LASTING_CODES = ("57P04",)
# While connecting there is no code, only the server's sentence. Every FATAL one is a refusal but these.
_REFUSAL = re.compile(
    r"FATAL:|does not support SSL|sslmode|SSL error: (?!unexpected eof)|certificate|root\.crt|no password supplied|"
    r"invalid (?:port|connection option)",
    re.IGNORECASE,
)
_PASSING_REFUSAL = re.compile(
    r"starting up|shutting down|recovery mode|not (?:yet )?accepting|too many|connection slots|terminating|"
    r"SSL (?:connection has been closed|SYSCALL|error: unexpected eof)|closed the connection",
    re.IGNORECASE,
)

_FULL_CODE = "53300"
_FULL = re.compile(r"FATAL:\s+(?:sorry, )?too many (?:clients|connections)|connection slots are reserved")
_OWN_LIMIT = re.compile(r"too many connections for role")
_FULL_ADVICE = "more tasks run than ecs_rollout_database_connections has room for: raise it, or lower the tasks"


class SecretError(psycopg.OperationalError):
    """The secret with the credentials cannot be read or written: without it there is no way into the database.

    `passing` is whether that may pass by itself. The message names the secret, never its content.
    """

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


def is_away(error: Exception) -> bool:
    """Whether the same call may succeed later without anybody changing the database or the settings."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, SecretError):
        return cause.passing
    code = getattr(cause, "sqlstate", None)
    if code is not None:
        return code not in _LASTING_CODES and (code[:2] in _PASSING_CLASSES or code in _PASSING_CODES)
    if not isinstance(error, _UNREACHED):
        return False
    said = str(cause)
    return _PASSING_REFUSAL.search(said) is not None or _REFUSAL.search(said) is None


def is_full(error: Exception) -> bool:
    """Whether the database has no connection left: for this user, or for anybody."""
    cause = getattr(error, "orig", None) or error
    return getattr(cause, "sqlstate", None) == _FULL_CODE or _FULL.search(str(cause)) is not None


def is_refused_login(error: Exception) -> bool:
    """Whether the server refused these very credentials: another password, or another user, may be let in."""
    if isinstance(error, SecretError):
        return False
    code = getattr(error, "sqlstate", None)
    if code is not None:
        return str(code).startswith("28")
    # While connecting there is no code. The sentence's severity counts, whatever its words are.
    return "FATAL:" in str(error) and not is_away(error)


def is_shut(error: Exception) -> bool:
    """Whether the database does not let the service in: no connection, no rights, no schema."""
    code = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    if code is None:
        return isinstance(error, _UNREACHED)
    return code[:2] in {"28", "3D"} or code == "42501"


def was_cut_off(error: Exception) -> bool:
    """Whether the statement ran into its time limit: of a loaded database a passing thing, but not for ever."""
    return getattr(getattr(error, "orig", None) or error, "sqlstate", None) == "57014"


def was_deadlocked(error: Exception) -> bool:
    """Whether the server ended the transaction since it and others waited for each other."""
    return getattr(getattr(error, "orig", None) or error, "sqlstate", None) == "40P01"


def reason(error: Exception) -> str:
    """The first line of what the database said, for logs and the command line, without statement and parameters."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    said = lines[0] if lines else type(cause).__name__
    return f"{said} ({_FULL_ADVICE})" if _OWN_LIMIT.search(said) else said
