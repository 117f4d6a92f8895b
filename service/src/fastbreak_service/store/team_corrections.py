# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What reviewers of a team say of who is who: each entry is added, none is changed, and results follow it.

A correction is computed from what is kept of everybody's sightings, while no connection is held. It is written in the
transaction that records it, if nobody has corrected or erased anybody of the analysis since.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from fastbreak_service.people.findings import Known
from fastbreak_service.people.history import Undo, as_content, of_content
from fastbreak_service.people.pieces import ROW, Piece, read, written
from fastbreak_service.people.results import Event, Stored, measured
from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.engine import be_patient
from fastbreak_service.store.erasures import LOCKED_SECONDS
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, corrections, events, findings, person_erasures
from fastbreak_service.store.tables import trails_of_team as trails
from fastbreak_service.store.team_reviews import reviewed_findings
from fastbreak_service.vision.camera import pixels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping

    from fastbreak_service.people.history import Said
    from fastbreak_service.people.results import Change, Measured

KEY = "key"
"""What an entry was said under, beside what was said."""
MOST_VERSIONS = 999
"""Entries of one analysis."""
MOST_SIGHTINGS, MOST_PERSONS, MOST_FINDINGS, MOST_MEGABYTES = 250_000, 1000, 20_000, 32
"""What a correction reads at most; undoing one may read `_FOR_UNDOING` times as much.

An analysis of the usual FASTBREAK_MAX_WORK_SECONDS has 90,000 sightings at most."""
_FOR_UNDOING = 2
_CORRECT_SECONDS = 60
_MOST_TRIES = 3
# Somebody reviewed one of the findings after it was read here. What is said of it belongs into what is computed.
_JUDGED_MEANWHILE = "40001"


class UncorrectableError(Exception):
    """Of this analysis nothing is kept by which persons could be corrected."""


class TooMuchError(Exception):
    """More is kept of an analysis than is read for a correction: `much` of `what`, where it may be `most`.

    `withdrawn`: whether what corrections have withdrawn counts as well.
    """

    def __init__(self, much: int, most: int, what: str, *, withdrawn: bool) -> None:
        super().__init__(what)
        self.much, self.most, self.what, self.withdrawn = much, most, what, withdrawn


class KeyReusedError(Exception):
    """Something else was said under this key before, or by somebody else."""


class ReviewedMeanwhileError(Exception):
    """Each time it was about to be written, somebody had just reviewed a finding of the analysis."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The newest entry, None where there is none, and whether it is what was said.

    Of what was said under a key before, the entry of then, and the versions that are undone.
    """

    newest: RowMapping | None
    taken: bool
    undone: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; of each whether it stands; the newest version, 0: none; whether more can be said."""

    rows: Sequence[RowMapping]
    undone: frozenset[int]
    version: int
    correctable: bool


@dataclass(frozen=True, slots=True)
class _Claim:
    """What is said, after which version, and under which key of the caller's."""

    said: Said
    before: int
    key: str | None


