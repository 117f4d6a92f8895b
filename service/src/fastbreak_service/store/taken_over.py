# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Taking the rows of a restored database over into the living one, which stays the environment's database.

It is one transaction: the living database has all of it, or is as it was. Nobody reads or writes it meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from fastbreak_service.store import schema
from fastbreak_service.store.restored import PATIENT_SECONDS, erase_again, lines, try_restored
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.tables import audit, metadata, person_erasures, sightings, uploads, work
from fastbreak_service.store.team_analyses import BLUR_CONTRACT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from fastbreak_service.store.administration import Administration
    from fastbreak_service.store.restored import Tried

_LOCK_SECONDS = 120
# The trail is what happened, whatever the rows are; uploads under way are where the storage has them.
_KEPT = (audit, uploads)
_TAKEN = tuple(table for table in metadata.sorted_tables if table not in _KEPT)


def taken_over(living: Administration, restored: Administration, moment: datetime) -> Iterator[str]:
    """Try a restored database, take its rows over, and say what happened. Raises AdministrationError."""
    tried = try_restored(living, restored, moment)
    yield from lines(tried)
    _refuse(tried)
    yield from (f"the living database has lost: {lost}" for lost in tried.compared.lost)
    with living.alone():
        before, counted = take_over(living, restored)
    yield from (f"{table}: {rows} rows taken over" for table, rows in counted.items())
    yield (
        f"the living database has these rows since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}. To undo it, take over the "
        f"moment before it, {before:%Y-%m-%dT%H:%M:%SZ}, as long as the instance's backups reach back to it"
    )


def take_over(living: Administration, restored: Administration) -> tuple[datetime, dict[str, int]]:
    """Put the rows of one database in the place of the other's: the last moment before, and how many of each table.

    What was erased up to that moment is erased in them.
    """
    with living.writing(PATIENT_SECONDS) as present, restored.writing(PATIENT_SECONDS) as copy:
        _check_schemas(present, copy)
        names = ", ".join(table.name for table in metadata.sorted_tables)
        present.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
        present.execute(sa.text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
        before = present.execute(sa.text("SELECT date_trunc('second', clock_timestamp())")).scalar_one()
        erase_again(present, copy)
        present.execute(sa.text(f"TRUNCATE {', '.join(table.name for table in _TAKEN)}"))
        counted = {table.name: _copy(copy, present, table.name) for table in _TAKEN}
        _add_trail(copy, present)
        _begin_anew(present)
    return before, counted


def _refuse(tried: Tried) -> None:
    if tried.problems:
        raise AdministrationError(
            f"{'; '.join(tried.problems)}. The living database was not touched; restore an earlier or a later backup."
        )


def _check_schemas(present: Connection, copy: Connection) -> None:
    """Raise AdministrationError where the rows of one would not fit the other, or some would be left out."""
    asked = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    for connection, which in ((present, "living"), (copy, "restored")):
        revision, tables = schema.current(connection), set(connection.execute(sa.text(asked)).scalars())
        if revision != schema.newest() or tables != set(metadata.tables):
            raise AdministrationError(
                f"the {which} database is at revision {revision} with the tables {', '.join(sorted(tables))}, and this "
                f"release is for {schema.newest()} with {', '.join(sorted(metadata.tables))}. The living database was "
                "not touched; deploy the release whose database it is, and run again."
            )


def _copy(copy: Connection, present: Connection, table: str, into: str = "") -> int:
    """Copy a table's rows, a piece at a time; how many there were."""
    columns = sql.SQL(", ").join(map(sql.Identifier, metadata.tables[table].columns.keys()))
    out = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT BINARY)").format(sql.Identifier(table), columns)
    back = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(into or table), columns)
    there, here = _driver(copy).cursor(), _driver(present).cursor()
    with there.copy(out) as rows, here.copy(back) as taken:
        for piece in rows:
            taken.write(piece)
    return here.rowcount


def _add_trail(copy: Connection, present: Connection) -> None:
    """Add to the trail what the backup has of it and the living database has lost."""
    present.execute(sa.text("CREATE TEMPORARY TABLE restored_audit (LIKE audit) ON COMMIT DROP"))
    _copy(copy, present, audit.name, "restored_audit")
    columns = ", ".join(column.name for column in audit.columns if column.name != "id")
    present.execute(
        sa.text(
            f"INSERT INTO audit ({columns}) SELECT {columns} FROM restored_audit "  # noqa: S608 - names of ours
            f"EXCEPT SELECT {columns} FROM audit ON CONFLICT DO NOTHING"
        )
    )


def _begin_anew(present: Connection) -> None:
    """Nobody has any of the work now. A video in which somebody was to be blurred goes: where they are is gone."""
    present.execute(sa.delete(work).where(work.c.contract == BLUR_CONTRACT))
    present.execute(sa.delete(sightings))
    deleted = sa.update(person_erasures).where(person_erasures.c.erased_at.is_(None)).values(how="deleted")
    present.execute(deleted)
    present.execute(sa.text("UPDATE work SET token = NULL, lease_until = NULL, available_at = now()"))
    present.execute(sa.text("UPDATE segments SET token = NULL, lease_until = NULL, available_at = now()"))


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection, in the same transaction."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver
