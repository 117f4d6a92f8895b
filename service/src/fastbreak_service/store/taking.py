# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

# ruff: noqa: S608 - names of ours

"""The rows of a take-over, in transactions of the caller.

Of analyses that have a result in the backup, the backup's rows are taken. All others stay as they are, and those whose
persons were corrected since: what was accepted, found and said since the backup is nowhere else. So is which player a
person is, where somebody was named, or is named no more, since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from fastbreak_service.store.audit import Action
from fastbreak_service.store.comparison import corrected_since, named_since
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.tables import (
    analyses,
    audit,
    erasures,
    metadata,
    person_erasures,
    players,
    reviews,
    sightings,
    takeovers,
    uploads,
    work,
)
from fastbreak_service.store.team_analyses import BLUR_CONTRACT

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

# The trail is what happened, whatever the rows are; uploads under way are where the storage has them.
_KEPT = (audit, uploads, takeovers)
_TAKEN = tuple(table for table in metadata.sorted_tables if table not in _KEPT)
# What was erased is noted in the copy, as far as this database knows of it.
_OF_ANALYSES = tuple(table for table in _TAKEN if table not in (erasures, person_erasures))
_STAYING = sa.table("staying", sa.column("id"))
_NAMED = sa.table("named", sa.column("id"))


@dataclass(frozen=True, slots=True)
class Took:
    """How many analyses stay as they are, in how many more players' names do, and how many rows there are then."""

    stayed: int
    named: int
    rows: dict[str, int]


def take(present: Connection, copy: Connection) -> Took:
    """Put the copy's rows in their place."""
    stayed, named = _note_those_that_stay(present, copy)
    for table in _OF_ANALYSES:
        _run(present, f"CREATE TEMPORARY TABLE kept_{table.name} ON COMMIT DROP AS {_rows(table, stays=True)}")
    _run(present, f"CREATE TEMPORARY TABLE said ON COMMIT DROP AS {_rows(reviews, stays=False)}")
    _run(present, f"TRUNCATE {', '.join(table.name for table in _TAKEN)}")
    for table in _TAKEN:
        _copy(copy, present, table, _rows(table, stays=False) if table in _OF_ANALYSES else _all(table))
    _put_back(present)
    _say_again(present)
    _forget_compared(present)
    _begin_anew(present)
    counted = sa.select(sa.func.count())
    rows = {table.name: present.execute(counted.select_from(table)).scalar_one() for table in _TAKEN}
    return Took(stayed, named, rows)


def add_to_trail(present: Connection, copy: Connection, subject: str) -> None:
    """Add what the backup has of the trail and this database has lost; and to each team's, that rows were taken."""
    _run(present, "CREATE TEMPORARY TABLE old ON COMMIT DROP AS SELECT * FROM audit WITH NO DATA")
    _copy(copy, present, audit, _all(audit), "old")
    _run(present, "CREATE INDEX ON old (at)")
    columns = ", ".join(column.name for column in audit.columns if column.name != "id")
    which = "SELECT min(id) FROM old WHERE old.at = lost.at AND old.subject = lost.subject AND old.action = lost.action"
    _run(
        present,
        f"INSERT INTO audit ({columns}) SELECT {columns} FROM "
        f"(SELECT {columns} FROM old EXCEPT SELECT {columns} FROM audit) AS lost ORDER BY at, ({which}) "
        "ON CONFLICT DO NOTHING",
    )
    entry = {"subject": subject, "action": Action.TAKEN_OVER}
    teams = present.execute(sa.select(analyses.c.team).distinct().order_by(analyses.c.team)).scalars().all()
    for team in teams:
        present.execute(sa.insert(audit).values(team=team, at=sa.func.clock_timestamp(), **entry))


def _note_those_that_stay(present: Connection, copy: Connection) -> tuple[int, int]:
    """Note in both which stay as they are: those of which the backup has no result, or who is who as it was.

    And in which players do: those, and where they were named since. How many the first are, and the others.
    """
    results = set(copy.execute(sa.select(analyses.c.id).where(analyses.c.status == "succeeded")).scalars())
    results -= corrected_since(present, copy)
    here = set(present.execute(sa.select(analyses.c.id)).scalars())
    staying = here - results
    named = staying | (here & named_since(present, copy))
    for connection in (present, copy):
        for table, found in ((_STAYING, staying), (_NAMED, named)):
            _run(connection, f"CREATE TEMPORARY TABLE {table.name} (id uuid PRIMARY KEY) ON COMMIT DROP")
            if found:
                connection.execute(sa.insert(table), [{"id": one} for one in found])
    return len(staying), len(named - staying)


