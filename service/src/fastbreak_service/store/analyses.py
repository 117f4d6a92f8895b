# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What workers write: an analysis from its start to its result, whichever team's it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.store.engine import be_patient
from fastbreak_service.store.tables import analyses, doubts, events, findings, persons, work
from fastbreak_service.store.work import bury, held_by

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Engine

    from fastbreak_service.store.work import Work

UNFINISHED = ("queued", "running")
SILENT_SECONDS = 30
_COPIED = {
    "measures": "analysis_id, person, frame, time_seconds, angle, value_degrees, confidence",
    "poses": "analysis_id, number, person, frame, time_seconds, points",
    "trails": "analysis_id, track, first_frame, last_frame, person, content",
}
_COPY_BYTES = 1 << 20
_COPY_SECONDS = 300


class AnalysisStore:
    """The analyses in the database. Every method is one transaction; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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

    def ended(self, analysis: UUID) -> tuple[str, str] | None:
        """Whose it is and as what it has ended; None when it has not, or is gone."""
        statement = sa.select(analyses.c.team, analyses.c.status).where(
            analyses.c.id == analysis, analyses.c.status.not_in(UNFINISHED)
        )
        with self._engine.connect() as connection:
            found = connection.execute(statement).first()
            return (str(found.team), str(found.status)) if found else None

    def fail(  # noqa: PLR0913 - what, whose, and why
        self, analysis: UUID, owner: str, code: str, message: str, held: Work | None = None, *, dead: bool = False
    ) -> bool:
        """Mark as failed. False when it is no longer this owner's, or the piece of work no longer the attempt's.

        `dead`: the work is a dead letter from the same moment on, whoever is killed in the next one.
        """
        values = {"error_code": code, "error_message": message}
        try:
            with self._engine.begin() as connection:
                moved = {"status": "failed", "finished_at": sa.func.now(), **values}
                if not self._move(connection, analysis, owner, held, **moved):
                    return _was_ended(connection, analysis, held, "failed")
                _bury(connection, held, message if dead else "")
        except _LostError:
            return False
        return True

    def finish(  # noqa: PLR0913, PLR0917 - what, whose, and where from
        self,
        analysis: UUID,
        owner: str,
        result: dict[str, Any],
        rows: Path,
        poses: Path | None = None,
        held: Work | None = None,
        trails: Path | None = None,
        dead: str = "",
    ) -> bool:
        """Record the result and, from CSV files, all measures, poses and trails, at once. False as of `fail`.

        `missing` in a result says which parts of the video nobody could look at. `dead` is why the work is a dead
        letter from the same moment on, empty when it is none.
        """
        try:
            with self._engine.begin() as connection:
                be_patient(connection, _COPY_SECONDS)
                if not self._move(connection, analysis, owner, held, **_succeeded(result)):
                    return _was_ended(connection, analysis, held, "succeeded")
                if result["persons"]:
                    self._write(connection, analysis, result, {"measures": rows, "poses": poses, "trails": trails})
                # At last: nobody could renew the lease of work that is locked meanwhile.
                _bury(connection, held, dead)
        except _LostError:
            return False
        return True

    def _write(
        self, connection: Connection, analysis: UUID, result: dict[str, Any], files: dict[str, Path | None]
    ) -> None:
        connection.execute(sa.insert(persons), _persons(analysis, result))
        for table, file in files.items():
            if file is not None:
                self._copy(connection, table, _COPIED[table], file)
        _say(connection, analysis, result)

    def lose(self, analysis: UUID) -> None:
        """Note that its video is nowhere any more."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(analyses).where(analyses.c.id == analysis).values(footage_place=None))

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

    def forget_old(self) -> int:
        """Delete the entries of the audit trail that are older than the schema says; how many there were."""
        with self._engine.begin() as connection:
            return int(connection.execute(sa.select(sa.func.forget_old_audit())).scalar_one())

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
    def _move(connection: Connection, analysis: UUID, owner: str, held: Work | None = None, **values: Any) -> bool:
        mine = sa.true() if held is None else sa.exists().where(*held_by(held))
        statement = (
            sa.update(analyses)
            .where(analyses.c.id == analysis, analyses.c.owner == owner, analyses.c.status.in_(UNFINISHED), mine)
            .values(**values)
        )
        return connection.execute(statement).rowcount == 1

    @staticmethod
    def _copy(connection: Connection, table: str, columns: str, rows: Path) -> None:
        cursor = connection.connection.cursor()
        with rows.open("rb") as source, cursor.copy(f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv)") as copy:
            while block := source.read(_COPY_BYTES):
                copy.write(block)


def _succeeded(result: dict[str, Any]) -> dict[str, Any]:
    """What an analysis's own row says of its result."""
    return {
        "status": "succeeded",
        "finished_at": sa.func.now(),
        "video": result["video"],
        "model_name": result["model"]["name"],
        "model_sha256": result["model"]["sha256"],
        "movement": _counted(result.get("movement")),
        "missing": result.get("missing") or None,
    }


class _LostError(Exception):
    """Somebody else has taken the work in the middle of the transaction that ends its analysis."""


def _bury(connection: Connection, held: Work | None, reason: str) -> None:
    """Make the work a dead letter if there is a reason. Raises _LostError, so that nothing of this attempt stays."""
    if reason and held is not None and not bury(connection, held, reason):
        raise _LostError


def _was_ended(connection: Connection, analysis: UUID, held: Work | None, status: str) -> bool:
    """Whether this attempt has ended it already, and the answer was lost; of segments nobody knows which it was."""
    if held is None or held.part is not None:
        return False
    ended = [analyses.c.id == analysis, analyses.c.owner == held.owner, analyses.c.status == status]
    if held.group is not None:
        # The owner is the same for every join; the work is held by the last one, or was buried by it.
        buried = sa.and_(work.c.dead_at.is_not(None), work.c.takes == held.attempt)
        last = sa.or_(work.c.token == held.token, buried)
        ended.append(sa.exists().where(work.c.analysis_id == analysis, last))
    return connection.execute(sa.select(analyses.c.id).where(*ended)).first() is not None


def _persons(analysis: UUID, result: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of persons of a result."""
    told = ("frames", "first_frame", "last_frame", "angles")
    return [
        {"analysis_id": analysis, "person": person["id"], **{name: person[name] for name in told}}
        for person in result["persons"]
    ]


def _counted(movement: dict[str, Any] | None) -> dict[str, Any] | None:
    """How much is said of movement; None where it was not looked for."""
    if movement is None:
        return None
    counts = {kind: sum(len(moved[kind]) for moved in movement["persons"]) for kind in ("events", "findings")}
    return {**counts, **{name: movement[name] for name in ("left_out", "looked_seconds")}}


def _say(connection: Connection, analysis: UUID, result: dict[str, Any]) -> None:
    """Record events and findings, numbered in the order of persons, and what is in doubt of them."""
    movement = result.get("movement")
    for kind, table in (("events", events), ("findings", findings)):
        said = [
            {"analysis_id": analysis, "number": number, "person": person, "content": content}
            for number, (person, content) in enumerate(
                (
                    (moved["person"], content)
                    for moved in (movement["persons"] if movement else ())
                    for content in moved[kind]
                ),
                start=1,
            )
        ]
        if said:
            connection.execute(sa.insert(table), said)
    doubted = [
        {
            "analysis_id": analysis,
            "number": number,
            **{who: doubt[who] for who in ("person", "other")},
            "content": doubt,
        }
        for number, doubt in enumerate(result.get("doubts") or [], start=1)
    ]
    if doubted:
        connection.execute(sa.insert(doubts), doubted)
