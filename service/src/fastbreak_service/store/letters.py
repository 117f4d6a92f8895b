# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Dead letters: work that was given up. They are listed, forgotten, or given back to be done again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.store.analyses import UNFINISHED
from fastbreak_service.store.tables import analyses, segments, work
from fastbreak_service.store.team_analyses import CONTRACT

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Engine


class LetterError(Exception):
    """A dead letter was left as it is; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter. `status` is its analysis's, `missing` how many parts of its video nobody could look at."""

    analysis: UUID
    dead_at: datetime
    status: str
    missing: int
    takes: int
    failures: int
    reason: str


class Letters:
    """The dead letters of one place. Every method is one transaction; all raise SQLAlchemy's errors.

    Workers have every right that this needs.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine, self._place = engine, place

    def newest(self, most: int) -> tuple[int, list[Letter]]:
        """How many there are, and the newest of them."""
        missing = sa.func.coalesce(sa.func.jsonb_array_length(analyses.c.missing), 0)
        counted = (work.c.takes, work.c.failures, sa.func.coalesce(work.c.reason, ""))
        columns = (work.c.analysis_id, work.c.dead_at, analyses.c.status, missing, *counted)
        found = sa.select(*columns).join_from(work, analyses).where(self._dead)
        with self._engine.begin() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(work).where(self._dead)).scalar_one()
            rows = connection.execute(found.order_by(work.c.dead_at.desc(), work.c.analysis_id).limit(most)).all()
        return int(count), [Letter(*row) for row in rows]

    def forget(self, analysis: UUID) -> None:
        """Delete a dead letter; its analysis stays as it is. Raises LetterError."""
        with self._engine.begin() as connection:
            gone = sa.delete(work).where(work.c.analysis_id == analysis, self._dead)
            if connection.execute(gone).rowcount == 0:
                raise LetterError(self._unknown(connection, analysis))

    def check(self, analysis: UUID) -> None:
        """Whether it may be given back, its video aside. Raises LetterError."""
        with self._engine.begin() as connection:
            self._check(connection, analysis)

    def give_back(self, analysis: UUID) -> None:
        """Have it analysed anew, from its beginning and with all its attempts. Raises LetterError."""
        with self._engine.begin() as connection:
            # In the order of those who erase.
            connection.execute(sa.select(analyses.c.id).where(analyses.c.id == analysis).with_for_update())
            attempt = self._check(connection, analysis)
            connection.execute(sa.delete(segments).where(segments.c.analysis_id == analysis))
            again = sa.update(analyses).where(analyses.c.id == analysis)
            connection.execute(again.values(_QUEUED | {"owner": self._place}))
            # Whoever takes it next comes after the attempt that the analysis knows of.
            takes = sa.func.greatest(work.c.takes, attempt)
            waits = sa.update(work).where(work.c.analysis_id == analysis, self._dead)
            connection.execute(waits.values(_WAITING | {"takes": takes}))

    def _check(self, connection: Connection, analysis: UUID) -> int:
        """Which attempt its analysis is at."""
        columns = (analyses.c.status, analyses.c.attempt, analyses.c.footage_place)
        found = sa.select(*columns).join_from(work, analyses).where(analyses.c.id == analysis, self._dead)
        if (row := connection.execute(found).one_or_none()) is None:
            raise LetterError(self._unknown(connection, analysis))
        if row.status not in {"failed", *UNFINISHED}:
            raise LetterError(_HAS_RESULT)
        if row.footage_place != self._place:
            raise LetterError(NO_VIDEO)
        return int(row.attempt)

    @staticmethod
    def _unknown(connection: Connection, analysis: UUID) -> str:
        there = connection.execute(sa.select(work.c.dead_at).where(work.c.analysis_id == analysis)).one_or_none()
        if there is None:
            return "there is none of that id: it was forgotten, or its analysis was erased. List them"
        if there.dead_at is None:
            return "it is none: its analysis waits or is being worked on. Nothing is left to do"
        return "its video is kept in another storage than FASTBREAK_FOOTAGE names. Set that one"

    @property
    def _dead(self) -> ColumnElement[bool]:
        return sa.and_(work.c.place == self._place, work.c.dead_at.is_not(None))


NO_VIDEO = "its video is gone. Have it sent again, and forget the letter"
_HAS_RESULT = (
    "its analysis has a result, in which parts are missing, and people may have reviewed it. Have the video sent again "
    "for a whole one, and forget the letter"
)
_QUEUED: dict[str, Any] = {
    "status": "queued",
    "started_at": None,
    "finished_at": None,
    "error_code": None,
    "error_message": None,
    "segments": None,
    "segments_ended": None,
    "missing": None,
}
_WAITING: dict[str, Any] = {
    "contract": CONTRACT,
    "available_at": sa.func.now(),
    "failures": 0,
    "reason": None,
    "dead_at": None,
}
