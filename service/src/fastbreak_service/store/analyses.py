# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the service writes and reads: an analysis from its arrival to its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.store.tables import analyses, measures, persons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping

UNFINISHED = ("queued", "running")
SILENT_SECONDS = 30
_COPY_BYTES = 1 << 20
_COPY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class NewAnalysis:
    """An analysis that was accepted: its id, the file's name and size in bytes, and who will do it."""

    id: UUID
    filename: str | None
    size_bytes: int
    owner: str
    service_version: str


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

    def add(self, new: NewAnalysis) -> datetime:
        """Record an accepted analysis as queued; its creation time."""
        statement = (
            sa.insert(analyses)
            .values(
                id=new.id,
                status="queued",
                filename=new.filename,
                size_bytes=new.size_bytes,
                owner=new.owner,
                service_version=new.service_version,
                created_at=sa.func.now(),
                heartbeat_at=sa.func.now(),
            )
            .returning(analyses.c.created_at)
        )
        with self._engine.begin() as connection:
            created: datetime = connection.execute(statement).scalar_one()
            return created

    def start(self, analysis: UUID, owner: str) -> bool:
        """Mark as running. False when it is no longer this owner's to run."""
        with self._engine.begin() as connection:
            return self._move(connection, analysis, owner, status="running", started_at=sa.func.now())

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

    def beat(self, owned: Sequence[UUID], owner: str) -> None:
        """Say that the owner still works on these."""
        statement = (
            sa.update(analyses)
            .where(analyses.c.id.in_(owned), analyses.c.owner == owner, analyses.c.status.in_(UNFINISHED))
            .values(heartbeat_at=sa.func.now())
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    def fail_abandoned(self) -> list[UUID]:
        """Mark as failed whatever nobody has worked on for `SILENT_SECONDS`: its replica died."""
        statement = (
            sa.update(analyses)
            .where(
                analyses.c.status.in_(UNFINISHED),
                analyses.c.heartbeat_at < sa.func.now() - sa.text(f"interval '{SILENT_SECONDS} seconds'"),
            )
            .values(
                status="failed",
                finished_at=sa.func.now(),
                error_code="interrupted",
                error_message="The task that ran this analysis ended before it finished. Send the video again.",
            )
            .returning(analyses.c.id)
        )
        with self._engine.begin() as connection:
            return list(connection.execute(statement).scalars())

    def newest(self, limit: int, after: tuple[datetime, UUID] | None = None) -> Sequence[RowMapping]:
        """The newest analyses first; those older than an analysis with this creation time and id, when given."""
        statement = sa.select(analyses).order_by(analyses.c.created_at.desc(), analyses.c.id.desc()).limit(limit)
        if after is not None:
            key = sa.tuple_(analyses.c.created_at, analyses.c.id)
            statement = statement.where(key < sa.tuple_(*(sa.literal(part) for part in after)))
        with self._engine.connect() as connection:
            return connection.execute(statement).mappings().all()

    def one(self, analysis: UUID) -> tuple[RowMapping, Sequence[RowMapping]] | None:
        """An analysis and its persons, None when there is none of that id."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(analyses).where(analyses.c.id == analysis)).mappings().one_or_none()
            if row is None:
                return None
            wanted = sa.select(persons).where(persons.c.analysis_id == analysis).order_by(persons.c.person)
            return row, connection.execute(wanted).mappings().all()

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