def _put_back(present: Connection) -> None:
    """Have those that stay again. A key under which the backup has another analysis is that one's."""
    _run(
        present,
        "UPDATE kept_analyses AS kept SET idempotency_key = NULL WHERE EXISTS (SELECT FROM analyses WHERE "
        "analyses.team = kept.team AND analyses.idempotency_key = kept.idempotency_key)",
    )
    same = "persons.analysis_id = kept_players.analysis_id AND persons.person = kept_players.person"
    for table in _OF_ANALYSES:
        # Whoever is named has to be somebody of the backup's.
        there = f" WHERE EXISTS (SELECT FROM persons WHERE {same})" if table is players else ""
        columns = _columns(table)
        _run(present, f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM kept_{table.name}{there}")


def _forget_compared(present: Connection) -> None:
    """What was told of players by rows that are not these any more: naming them again compares them anew."""
    _run(
        present,
        "UPDATE players SET compared = NULL, basis = '{}' WHERE "
        "analysis_id IN (SELECT id FROM named EXCEPT SELECT id FROM staying) "
        "OR EXISTS (SELECT FROM unnest(basis) AS told (id) WHERE NOT EXISTS (SELECT FROM players AS other WHERE "
        "other.analysis_id = told.id AND other.player = players.player))",
    )


def _say_again(present: Connection) -> None:
    """Add the reviews that the backup lacks to those that it has, as newer versions of them."""
    same = "said.analysis_id = reviews.analysis_id AND said.finding = reviews.finding"
    content = "(said.verdict, said.note, said.reviewer, said.reviewed_at)"
    _run(
        present,
        f"DELETE FROM said USING reviews WHERE {same} AND {content} IS NOT DISTINCT FROM "
        f"{content.replace('said', 'reviews')}",
    )
    homeless = _run(
        present,
        "SELECT DISTINCT analysis_id FROM said WHERE NOT EXISTS (SELECT FROM findings WHERE findings.analysis_id = "
        "said.analysis_id AND findings.number = said.finding) LIMIT 3",
    ).scalars()
    if named := ", ".join(map(str, homeless)):
        raise AdministrationError(
            f"there are reviews of findings that the backup does not have ({named}). Nothing was changed; restore an "
            "earlier or a later backup."
        )
    order = "PARTITION BY analysis_id, finding ORDER BY version"
    _run(
        present,
        f"INSERT INTO reviews ({_columns(reviews)}) SELECT analysis_id, finding, coalesce((SELECT max(version) FROM "
        f"reviews WHERE {same}), 0) + row_number() OVER ({order}), verdict, note, reviewer, reviewed_at FROM said",
    )


def _begin_anew(present: Connection) -> None:
    """Nobody has any of the work now. A video of the backup in which somebody was to be blurred goes, and is not shown.

    Where they are in it is gone.
    """
    stays = sa.select(_STAYING.c.id)
    present.execute(sa.delete(work).where(work.c.contract == BLUR_CONTRACT, work.c.analysis_id.not_in(stays)))
    present.execute(sa.delete(sightings).where(sightings.c.analysis_id.not_in(stays)))
    waiting = person_erasures.c.erased_at.is_(None)
    unseen = sa.update(analyses).where(analyses.c.id.in_(sa.select(person_erasures.c.analysis_id).where(waiting)))
    present.execute(unseen.values(footage_place=None))
    deleted = sa.update(person_erasures).where(waiting, person_erasures.c.analysis_id.not_in(stays))
    present.execute(deleted.values(how="deleted"))
    for table in ("work", "segments"):
        _run(present, f"UPDATE {table} SET token = NULL, lease_until = NULL, available_at = now()")


def _rows(table: Table, *, stays: bool) -> str:
    """A query of a table's rows of those analyses that stay, or of the others."""
    key = "id" if table is analyses else "analysis_id"
    which = "named" if table is players else "staying"
    there = f"EXISTS (SELECT FROM {which} WHERE {which}.id = {table.name}.{key})"
    return f"SELECT {_columns(table)} FROM {table.name} WHERE {'' if stays else 'NOT '}{there}"


def _all(table: Table) -> str:
    return f"SELECT {_columns(table)} FROM {table.name}"


def _columns(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)


def _copy(copy: Connection, present: Connection, table: Table, query: str, into: str = "") -> None:
    """Copy rows of a table, a piece at a time."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns.keys()))
    out = f"COPY ({query}) TO STDOUT (FORMAT BINARY)".encode()
    back = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(into or table.name), columns)
    with _driver(copy).cursor().copy(out) as rows, _driver(present).cursor().copy(back) as taken:
        for piece in rows:
            taken.write(piece)


def _run(connection: Connection, statement: str) -> sa.CursorResult[Any]:
    """Run a statement of names of ours."""
    return connection.execute(sa.text(statement))


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection, in the same transaction."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver
