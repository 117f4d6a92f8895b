# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing an analysis with all that hangs on it. Its rows go at once; its video goes next, however often that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import JSONB, insert

from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.engine import be_patient
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, erasures, person_erasures, work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping, Select

    from fastbreak_service.identity.caller import Caller

AT_ONCE = 100
"""Erasures that are finished one after the other."""
ERASE_SECONDS, LOCKED_SECONDS = 300, 10
"""How long rows may take to go, and how long others may keep them from it."""

log = structlog.get_logger()
_TOLD = ("analysis_id", "requested_at", "erased_at", "erased", "backup_days")


class Erasures:
    """What was erased, by whom it may be asked for. Methods are transactions; all raise SQLAlchemy's errors.

    `place` is the storage of new videos, and `backup_days` how long copies of the database are kept, None: not known.
    """

    def __init__(self, engine: Engine, place: str, backup_days: int | None) -> None:
        self._engine = engine
        self._place = place
        self._backup_days = backup_days

    @repeatable
    def erase(self, caller: Caller, analysis: UUID) -> RowMapping | None:
        """Erase the rows of an analysis; what is on record of it then, also from before. None: there is no such one."""
        with of_team(self._engine, caller.team) as connection:
            known = self._known(connection, caller, analysis)
            if known is not None:
                return known
            # Whoever asked may be gone before all rows are, which go all the same. Who asks again does not wait for it.
            be_patient(connection, ERASE_SECONDS)
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCKED_SECONDS}s'"))
            place = connection.execute(_place_of(analysis)).scalar()
            counted = connection.execute(sa.select(sa.func.erase_analysis(analysis, type_=JSONB))).scalar_one()
            if counted is None:
                # Somebody else may have erased it a moment ago.
                return self._known(connection, caller, analysis)
            statement = insert(erasures).values(
                analysis_id=analysis,
                team=caller.team,
                place=place or self._place,
                erased=counted,
                backup_days=self._backup_days,
            )
            connection.execute(statement)
            connection.execute(done(caller.team, caller.subject, Action.ERASED, analysis))
            return self._known(connection, caller, analysis)

    @repeatable
    def begin(self, analysis: UUID, versions: int) -> None:
        """So many versions of the video are there, and go next. Whoever is killed then leaves it to the next to say."""
        ongoing = erasures.c.erased_at.is_(None)
        statement = sa.update(erasures).where(erasures.c.analysis_id == analysis, ongoing)
        with self._engine.begin() as connection:
            connection.execute(statement.values(erased=_with(erasures, versions)))
            begin_persons(connection, analysis, versions)

    @repeatable
    def complete(self, analysis: UUID, versions: int) -> RowMapping:
        """The video is gone, in so many versions; what is on record then."""
        statement = (
            sa.update(erasures)
            .where(erasures.c.analysis_id == analysis)
            .values(erased_at=sa.func.coalesce(erasures.c.erased_at, sa.func.now()), erased=_with(erasures, versions))
        )
        with self._engine.begin() as connection:
            connection.execute(statement)
            complete_persons(connection, analysis, versions)
            found = connection.execute(sa.select(erasures).where(erasures.c.analysis_id == analysis))
            told = found.mappings().one()
        log.info("analysis erased", analysis_id=str(analysis))
        return told

    def add_letters(self, analysis: UUID, letters: int) -> None:
        """So many dead letters went, on top of those before."""
        before = sa.func.coalesce(sa.cast(erasures.c.erased["dead_letters"].astext, sa.Integer), 0)
        told = sa.func.jsonb_build_object("dead_letters", before + letters)
        statement = sa.update(erasures).where(erasures.c.analysis_id == analysis)
        with self._engine.begin() as connection:
            connection.execute(statement.values(erased=erasures.c.erased.op("||")(told)))

    @repeatable
    def left(self) -> Sequence[UUID]:
        """Some analyses of this storage whose rows are gone and whose video may not be."""
        statement = sa.select(erasures.c.analysis_id).where(
            erasures.c.erased_at.is_(None), erasures.c.place == self._place
        )
        with self._engine.connect() as connection:
            return connection.execute(statement.order_by(erasures.c.requested_at).limit(AT_ONCE)).scalars().all()

    @repeatable
    def of(self, team: str, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[RowMapping]:
        """What was erased of a team, newest first; what was asked for before this moment and analysis, when given.

        Analyses, whose `person` is null, and persons of analyses.
        """
        analysis_alone = (sa.null().label("person"), sa.literal("deleted").label("how"))
        whole = sa.select(*(erasures.c[name] for name in _TOLD), *analysis_alone)
        person = sa.select(*(person_erasures.c[name] for name in (*_TOLD, "person", "how")))
        both = sa.union_all(
            whole.where(erasures.c.team == team), person.where(person_erasures.c.team == team)
        ).subquery()
        statement = sa.select(both)
        if after is not None:
            key = sa.tuple_(both.c.requested_at, both.c.analysis_id)
            statement = statement.where(key < sa.tuple_(*(sa.literal(part) for part in after)))
        newest = statement.order_by(both.c.requested_at.desc(), both.c.analysis_id.desc()).limit(limit)
        with read_by_team(self._engine, team) as connection:
            return connection.execute(newest).mappings().all()

    @staticmethod
    def _known(connection: Connection, caller: Caller, analysis: UUID) -> RowMapping | None:
        statement = sa.select(erasures).where(erasures.c.team == caller.team, erasures.c.analysis_id == analysis)
        return connection.execute(statement).mappings().one_or_none()


def _place_of(analysis: UUID) -> Select[tuple[str | None]]:
    """Where its video is; of one that does not outlive its replica only its work tells. Null: nowhere that is known."""
    place = sa.func.coalesce(analyses.c.footage_place, work.c.place)
    return sa.select(place).select_from(analyses.outerjoin(work)).where(analyses.c.id == analysis)


def begin_persons(connection: Connection, analysis: UUID, versions: int) -> None:
    """As of an analysis, of all persons who are to be erased from a video."""
    mine, ongoing = person_erasures.c.analysis_id == analysis, person_erasures.c.erased_at.is_(None)
    erased = _with(person_erasures, versions)
    connection.execute(sa.update(person_erasures).where(mine, ongoing).values(erased=erased))


def complete_persons(connection: Connection, analysis: UUID, versions: int) -> None:
    """Note of all persons who were to be erased from a video that it went, in so many versions."""
    ended, how = person_erasures.c.erased_at, person_erasures.c.how
    connection.execute(
        sa.update(person_erasures)
        # Not of one from which they were blurred before.
        .where(person_erasures.c.analysis_id == analysis, ended.is_(None) | (how == "deleted"))
        .values(
            erased_at=sa.func.coalesce(ended, sa.func.now()), how="deleted", erased=_with(person_erasures, versions)
        )
    )


def _with(table: sa.Table, versions: int) -> sa.ColumnElement[Any]:
    """What was erased, with the versions of the video. Who erases it again may find less, or nothing."""
    before = sa.cast(table.c.erased["footage"].astext, sa.Integer)
    told = sa.func.jsonb_build_object("footage", sa.func.greatest(before, sa.cast(versions, sa.Integer)))
    return table.c.erased.op("||")(told)
