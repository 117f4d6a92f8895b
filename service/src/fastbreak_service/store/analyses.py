# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the service writes and reads: an analysis from its arrival to its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, measures, persons, work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Engine, RowMapping

UNFINISHED = ("queued", "running")
SILENT_SECONDS = 30
CONTRACT = 1
"""What a piece of work means to whoever takes it; a release leaves alone what it does not know."""
# What outlives its replica is nobody's to judge by its heartbeat, neither this release's nor that of one before it.
_NEVER_SILENT = sa.text("timestamptz '9000-01-01 00:00:00+00'")
_COPY_BYTES = 1 << 20
_COPY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class NewAnalysis:
    """An analysis that was accepted: its id, the file's name and size in bytes, and the place where its video lies.

    `durable` is whether the video outlives the replica that took it in. `fingerprint` is of what was
    sent under a key.
    """

    id: UUID
    filename: str | None
    size_bytes: int
    place: str
    durable: bool
    service_version: str
    idempotency_key: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller sent under a key: the analysis, and the fingerprint of its video and name."""

    id: UUID
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class MeasureQuery:
    """Which measures: of one person or one angle if named, at most `limit`, after a (person, frame, angle)."""

    limit: int
    person: int | None = None
    angle: str | None = None
    after: tuple[int, int, str] | None = None


class AnalysisStore:
    """The analyses in the database. Every method is one transaction; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @repeatable
    def add(self, new: NewAnalysis) -> Sent:
        """Record an accepted analysis, and that there is work to do. What was sent before, when its key is known."""
        statement = (
            insert(analyses)
            .values(
                id=new.id,
                status="queued",
                filename=new.filename,
                size_bytes=new.size_bytes,
                owner=new.place,
                service_version=new.service_version,
                created_at=sa.func.now(),
                heartbeat_at=_NEVER_SILENT if new.durable else sa.func.now(),
                idempotency_key=new.idempotency_key,
                fingerprint=new.fingerprint,
            )
            # Of its key or, when the answer to a first try was lost, of its id.
            .on_conflict_do_nothing()
            .returning(analyses.c.id)
        )
        with self._engine.begin() as connection:
            if connection.execute(statement).first() is not None:
                connection.execute(sa.insert(work).values(analysis_id=new.id, contract=CONTRACT, place=new.place))
                return Sent(new.id, new.fingerprint)
        # Whoever came first has committed, else the insertion would have waited for it.
        key = new.idempotency_key or ""
        known = self._sent(sa.or_(analyses.c.id == new.id, analyses.c.idempotency_key == key))
        assert known is not None  # noqa: S101 - analyses with a key are never deleted once they are accepted
        return known

    @repeatable
    def sent_under(self, key: str) -> Sent | None:
        """What was sent under a key, None for an unknown one."""
        return self._sent(analyses.c.idempotency_key == key)

    def withdraw(self, analysis: UUID) -> bool:
        """Forget an analysis unless somebody has begun it; whether there is none of that id now."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(analyses).where(analyses.c.id == analysis, analyses.c.attempt == 0))
            return connection.execute(sa.select(analyses.c.id).where(analyses.c.id == analysis)).first() is None

    def start(self, analysis: UUID, owner: str, attempt: int) -> bool:
        """Mark as running, from now on by this owner alone. False when it has ended, or when a later attempt began."""
        statement = (
            sa.update(analyses)
            .where(analyses.c.id == analysis, analyses.c.attempt < attempt, analyses.c.status.in_(UNFINISHED))
            .values(status="running", started_at=sa.func.now(), owner=owner, attempt=attempt)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def wait(self, analysis: UUID, owner: str) -> bool:
        """Mark as queued again. False when it is no longer this owner's."""
        with self._engine.begin() as connection:
            return self._move(connection, analysis, owner, status="queued", started_at=None)

    def fail(self, analysis: UUID, owner: str, code: str, message: str) -> bool:
        """Mark as failed. False when it is no longer this owner's."""
        with self._engine.begin() as connection:
            return self._move(
                connection,
                analysis,
                owner,
                status="failed",
                finished_at=sa.func.now(),
                error_code=code,
                error_message=message,
            )

    def finish(self, analysis: UUID, owner: str, result: dict[str, Any], rows: Path) -> bool:
        """Record the result and, from the CSV file `rows`, all measures, at once. False when no longer this owner's."""
        with self._engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL statement_timeout = '{_COPY_SECONDS}s'"))
            connection.connection.driver_connection.answer_seconds = _COPY_SECONDS + 5  # type: ignore[union-attr]
            mine = self._move(
                connection,
                analysis,
                owner,
                status="succeeded",
                finished_at=sa.func.now(),
                video=result["video"],
                model_name=result["model"]["name"],
                model_sha256=result["model"]["sha256"],
            )
            if not mine:
                return False
            found = [
                {
                    "analysis_id": analysis,
                    "person": person["id"],
                    "frames": person["frames"],
                    "first_frame": person["first_frame"],
                    "last_frame": person["last_frame"],
                    "angles": person["angles"],
                }
                for person in result["persons"]
            ]
            if found:
                connection.execute(sa.insert(persons), found)
                self._copy(connection, rows)
        return True

    def beat(self, place: str) -> None:
        """Say that whatever has its video in this place is still looked after."""
        here = sa.select(work.c.analysis_id).where(work.c.place == place)
        statement = (
            sa.update(analyses)
            .where(analyses.c.id.in_(here), analyses.c.status.in_(UNFINISHED))
            .values(heartbeat_at=sa.func.now())
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def fail_all(self, place: str, code: str, message: str) -> list[UUID]:
        """Mark as failed whatever has its video in this place and has not ended."""
        here = sa.select(work.c.analysis_id).where(work.c.place == place)
        with self._engine.begin() as connection:
            return self._give_up(connection, analyses.c.id.in_(here), code, message)

    def fail_abandoned(self) -> list[UUID]:
        """Mark as failed whatever nobody has looked after for `SILENT_SECONDS`: its replica died, and its video."""
        silent = analyses.c.heartbeat_at < sa.func.now() - sa.text(f"interval '{SILENT_SECONDS} seconds'")
        message = "The task that ran this analysis ended before it finished. Send the video again."
        with self._engine.begin() as connection:
            return self._give_up(connection, silent, "interrupted", message)

    @repeatable
    def newest(self, limit: int, after: tuple[datetime, UUID] | None = None) -> Sequence[RowMapping]:
        """The newest analyses first; those older than an analysis with this creation time and id, when given."""
        statement = sa.select(analyses).order_by(analyses.c.created_at.desc(), analyses.c.id.desc()).limit(limit)
        if after is not None:
            key = sa.tuple_(analyses.c.created_at, analyses.c.id)
            statement = statement.where(key < sa.tuple_(*(sa.literal(part) for part in after)))
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().all()

    @repeatable
    def one(self, analysis: UUID) -> tuple[RowMapping, Sequence[RowMapping]] | None:
        """An analysis and its persons, None when there is none of that id."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(analyses).where(analyses.c.id == analysis)).mappings().one_or_none()
            if row is None:
                return None
            wanted = sa.select(persons).where(persons.c.analysis_id == analysis).order_by(persons.c.person)
            return row, connection.execute(wanted).mappings().all()

    @repeatable
    def measures(self, analysis: UUID, query: MeasureQuery) -> Sequence[RowMapping] | None:
        """Measures by person, frame and angle, and one more than the limit; None when no analysis has that id."""
        key = sa.tuple_(measures.c.person, measures.c.frame, measures.c.angle)
        statement = sa.select(measures).where(measures.c.analysis_id == analysis)
        if query.person is not None:
            statement = statement.where(measures.c.person == query.person)
        if query.angle is not None:
            statement = statement.where(measures.c.angle == query.angle)
        if query.after is not None:
            statement = statement.where(key > sa.tuple_(*(sa.literal(part) for part in query.after)))
        statement = statement.order_by(measures.c.person, measures.c.frame, measures.c.angle).limit(query.limit + 1)
        with self._engine.connect() as connection:
            known = connection.execute(sa.select(sa.literal(1)).where(analyses.c.id == analysis)).first()
            return connection.execute(statement).mappings().all() if known else None

    def _sent(self, which: ColumnElement[bool]) -> Sent | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(analyses.c.id, analyses.c.fingerprint).where(which)).one_or_none()
        return Sent(*row) if row else None

    @staticmethod
    def _give_up(connection: Connection, which: ColumnElement[bool], code: str, message: str) -> list[UUID]:
        statement = (
            sa.update(analyses)
            .where(analyses.c.status.in_(UNFINISHED), which)
            .values(status="failed", finished_at=sa.func.now(), error_code=code, error_message=message)
            .returning(analyses.c.id)
        )
        ended = list(connection.execute(statement).scalars())
        connection.execute(sa.delete(work).where(work.c.analysis_id.in_(ended)))
        return ended

    @staticmethod
    def _move(connection: Connection, analysis: UUID, owner: str, **values: Any) -> bool:
        statement = (
            sa.update(analyses)
            .where(analyses.c.id == analysis, analyses.c.owner == owner, analyses.c.status.in_(UNFINISHED))
            .values(**values)
        )
        return connection.execute(statement).rowcount == 1

    @staticmethod
    def _copy(connection: Connection, rows: Path) -> None:
        cursor = connection.connection.cursor()
        columns = "analysis_id, person, frame, time_seconds, angle, value_degrees, confidence"
        with rows.open("rb") as source, cursor.copy(f"COPY measures ({columns}) FROM STDIN WITH (FORMAT csv)") as copy:
            while block := source.read(_COPY_BYTES):
                copy.write(block)
