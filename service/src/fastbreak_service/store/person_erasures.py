# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing one person of an analysis. Their rows go at once; out of the video they go next, or with it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_for_caller
from fastbreak_service.store.engine import be_patient
from fastbreak_service.store.erasures import AT_ONCE, ERASE_SECONDS, LOCKED_SECONDS, begin_persons, complete_persons
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, person_erasures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping

    from fastbreak_service.identity.caller import Caller
log = structlog.get_logger()


class Remains(StrEnum):
    """What becomes of the video that a person is erased from."""

    BLUR = "blur"
    DELETE = "delete"


class Refusal(StrEnum):
    """Why a person is not erased; in the words of the database's function."""

    UNKNOWN = "unknown"
    UNFINISHED = "unfinished"
    UNPLACED = "unplaced"


class Covering(StrEnum):
    """What is done to a video to make persons unknowable in it."""

    UNDER_WAY = "under way"
    DONE = "done"


class PersonErasures:
    """Persons that were erased. Methods are transactions; all raise SQLAlchemy's errors.

    `place` is the storage of new videos, and `backup_days` how long copies of the database are kept, None: not known.
    """

    def __init__(self, engine: Engine, place: str, backup_days: int | None) -> None:
        self._engine = engine
        self._place = place
        self._backup_days = backup_days

    @repeatable
    def erase(self, caller: Caller, analysis: UUID, person: int, remains: Remains) -> RowMapping | Refusal:
        """Erase what was found and said of a person; what is on record of it then, also from before.

        A video that somebody is still to be covered in is deleted when that is asked for now.
        """
        with of_team(self._engine, caller.team) as connection:
            known = self._known(connection, caller, analysis, person)
            if known is not None and (known["erased_at"] or known["how"] == "deleted" or remains is Remains.BLUR):
                return known
            be_patient(connection, ERASE_SECONDS)
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCKED_SECONDS}s'"))
            asked = sa.func.erase_person(analysis, person, remains.value, self._place, self._backup_days)
            said = connection.execute(sa.select(asked)).scalar_one()
            found = self._known(connection, caller, analysis, person)
            if said != "erased":
                # Somebody else may have erased them a moment ago.
                return found or Refusal(said)
            assert found is not None  # noqa: S101 - the function has put it there
            connection.execute(done(caller.team, caller.subject, Action.PERSON_ERASED, analysis))
            return found

    @repeatable
    def begin(self, analysis: UUID, versions: int) -> None:
        """So many versions of the video are there, and go next."""
        with self._engine.begin() as connection:
            begin_persons(connection, analysis, versions)

    @repeatable
    def complete(self, analysis: UUID, versions: int) -> None:
        """The video is gone, in so many versions, and with it everybody who was to be."""
        with self._engine.begin() as connection:
            complete_persons(connection, analysis, versions)
        log.info("video erased for persons in it", analysis_id=str(analysis))

    @repeatable
    def of(self, analysis: UUID, person: int) -> RowMapping:
        """What is on record of a person who was erased."""
        statement = sa.select(person_erasures).where(*_is(analysis, person))
        with read_for_caller(self._engine) as connection:
            return connection.execute(statement).mappings().one()

    @repeatable
    def left(self) -> Sequence[UUID]:
        """Some analyses whose video is to go from this storage for somebody in it, or for the analysis that went."""
        gone = ~sa.exists(sa.select(analyses.c.id).where(analyses.c.id == person_erasures.c.analysis_id))
        statement = (
            sa.select(person_erasures.c.analysis_id)
            .where(person_erasures.c.erased_at.is_(None), person_erasures.c.place == self._place)
            .where(sa.or_(person_erasures.c.how == "deleted", gone))
            .distinct()
            .limit(AT_ONCE)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).scalars().all()

    @repeatable
    def outlived(self, days: int) -> Sequence[UUID]:
        """Some analyses of this storage whose film is younger than the video it replaced, which would be gone by now.

        A storage that counts the days by itself counts them from the film on.
        """
        mine = person_erasures.c.analysis_id == analyses.c.id
        blurred, under_way = person_erasures.c.how == "blurred", person_erasures.c.erased_at.is_(None)
        statement = (
            sa.select(analyses.c.id)
            .where(analyses.c.footage_place == self._place)
            .where(analyses.c.created_at <= sa.func.now() - sa.func.make_interval(0, 0, 0, days))
            .where(sa.exists().where(mine, blurred), ~sa.exists().where(mine, under_way))
            .limit(AT_ONCE)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement).scalars().all()

    @repeatable
    def covering(self, analysis: UUID) -> Covering | None:
        """What is being done, or was done, to its video; None: nothing."""
        under_way = sa.func.bool_or(person_erasures.c.erased_at.is_(None))
        statement = sa.select(under_way).where(
            person_erasures.c.analysis_id == analysis, person_erasures.c.how == "blurred"
        )
        with read_for_caller(self._engine) as connection:
            found = connection.execute(statement).scalar()
        return None if found is None else Covering.UNDER_WAY if found else Covering.DONE

    @staticmethod
    def _known(connection: Connection, caller: Caller, analysis: UUID, person: int) -> RowMapping | None:
        statement = sa.select(person_erasures).where(person_erasures.c.team == caller.team, *_is(analysis, person))
        return connection.execute(statement).mappings().one_or_none()


def _is(analysis: UUID, person: int) -> tuple[sa.ColumnElement[bool], ...]:
    return person_erasures.c.analysis_id == analysis, person_erasures.c.person == person
