# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Taking the rows of a restored database over into the living one, which stays the environment's database.

It is one transaction: the living database has all of it, or is as it was. Nobody reads or writes it meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastbreak_service.store import schema
from fastbreak_service.store.engine import wait_for_acknowledgements
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.restored import erase_again, lines, try_restored
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.tables import metadata, takeovers
from fastbreak_service.store.taking import add_to_trail, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from fastbreak_service.store.administration import Administration
    from fastbreak_service.store.restored import Tried
    from fastbreak_service.store.taking import Took

_STATEMENT_SECONDS = 9000
# Whoever is at work may take five minutes to its end. Others go on between two attempts.
_LOCK_SECONDS = 600.0
_ATTEMPT_SECONDS = _PAUSE_SECONDS = 2
_LOCKED_OUT = ("55P03", "40P01")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup, in the operator's words, and its moment."""

    name: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """The last moment before, and what was taken."""

    before: datetime
    took: Took


def taken_over(living: Administration, restored: Administration, backup: Backup) -> Iterator[str]:
    """Try a restored database, take its rows over, and say what happened. Raises AdministrationError.

    The backup that was taken over last is not taken over again.
    """
    with living.reading(_STATEMENT_SECONDS) as present:
        _check_schema(present, "living")
        earlier = _last(present, backup)
    if earlier is not None:
        yield f"the rows of {backup.name} were taken over already, after {_told(earlier)}. Nothing was done"
        yield _undo(earlier)
        return
    tried = try_restored(living, restored, backup.moment)
    yield from lines(tried)
    _refuse(tried)
    if tried.compared.lost:
        yield f"the living database has lost: {'; '.join(tried.compared.lost)}"
    with living.alone():
        taken = take_over(living, restored, backup)
    yield f"rows now: {', '.join(f'{table} {rows}' for table, rows in taken.took.rows.items())}"
    yield (
        f"{taken.took.stayed} analyses are as they were, with all that was found and said since: the backup has no "
        "result of them, or their persons were corrected since"
    )
    if taken.took.named:
        yield f"{taken.took.named} more keep who is named in them: somebody was, or is no more, since the backup"
    yield f"the living database has these rows since {_told(datetime.now(UTC))}"
    yield _undo(taken.before)


def take_over(
    living: Administration, restored: Administration, backup: Backup, lock_seconds: float = _LOCK_SECONDS
) -> Taken:
    """Put the rows of one database in the place of the other's. Raises AdministrationError.

    What was erased up to that moment is erased in them.
    """
    complete = False
    try:
        # The living one ends first: it has it all before anything else can fail.
        with restored.writing(_STATEMENT_SECONDS) as copy, living.writing(_STATEMENT_SECONDS) as present:
            for connection, which in ((present, "living"), (copy, "restored")):
                wait_for_acknowledgements(connection)
                _check_schema(connection, which)
            _lock(present, lock_seconds)
            taken = _take(present, copy, backup)
            complete = True
    except DATABASE_ERRORS as error:
        raise _broken_off(reason(error).rstrip("."), complete=complete) from error
    return taken


def _broken_off(why: str, *, complete: bool) -> AdministrationError:
    if complete:
        return AdministrationError(
            f"{why}. It broke off while all was being committed, so that it is not known whether the rows were taken "
            "over. Run the same command again: it says so when they were, and takes them over when not."
        )
    return AdministrationError(f"{why}. Nothing was changed; run the same command again.")


def _take(present: Connection, copy: Connection, backup: Backup) -> Taken:
    if (earlier := _last(present, backup)) is not None:
        raise AdministrationError(
            f"another run has taken the rows of {backup.name} over meanwhile, after {_told(earlier)}. This one changed "
            "nothing."
        )
    before = _next_second(present)
    erase_again(present, copy)
    took = take(present, copy)
    add_to_trail(present, copy, f"restore.yml: {backup.name}")
    told = {"before": before, "backup": backup.name, "moment": backup.moment}
    present.execute(sa.insert(takeovers).values(told))
    return Taken(before, took)


def _lock(present: Connection, seconds: float) -> None:
    """Lock all tables, in short attempts: those that wait behind one are let through after it."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    present.execute(sa.text(f"SET LOCAL lock_timeout = '{_ATTEMPT_SECONDS}s'"))
    deadline = time.monotonic() + seconds
    while True:
        try:
            with present.begin_nested():
                present.execute(sa.text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOCKED_OUT:
                raise
            if time.monotonic() > deadline:
                raise AdministrationError(
                    f"others were at work in the living database for {seconds:g} s ({reason(error)}). Nothing was "
                    "changed; run the same command again when less is being done."
                ) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _next_second(present: Connection) -> datetime:
    """The next full second, once it has come: all that was committed is before it, and what is done now is after."""
    asked = "SELECT date_trunc('second', clock_timestamp()) + interval '1 second'"
    moment: datetime = present.execute(sa.text(asked)).scalar_one()
    present.execute(sa.text("SELECT pg_sleep_until(CAST(:moment AS timestamptz))"), {"moment": moment})
    return moment


def _last(present: Connection, backup: Backup) -> datetime | None:
    """The last moment before this backup was taken over, when no other was since."""
    newest = sa.select(takeovers).order_by(takeovers.c.before.desc()).limit(1)
    row = present.execute(newest).one_or_none()
    same = row is not None and (row.backup, row.moment) == (backup.name, backup.moment)
    return row.before if row is not None and same else None


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _undo(before: datetime) -> str:
    return (
        f"to undo it, take the moment before it over, {_told(before)}, as long as the instance's backups reach back to "
        "it"
    )


def _refuse(tried: Tried) -> None:
    if tried.problems:
        raise AdministrationError(
            f"{'; '.join(tried.problems)}. The living database was not touched; restore an earlier or a later backup."
        )


def _check_schema(connection: Connection, which: str) -> None:
    """Raise AdministrationError where the rows of one would not fit the other, or some would be left out."""
    asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    revision, tables = schema.current(connection), set(connection.execute(sa.text(asked)).scalars())
    if revision != schema.newest() or tables != set(metadata.tables):
        raise AdministrationError(
            f"the {which} database is at revision {revision} with the tables {', '.join(sorted(tables))}, and this "
            f"release is for {schema.newest()} with {', '.join(sorted(metadata.tables))}. The living database was "
            "not touched; deploy the release whose database it is, and run again."
        )
