# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whether the rows of a restored database are those that the living one had at the moment of the backup.

The living one vouches for the backup only while it has what the backup has: one that has lost rows, or is another
database, would find nothing missing in any backup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.store.audit import Action
from fastbreak_service.store.tables import (
    analyses,
    audit,
    corrections,
    erasures,
    findings,
    metadata,
    person_erasures,
    players,
    reviews,
    uploads,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

_TIMES = {
    "analyses": analyses.c.created_at,
    "audit": audit.c.at,
    "corrections": corrections.c.corrected_at,
    "erasures": erasures.c.requested_at,
    "reviews": reviews.c.reviewed_at,
    "uploads": uploads.c.created_at,
}
# What is written with the end of an analysis, and after it with a correction alone.
_RESULTS = ("persons", "measures", "poses", "events", "findings", "trails")
# What comes and goes with the work, or with what is said of persons; all else goes with an erasure alone, which was
# done again.
_PASSING = frozenset({"doubts", "players", "segments", "sightings", "uploads", "work"})
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of a table in both databases, and when the newest of the restored one was written, if that is known."""

    table: str
    living: int
    restored: int
    newest: datetime | None

    def line(self) -> str:
        """The table in a line."""
        newest = f", the newest of {self.newest:%Y-%m-%d %H:%M:%S} UTC" if self.newest else ""
        return f"{self.table}: {self.restored} rows in the backup{newest}; {self.living} now"


@dataclass(frozen=True, slots=True)
class Compared:
    """The tables of both, what is wrong with the copy, and why the living database cannot vouch for it."""

    tables: tuple[Counted, ...]
    wrong: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there is no analysis in either, so that nothing was compared."""
        return not any(one.living or one.restored for one in self.tables if one.table == analyses.name)


def compare(present: Connection, copy: Connection, settled: datetime) -> Compared:
    """Compare them, after what was erased since is erased in the copy. Rows from before `settled` have to be in it."""
    tables = tuple(_counted(present, copy, table) for table in sorted(metadata.tables))
    fewer, more = _unlike(present, copy)
    return Compared(
        tables, (*_missing(present, copy, settled), *fewer), (*_emptied(tables), *_lost(present, copy), *more)
    )


def _emptied(tables: Iterable[Counted]) -> list[str]:
    return [
        f"{one.table} has {one.restored} rows in the backup, and none in the living database"
        for one in tables
        if one.restored and not one.living and one.table not in _PASSING
    ]


def _lost(present: Connection, copy: Connection) -> list[str]:
    """What the copy has, and the living database does not have any more, though nobody erased it there."""
    # One that was never begun goes when its video is not stored.
    begun = sa.select(analyses.c.id).where(sa.or_(analyses.c.status != "queued", analyses.c.attempt > 0))
    gone = set(copy.execute(begun).scalars()) - set(present.execute(sa.select(analyses.c.id)).scalars())
    problems = [f"{len(gone)} analyses of the backup are not in the living database ({_some(gone)})"] if gone else []
    keys = {
        "reviews": (reviews.c.analysis_id, reviews.c.finding, reviews.c.version),
        "corrections": (corrections.c.analysis_id, corrections.c.version),
        "certificates of erased analyses": (erasures.c.analysis_id,),
        "certificates of erased persons": (person_erasures.c.analysis_id, person_erasures.c.person),
        "players": (players.c.analysis_id, players.c.person, players.c.player),
    }
    corrected, named = corrected_since(present, copy), named_since(present, copy)
    for name, key in keys.items():
        here, there = ({tuple(row) for row in connection.execute(sa.select(*key))} for connection in (present, copy))
        unknown = {row for row in there - here if row[0] not in gone}
        if name == "reviews":
            unknown -= _gone_with_finding(unknown, corrected, present)
        if name == "players":
            unknown = {row for row in unknown if row[0] not in corrected | named}
        if unknown:
            problems.append(f"{len(unknown)} {name} of the backup are not in the living database")
    return problems


def _counted(present: Connection, copy: Connection, name: str) -> Counted:
    rows = sa.select(sa.func.count()).select_from(metadata.tables[name])
    newest = copy.execute(sa.select(sa.func.max(_TIMES[name]))).scalar() if name in _TIMES else None
    return Counted(name, present.execute(rows).scalar_one(), copy.execute(rows).scalar_one(), newest)


def _missing(present: Connection, copy: Connection, settled: datetime) -> list[str]:
    """What the living database had already, and the copy lacks."""
    problems = []
    here = set(present.execute(sa.select(analyses.c.id).where(analyses.c.created_at < settled)).scalars())
    there = set(copy.execute(sa.select(analyses.c.id)).scalars())
    if lost := here - there:
        problems.append(f"{len(lost)} analyses from before the backup are not in it ({_some(lost)})")
    for name, moment, key in (
        ("reviews", reviews.c.reviewed_at, (reviews.c.analysis_id, reviews.c.finding, reviews.c.version)),
        ("corrections", corrections.c.corrected_at, (corrections.c.analysis_id, corrections.c.version)),
    ):
        said = sa.select(*key)
        older = {tuple(row) for row in present.execute(said.where(moment < settled))}
        unsaid = older - {tuple(row) for row in copy.execute(said)}
        if name == "reviews":
            unsaid -= _gone_with_finding(unsaid, corrected_since(present, copy), copy)
        if unsaid:
            problems.append(f"{len(unsaid)} {name} from before the backup are not in it")
    return problems


def _gone_with_finding(said: set[tuple[Any, ...]], corrected: set[UUID], other: Connection) -> set[tuple[Any, ...]]:
    """Those reviews whose finding the other one does not have, of analyses whose persons were corrected since.

    An erasure takes there what it does not take here: with whoever is erased, somebody who was told apart from them
    since; or what was withdrawn since.
    """
    of = {row[0] for row in said} & corrected
    known = sa.select(findings.c.analysis_id, findings.c.number).where(findings.c.analysis_id.in_(of))
    there = {tuple(row) for row in other.execute(known)}
    return {row for row in said if row[0] in of and row[:2] not in there}


def _unlike(present: Connection, copy: Connection) -> tuple[list[str], list[str]]:
    """What the copy lacks of the results of analyses that had ended, and what the living database has lost of them."""
    # Another end than this one has no results, in a copy in which it was given up for somebody who was erased either.
    ended = sa.select(analyses.c.id).where(analyses.c.status == "succeeded")
    compared = set(copy.execute(ended).scalars()) & set(present.execute(ended).scalars())
    compared -= corrected_since(present, copy) | corrected_since(copy, present)
    wrong, lost = [], []
    for name in _RESULTS:
        table = metadata.tables[name]
        statement = sa.select(table.c.analysis_id, sa.func.count()).group_by(table.c.analysis_id)
        here, there = ({row[0]: row[1] for row in connection.execute(statement)} for connection in (present, copy))
        if fewer := {one for one in compared if here.get(one, 0) > there.get(one, 0)}:
            wrong.append(f"{len(fewer)} analyses have other {name} in the backup than now ({_some(fewer)})")
        if more := {one for one in compared if here.get(one, 0) < there.get(one, 0)}:
            lost.append(f"{len(more)} analyses of the backup have fewer {name} in the living database ({_some(more)})")
    return wrong, lost


def corrected_since(present: Connection, copy: Connection) -> set[UUID]:
    """The analyses of whose persons more is said in the first than in the second."""
    said = sa.select(corrections.c.analysis_id, sa.func.count()).group_by(corrections.c.analysis_id)
    here, there = ({row[0]: row[1] for row in connection.execute(said)} for connection in (present, copy))
    return {analysis for analysis, count in here.items() if count > there.get(analysis, 0)}


def named_since(present: Connection, copy: Connection) -> set[UUID]:
    """The analyses in which somebody was named, or is named no more, by an entry of the trail that the copy lacks."""
    of_names = audit.c.action.in_([Action.PLAYER_NAMED, Action.PLAYER_UNNAMED])
    said = sa.select(audit.c.id, audit.c.at, audit.c.analysis_id).where(of_names)
    here, there = ({tuple(row) for row in connection.execute(said)} for connection in (present, copy))
    return {analysis for _, _, analysis in here - there}


def _some(found: Iterable[UUID]) -> str:
    return ", ".join(str(one) for one in sorted(found)[:_NAMED])
