# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What reviewers of a team say of who is who: each entry is added, none is changed, and results follow it.

A correction is computed from what is kept of everybody's sightings and written in the transaction that records it,
while nobody else corrects or erases anybody of the analysis.
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
from fastbreak_service.people.pieces import Piece, read, written
from fastbreak_service.people.results import Event, Stored, change
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
    from fastbreak_service.people.results import Change

MOST_VERSIONS = 999
"""Entries of one analysis."""
_CORRECT_SECONDS = 60
_MOST_TRIES = 3
# Somebody reviewed one of the findings after it was read here. What is said of it belongs into what is computed.
_JUDGED_MEANWHILE = "40001"


class UncorrectableError(Exception):
    """Of this analysis nothing is kept by which persons could be corrected."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The newest entry, None where there is none, and whether it is what was said."""

    newest: RowMapping | None
    taken: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; of each whether it stands; the newest version, 0: none; whether there can be more."""

    rows: Sequence[RowMapping]
    undone: frozenset[int]
    version: int
    correctable: bool


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
        with read_by_team(self._engine, self._team) as connection:
            if connection.execute(mine).first() is None:
                return None
            rows = connection.execute(_entries(analysis)).mappings().all()
            correctable = connection.execute(kept).first() is not None
        undone = frozenset(row["content"]["correction"] for row in rows if row["content"]["kind"] == "undo")
        page = [row for row in reversed(rows) if before is None or row["version"] < before]
        return Page(page[: limit + 1], undone, rows[-1]["version"] if rows else 0, correctable)

    def add(self, analysis: UUID, said: Said, before: int) -> Corrected | None:
        """Add an entry if nobody did since version `before`, or the same was added then; None: there is no such result.

        Whoever heard no answer may say the same again, and it is recorded once. Raises AnalysisError where it cannot
        be, UncorrectableError.
        """
        for _ in range(_MOST_TRIES - 1):
            try:
                return self._added(analysis, said, before)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _JUDGED_MEANWHILE:
                    raise
        return self._added(analysis, said, before)

    @repeatable
    def _added(self, analysis: UUID, said: Said, before: int) -> Corrected | None:
        with of_team(self._engine, self._team) as connection:
            be_patient(connection, _CORRECT_SECONDS)
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCKED_SECONDS}s'"))
            if not connection.execute(sa.select(sa.func.hold_persons(analysis))).scalar_one():
                return None
            entries = connection.execute(_entries(analysis)).mappings().all()
            newest = entries[-1] if entries else None
            if len(entries) != before or before == MOST_VERSIONS:
                return Corrected(newest, taken=newest is not None and self._is(newest, said, before))
            stored = _stored(connection, analysis, entries)
            what = change(stored, said)
            content = as_content(what.said)
            plan = {
                **_plan(what),
                "judged": [{"number": one.number, "version": one.version} for one in stored.findings],
            }
            connection.execute(
                sa.select(
                    sa.func.correct_persons(
                        analysis, before, sa.literal(content, JSONB), self._reviewer, sa.literal(plan, JSONB)
                    )
                )
            )
            connection.execute(done(self._team, self._reviewer, Action.CORRECTED, analysis))
            return Corrected(connection.execute(_entries(analysis)).mappings().all()[-1], taken=True)

    def _is(self, entry: RowMapping, said: Said, before: int) -> bool:
        """Whether an entry is what this person says now, whatever number somebody new got."""
        content = {**entry["content"], **({"number": None} if entry["content"]["kind"] == "split" else {})}
        known = (entry["version"], content, entry["reviewer"])
        return known == (before + 1, as_content(said), self._reviewer)


def _entries(analysis: UUID) -> sa.Select[Any]:
    return sa.select(corrections).where(corrections.c.analysis_id == analysis).order_by(corrections.c.version)


def _stored(connection: Connection, analysis: UUID, entries: Sequence[RowMapping]) -> Stored:
    """What is stored of an analysis. Raises UncorrectableError."""
    kept = sa.select(trails).where(trails.c.analysis_id == analysis).order_by(trails.c.track, trails.c.first_frame)
    rows = connection.execute(kept).mappings().all()
    if not rows:
        raise UncorrectableError
    erased = connection.execute(
        sa.select(person_erasures.c.person, person_erasures.c.tracks).where(person_erasures.c.analysis_id == analysis)
    ).all()
    said = {row["version"]: of_content(row["content"]) for row in entries}
    touched = [number for one in said.values() if not isinstance(one, Undo) for number in one.touched]
    tracks = [piece[0] for row in erased for piece in row.tracks or ()]
    of_clip = sa.select(analyses.c.video, analyses.c.highest_finding).where(analyses.c.id == analysis)
    video, highest_finding = connection.execute(of_clip).one()
    listed = sa.select(events.c.person, events.c.content).where(events.c.analysis_id == analysis)
    found = reviewed_findings(withdrawn=True).where(findings.c.analysis_id == analysis)
    return Stored(
        [Piece(row["track"], row["person"], read(row["content"])) for row in rows],
        said,
        [Event(*row) for row in connection.execute(listed.order_by(events.c.number))],
        [
            Known(row["number"], row["person"], row["content"], row["withdrawn"], row["verdict"], row["version"] or 0)
            for row in connection.execute(found.order_by(findings.c.number)).mappings()
        ],
        video["frames_per_second"],
        pixels(video["width"], video["height"]),
        frozenset(row.person for row in erased),
        max([*(row["track"] for row in rows), *touched, *tracks, *(row.person for row in erased)]),
        highest_finding,
    )


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
