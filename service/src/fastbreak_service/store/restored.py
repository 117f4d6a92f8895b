# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A database that was restored from a backup: erase in it what was erased since, and hold it against the living one.

Nobody uses it yet. The living database is only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fastbreak_service.store.analyses import UNFINISHED
from fastbreak_service.store.comparison import Compared, compare
from fastbreak_service.store.roles import AdministrationError
from fastbreak_service.store.tables import (
    analyses,
    erasures,
    findings,
    person_erasures,
    persons,
    sightings,
    trails,
    uploads,
    work,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection, RowMapping

    from fastbreak_service.store.administration import Administration, Migrated

PATIENT_SECONDS = 1800
_AT_ONCE = 500
# What a transaction wrote that was under way at the moment of the backup bears an earlier time than its end.
_UNDER_WAY = timedelta(seconds=300)
_BEGUN_ANEW = "Its database was restored from a backup, and somebody was erased from it since. Send the video again."


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased again: analyses, persons of others, and every upload, done or not."""

    analyses: int
    persons: int
    uploads: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What a restored database is like. `problems`: why it may not take the living one's place."""

    migrated: Migrated
    erased: Erased
    compared: Compared
    logins: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it, whatever the living database is like."""
        return (*self.compared.wrong, *self.refused)


def try_restored(living: Administration, restored: Administration, moment: datetime) -> Tried:
    """Make a restored database one of this release, erase in it again, compare it, and log in to it.

    `moment` is that of the backup. May be repeated. Raises DATABASE_ERRORS, AdministrationError.
    """
    if living.names_same(restored):
        raise AdministrationError("the restored database and the living one are the same. Nothing was changed.")
    migrated = restored.migrate(unused=True)
    with living.reading(PATIENT_SECONDS) as present, restored.writing(PATIENT_SECONDS) as copy:
        erased = erase_again(present, copy)
    with living.reading(PATIENT_SECONDS) as present, restored.reading(PATIENT_SECONDS) as copy:
        found = compare(present, copy, moment - _UNDER_WAY)
    logins, refused = restored.try_logins()
    return Tried(migrated, erased, found, tuple(logins), tuple(refused))


def erase_again(present: Connection, copy: Connection) -> Erased:
    """Erase in a copy what the living database has erased, and note it there as it is noted here."""
    known = present.execute(sa.select(erasures)).mappings().all()
    gone = 0
    for first in range(0, len(known), _AT_ONCE):
        some = known[first : first + _AT_ONCE]
        gone += copy.execute(
            sa.delete(analyses).where(analyses.c.id.in_([row["analysis_id"] for row in some]))
        ).rowcount
        note = insert(erasures).values([dict(row) for row in some])
        newer = {name: note.excluded[name] for name in ("erased_at", "erased")}
        copy.execute(note.on_conflict_do_update(index_elements=["analysis_id"], set_=newer))
    # What the storage holds of them is the living one's, which may have given up any of them, and blanked its name.
    return Erased(gone, _erase_persons_again(present, copy), copy.execute(sa.delete(uploads)).rowcount)


def _erase_persons_again(present: Connection, copy: Connection) -> int:
    """Erase the persons too, and know of their clips what the living database does; how many were there."""
    known = present.execute(sa.select(person_erasures)).mappings().all()
    noted = {tuple(row) for row in copy.execute(sa.select(person_erasures.c.analysis_id, person_erasures.c.person))}
    of_clip = sa.select(analyses.c.id, analyses.c.footage_place, analyses.c.movement)
    gone = 0
    for first in range(0, len(known), _AT_ONCE):
        some = known[first : first + _AT_ONCE]
        clips = [row["analysis_id"] for row in some]
        there = [pair for row in some for pair in _in_copy(copy, row)]
        gone += copy.execute(
            sa.delete(persons).where(sa.tuple_(persons.c.analysis_id, persons.c.person).in_(there))
        ).rowcount
        # What the copy has withdrawn after an erasure that it knows was withdrawn since, and is in the living one too.
        new = [row["analysis_id"] for row in some if (row["analysis_id"], row["person"]) not in noted]
        copy.execute(sa.delete(findings).where(findings.c.analysis_id.in_(new), findings.c.withdrawn))
        copy.execute(sa.delete(sightings).where(sightings.c.analysis_id.in_(clips)))
        _end(copy, clips)
        note = insert(person_erasures).values([dict(row) for row in some])
        newer = {name: note.excluded[name] for name in ("erased_at", "erased", "how")}
        copy.execute(note.on_conflict_do_update(index_elements=["analysis_id", "person"], set_=newer))
        for clip in present.execute(of_clip.where(analyses.c.id.in_(clips))):
            told = {"footage_place": clip.footage_place, "movement": clip.movement}
            copy.execute(sa.update(analyses).where(analyses.c.id == clip.id).values(told))
    return gone


def _in_copy(copy: Connection, row: RowMapping) -> list[tuple[UUID, int]]:
    """Who in a copy is whoever was erased: all of whom the copy has any of their sightings.

    Numbers are others before and after a correction. So somebody may go with them whom they were told apart from since.
    """
    if row["tracks"] is None:
        return [(row["analysis_id"], row["person"])]
    pieces = [
        sa.and_(trails.c.track == track, trails.c.first_frame <= last, trails.c.last_frame >= first)
        for track, first, last in row["tracks"]
    ]
    found = sa.select(trails.c.person).where(trails.c.analysis_id == row["analysis_id"], sa.or_(*pieces)).distinct()
    return [(row["analysis_id"], person) for person in copy.execute(found).scalars()]


def _end(copy: Connection, clips: list[UUID]) -> None:
    """Fail those of the analyses that had not ended, and forget what was seen of them: it has whoever was erased."""
    ends = sa.update(analyses).where(analyses.c.id.in_(clips), analyses.c.status.in_(UNFINISHED))
    told = {"status": "failed", "finished_at": sa.func.now(), "error_code": "interrupted", "error_message": _BEGUN_ANEW}
    ended = copy.execute(ends.values(told).returning(analyses.c.id)).scalars().all()
    copy.execute(sa.delete(work).where(work.c.analysis_id.in_(ended)))


def compared(living: Administration, restored: Administration, moment: datetime) -> Iterator[str]:
    """Try a restored database, and say what it is like. Raises AdministrationError in the end when it will not do."""
    tried = try_restored(living, restored, moment)
    yield from lines(tried)
    if tried.problems:
        raise AdministrationError(
            f"{'; '.join((*tried.problems, *tried.compared.lost))}. What was erased since is erased in it. Do not take "
            "it into use; restore an earlier or a later backup."
        )
    if tried.compared.lost:
        raise AdministrationError(_cannot_vouch(tried.compared.lost))
    if tried.compared.empty:
        yield "nothing was compared, as neither database has an analysis; the backup was restored and logged in to"
    else:
        yield "it holds what the living database held at that moment, without what was erased since"


def _cannot_vouch(lost: Iterable[str]) -> str:
    return (
        f"the living database cannot vouch for the backup: {'; '.join(lost)}, though nothing says that it was erased. "
        "It has lost rows, or is another database than the one of the backup. What it knows to be erased is erased in "
        "the copy; of what it has forgotten, the certificates that administrators hold say what to erase before "
        "anybody uses the copy."
    )


def lines(tried: Tried) -> list[str]:
    """What there is to say of it: a line for each thing."""
    revisions = tried.migrated
    brought = f", and was brought to {revisions.after}" if revisions.before != revisions.after else ""
    return [
        f"the backup has revision {revisions.before or 'none'}{brought}",
        (
            f"erased again: {tried.erased.analyses} analyses, {tried.erased.persons} persons of others, "
            f"{tried.erased.uploads} uploads"
        ),
        *(counted.line() for counted in tried.compared.tables if counted.newest),
        "; ".join(counted.line() for counted in tried.compared.tables if not counted.newest),
        *tried.logins,
    ]