class TeamCorrections:
    """The corrections of a team's analyses, by one person. Methods are transactions; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine, team: str, reviewer: str) -> None:
        self._engine = engine
        self._team = team
        self._reviewer = reviewer

    @repeatable
    def of(self, analysis: UUID, limit: int, before: int | None) -> Page | None:
        """The newest entries, one more than the limit; those before a version, when given; None: no analysis."""
        mine = sa.select(analyses.c.id).where(analyses.c.team == self._team, analyses.c.id == analysis)
        kept = sa.select(trails.c.track).where(trails.c.analysis_id == analysis).limit(1)
        with read_by_team(self._engine, self._team, as_of_one_moment=True) as connection:
            if connection.execute(mine).first() is None:
                return None
            rows = connection.execute(_entries(analysis)).mappings().all()
            correctable = connection.execute(kept).first() is not None and not _too_much(connection, analysis)
        undone = _undone(rows)
        page = [row for row in reversed(rows) if before is None or row["version"] < before]
        return Page(page[: limit + 1], undone, rows[-1]["version"] if rows else 0, correctable)

    def add(self, analysis: UUID, said: Said, before: int, key: str | None = None) -> Corrected | None:
        """Add an entry if nobody did since version `before`, or the same was added then; None: there is no such result.

        Whoever heard no answer may say the same again, and it is recorded once; under a key also when others have said
        more since. It is computed between a transaction
        that reads and one that writes, so it keeps no connection from anybody. Raises AnalysisError where it cannot be,
        UncorrectableError, TooMuchError, ReviewedMeanwhileError, KeyReusedError.
        """
        claim = _Claim(said, before, key)
        found = self._read(analysis, claim)
        if not isinstance(found, Stored):
            return found
        made = measured(found, said)
        for _ in range(_MOST_TRIES):
            try:
                return self._written(analysis, claim, found.erased, made)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _JUDGED_MEANWHILE:
                    raise
        raise ReviewedMeanwhileError

    @repeatable
    def _read(self, analysis: UUID, claim: _Claim) -> Stored | Corrected | None:
        mine = sa.select(analyses.c.id).where(
            analyses.c.team == self._team, analyses.c.id == analysis, analyses.c.status == "succeeded"
        )
        # What is refused is refused of the version that was seen, and what is computed is of one moment.
        with read_by_team(self._engine, self._team, as_of_one_moment=True) as connection:
            if connection.execute(mine).first() is None:
                return None
            entries = connection.execute(_entries(analysis)).mappings().all()
            if conflict := self._conflict(entries, claim):
                return conflict
            if too_much := _too_much(connection, analysis, _FOR_UNDOING if isinstance(claim.said, Undo) else 1):
                raise too_much
            return _stored(connection, analysis, entries)

    @repeatable
    def _written(self, analysis: UUID, claim: _Claim, erased: frozenset[int], made: Measured) -> Corrected | None:
        """The entry, or why it is none. The database refuses it where a finding was just reviewed."""
        with read_by_team(self._engine, self._team) as connection:
            findings_now = _findings(connection, analysis)
            highest = connection.execute(
                sa.select(analyses.c.highest_finding).where(analyses.c.id == analysis)
            ).scalar_one_or_none()
        plan = {
            **_plan(made.change(findings_now, highest or 0)),
            "judged": [{"number": one.number, "version": one.version} for one in findings_now],
        }
        content = sa.literal({**as_content(made.said), **({} if claim.key is None else {KEY: claim.key})}, JSONB)
        asked = sa.func.correct_persons(analysis, claim.before, content, self._reviewer, sa.literal(plan, JSONB))
        with of_team(self._engine, self._team) as connection:
            be_patient(connection, _CORRECT_SECONDS)
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCKED_SECONDS}s'"))
            if not connection.execute(sa.select(sa.func.hold_persons(analysis))).scalar_one():
                return None
            entries = connection.execute(_entries(analysis)).mappings().all()
            if conflict := self._conflict(entries, claim):
                return conflict
            if _erased(connection, analysis).keys() != erased:
                # What was computed is of somebody who is no more.
                return Corrected(entries[-1] if entries else None, taken=False)
            connection.execute(sa.select(asked))
            connection.execute(done(self._team, self._reviewer, Action.CORRECTED, analysis))
            return Corrected(connection.execute(_entries(analysis)).mappings().all()[-1], taken=True)

    def _conflict(self, entries: Sequence[RowMapping], claim: _Claim) -> Corrected | None:
        """What is answered where something was said since, or under the key before; None where nothing was."""
        under = (entry for entry in entries if claim.key is not None and entry["content"].get(KEY) == claim.key)
        if (entry := next(under, None)) is not None:
            if not self._is(entry, claim.said):
                raise KeyReusedError
            return Corrected(entry, taken=True, undone=_undone(entries))
        if len(entries) == claim.before != MOST_VERSIONS:
            return None
        newest = entries[-1] if entries else None
        same = newest is not None and newest["version"] == claim.before + 1 and self._is(newest, claim.said)
        return Corrected(newest, taken=same)

    def _is(self, entry: RowMapping, said: Said) -> bool:
        """Whether an entry is what this person says now, whatever number somebody new got, and under whatever key."""
        content = {name: value for name, value in entry["content"].items() if name != KEY}
        if content["kind"] == "split":
            content["number"] = None
        return bool((content, entry["reviewer"]) == (as_content(said), self._reviewer))


def _undone(rows: Sequence[RowMapping]) -> frozenset[int]:
    return frozenset(row["content"]["correction"] for row in rows if row["content"]["kind"] == "undo")


def _entries(analysis: UUID) -> sa.Select[Any]:
    return sa.select(corrections).where(corrections.c.analysis_id == analysis).order_by(corrections.c.version)


def _stored(connection: Connection, analysis: UUID, entries: Sequence[RowMapping]) -> Stored:
    """What is stored of an analysis, but for its findings. Raises UncorrectableError."""
    erased = _erased(connection, analysis)
    kept = sa.select(trails).where(trails.c.analysis_id == analysis).order_by(trails.c.track, trails.c.first_frame)
    rows = connection.execute(kept).mappings().all()
    if not rows:
        raise UncorrectableError
    said = {row["version"]: of_content(row["content"]) for row in entries}
    touched = [number for one in said.values() if not isinstance(one, Undo) for number in one.touched]
    tracks = [piece[0] for told in erased.values() for piece in told or ()]
    video = connection.execute(sa.select(analyses.c.video).where(analyses.c.id == analysis)).scalar_one()
    listed = sa.select(events.c.person, events.c.content).where(events.c.analysis_id == analysis)
    return Stored(
        [Piece(row["track"], row["person"], read(row["content"])) for row in rows],
        said,
        [Event(*row) for row in connection.execute(listed.order_by(events.c.number))],
        [],
        video["frames_per_second"],
        pixels(video["width"], video["height"]),
        frozenset(erased),
        max([*(row["track"] for row in rows), *touched, *tracks, *erased]),
    )


def _erased(connection: Connection, analysis: UUID) -> dict[int, list[list[int]] | None]:
    """The numbers of those who were erased, and what is noted of their tracks."""
    chosen = sa.select(person_erasures.c.person, person_erasures.c.tracks)
    rows = connection.execute(chosen.where(person_erasures.c.analysis_id == analysis)).all()
    return {row.person: row.tracks for row in rows}


def _findings(connection: Connection, analysis: UUID) -> list[Known]:
    found = reviewed_findings(withdrawn=True).where(findings.c.analysis_id == analysis)
    return [
        Known(row["number"], row["person"], row["content"], row["withdrawn"], row["verdict"], row["version"] or 0)
        for row in connection.execute(found.order_by(findings.c.number)).mappings()
    ]


def _too_much(connection: Connection, analysis: UUID, times: int = 1) -> TooMuchError | None:
    """What is more than so many times what is read for a correction, by sums that the database makes; None: nothing."""
    of_trails = sa.select(
        sa.func.coalesce(sa.func.sum(sa.func.length(trails.c.content)), 0) / ROW.itemsize,
        sa.func.count(trails.c.person.distinct()),
    ).where(trails.c.analysis_id == analysis)
    of_findings = sa.select(sa.func.count(), _bytes(findings)).where(findings.c.analysis_id == analysis)
    of_events = sa.select(_bytes(events)).where(events.c.analysis_id == analysis)
    seen, persons = connection.execute(of_trails).one()
    found, size = connection.execute(of_findings).one()
    moved = connection.execute(of_events).scalar_one()
    for much, most, what, withdrawn in (
        (seen, MOST_SIGHTINGS, "sightings of persons", False),
        (persons, MOST_PERSONS, "persons", False),
        (found, MOST_FINDINGS, "findings, with those that corrections have withdrawn", True),
        (size // 2**20, MOST_MEGABYTES, "megabytes of findings, with those that corrections have withdrawn", True),
        (moved // 2**20, MOST_MEGABYTES, "megabytes of events", False),
    ):
        if much > times * most:
            return TooMuchError(int(much), times * most, what, withdrawn=withdrawn)
    return None


def _bytes(table: sa.Table) -> sa.ColumnElement[int]:
    """Of what is read of it: a table keeps it compressed."""
    return sa.func.coalesce(sa.func.sum(sa.func.octet_length(sa.cast(table.c.content, sa.Text))), 0)


def _plan(what: Change) -> dict[str, Any]:
    """What becomes of the rows, as the database's function takes it."""
    return {
        "persons": [{"person": person, **extent._asdict()} for person, extent in what.persons.items()],
        "gone": what.gone,
        "moves": what.moves,
        "pieces": [
            {
                "track": piece.track,
                "first_frame": piece.first_frame,
                "last_frame": piece.last_frame,
                "person": piece.person,
                "content": b64encode(written(piece.rows)).decode(),
            }
            for piece in what.pieces
        ],
        "events": [event._asdict() for event in what.events],
        "findings": [asdict(finding) for finding in what.findings],
        "doubts": [asdict(doubt) for doubt in what.doubts],
    }
