# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos on their way to the storage: begun, accepted as an analysis of the same id, refused, or given up.

Whoever accepts one deletes its row in the transaction that records the analysis, and whoever refuses it or gives it up
changes that row: so one of them comes first, and the others find that out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fastbreak_service.footage.ports import USUAL_DAYS
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, uploads
from fastbreak_service.store.team_analyses import USUAL_QUOTA, Sender, Sent, record
from fastbreak_service.store.usage import UPLOAD_HOURS, QuotaError, TeamUsage, hold_to

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Engine, RowMapping

    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.quotas import Quota
    from fastbreak_service.store.team_analyses import NewAnalysis

HOURS = UPLOAD_HOURS
"""How long an upload may take."""
GIVEN_UP = "given_up"
"""The code of an upload of which the storage has yet to forget everything."""
CLEARED = "cleared"
"""The code of one of which nothing was left. No caller sees it any more."""
_AT_ONCE = 100
# Whoever put it together or sent a part at that moment may leave something behind, in a bucket for as long as videos
# are kept: so it is cleared another time when all of them have come to their end.
_AGAIN_HOURS = 1
# A storage that nobody uses any more has swept itself by then, or is gone.
_FORGOTTEN_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class NewUpload:
    """An upload that begins: what was announced, how it is cut, where it goes, and the storage's name of it."""

    id: UUID
    filename: str | None
    size_bytes: int
    part_bytes: int
    place: str
    storage_upload: str
    idempotency_key: str | None = None


class TeamUploads:
    """The uploads that a caller may see: their own, or their team's. Methods are transactions.

    All raise SQLAlchemy's errors.
    """

    def __init__(
        self, engine: Engine, caller: Caller, quota: Quota = USUAL_QUOTA, footage_days: int = USUAL_DAYS
    ) -> None:
        self._engine = engine
        self._quota = quota
        self._footage_days = footage_days
        self._team = caller.team
        self._subject = caller.subject
        self._own = not caller.may(Role.ADMINISTRATOR)

    @repeatable
    def add(self, new: NewUpload) -> RowMapping | None:
        """Record an upload; the row that has its id or its key in the end, None when that is none of the caller's.

        What it announces counts from now on. Raises QuotaError.
        """
        values = {name: getattr(new, name) for name in NewUpload.__slots__}
        statement = insert(uploads).values(team=self._team, sent_by=self._subject, **values)
        which = sa.or_(uploads.c.id == new.id, uploads.c.idempotency_key == (new.idempotency_key or ""))
        with of_team(self._engine, self._team) as connection:
            if connection.execute(statement.on_conflict_do_nothing().returning(uploads.c.id)).first() is not None:
                hold_to(connection, self._team, self._quota, self._footage_days, (new.id, new.size_bytes))
                connection.execute(done(self._team, self._subject, Action.UPLOAD_BEGUN, new.id))
            return self._find(connection, which)

    @repeatable
    def newest(self, limit: int, after: tuple[datetime, UUID] | None) -> Sequence[RowMapping]:
        """Those under way, newest first; those older than an upload with this beginning and id, when given."""
        under_way = self._mine(sa.and_(uploads.c.error_code.is_(None), ~_older_than(HOURS)))
        statement = sa.select(uploads).where(under_way)
        if after is not None:
            key = sa.tuple_(uploads.c.created_at, uploads.c.id)
            statement = statement.where(key < sa.tuple_(*(sa.literal(part) for part in after)))
        statement = statement.order_by(uploads.c.created_at.desc(), uploads.c.id.desc()).limit(limit)
        with read_by_team(self._engine, self._team) as connection:
            return connection.execute(statement).mappings().all()

    @repeatable
    def open(self, place: str) -> int:
        """How many of the team are on their way to a place, and in time."""
        under_way = (uploads.c.place == place, uploads.c.error_code.is_(None), ~_older_than(HOURS))
        counted = sa.select(sa.func.count()).where(uploads.c.team == self._team, *under_way)
        with read_by_team(self._engine, self._team) as connection:
            return int(connection.execute(counted).scalar_one())

    @repeatable
    def one(self, upload: UUID) -> RowMapping | None:
        """An upload that was not accepted."""
        with read_by_team(self._engine, self._team) as connection:
            return self._find(connection, uploads.c.id == upload)

    @repeatable
    def accepted(self, upload: UUID) -> RowMapping | None:
        """What an upload has become: its analysis."""
        statement = sa.select(analyses).where(analyses.c.team == self._team, analyses.c.id == upload)
        if self._own:
            statement = statement.where(analyses.c.sent_by == self._subject)
        with read_by_team(self._engine, self._team) as connection:
            return connection.execute(statement).mappings().one_or_none()

    @repeatable
    def under(self, key: str) -> RowMapping | None:
        """The upload that was begun under a key."""
        with read_by_team(self._engine, self._team) as connection:
            return self._find(connection, uploads.c.idempotency_key == key)

    @repeatable
    def sent_under(self, key: str) -> Sent | None:
        """The analysis that has a key."""
        statement = sa.select(analyses.c.id, analyses.c.fingerprint)
        statement = statement.where(analyses.c.team == self._team, analyses.c.idempotency_key == key)
        with read_by_team(self._engine, self._team) as connection:
            row = connection.execute(statement).one_or_none()
        return Sent(*row) if row else None

    def expect(self, new: NewAnalysis) -> None:
        """Raise QuotaError when it would not be accepted at the moment: what that takes can be saved then."""
        try:
            TeamUsage(self._engine, self._team, self._quota, self._footage_days).expect(new.size_bytes, new.id)
        except QuotaError:
            if self.accepted(new.id) is None and self.sent_under(new.idempotency_key or "") is None:
                raise

    @repeatable
    def accept(self, new: NewAnalysis) -> Sent | None:
        """Make it an analysis, once. What has its id or its key in the end; None when it was refused or given up.

        Raises QuotaError: then it stays as it is, and may be accepted later.
        """
        mine = self._mine(uploads.c.id == new.id)
        sender = Sender(self._team, self._subject, self._quota, self._footage_days)
        with of_team(self._engine, self._team) as connection:
            chosen = sa.select(uploads.c.sent_by).where(mine, uploads.c.error_code.is_(None)).with_for_update()
            row = connection.execute(chosen).one_or_none()
            # What an administrator completes is still its sender's.
            if row is not None and (sent := record(connection, sender, new, row.sent_by)):
                connection.execute(sa.delete(uploads).where(mine))
                return sent
            which = analyses.c.id == new.id
            if row is not None:
                which = sa.or_(which, analyses.c.idempotency_key == (new.idempotency_key or ""))
            known = sa.select(analyses.c.id, analyses.c.fingerprint).where(analyses.c.team == self._team, which)
            found = connection.execute(known).one_or_none()
        return Sent(*found) if found else None

    @repeatable
    def refuse(self, upload: UUID, code: str, message: str) -> bool:
        """Note why it cannot be accepted. False when it was accepted, refused or given up before."""
        statement = sa.update(uploads).where(self._mine(uploads.c.id == upload), uploads.c.error_code.is_(None))
        with of_team(self._engine, self._team) as connection:
            return connection.execute(statement.values(error_code=code, error_message=message)).rowcount == 1

    @repeatable
    def give_up(self, upload: UUID) -> RowMapping | None:
        """It is not to be accepted any more, and its name is forgotten; None when there is none, or it was accepted."""
        with of_team(self._engine, self._team) as connection:
            statement = sa.update(uploads).where(self._mine(uploads.c.id == upload)).values(_closed())
            row = connection.execute(statement.returning(uploads)).mappings().one_or_none()
            if row is not None:
                connection.execute(done(self._team, self._subject, Action.UPLOAD_GIVEN_UP, upload))
            return row

    @repeatable
    def cleared(self, upload: UUID) -> None:
        """Nothing is left in the storage of one that was given up."""
        which = self._mine(sa.and_(uploads.c.id == upload, uploads.c.error_code == GIVEN_UP))
        with of_team(self._engine, self._team) as connection:
            connection.execute(sa.update(uploads).where(which).values(error_code=CLEARED))

    def _find(self, connection: Connection, which: ColumnElement[bool]) -> RowMapping | None:
        return connection.execute(sa.select(uploads).where(self._mine(which))).mappings().one_or_none()

    def _mine(self, which: ColumnElement[bool]) -> ColumnElement[bool]:
        """The first line; the database's policies are the second."""
        whose = uploads.c.sent_by == self._subject if self._own else sa.true()
        return sa.and_(uploads.c.team == self._team, whose, uploads.c.error_code.is_distinct_from(CLEARED), which)


class LeftUploads:
    """What was given up, or not finished in time, whichever team's it is. Methods are transactions."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place

    @repeatable
    def left(self) -> Sequence[tuple[UUID, str]]:
        """Some uploads of which the storage has to forget everything, with its own names for them.

        Those of other places are given up as well when they are late: their names are nobody's to keep.
        """
        here, closed = uploads.c.place == self._place, uploads.c.error_code.in_((GIVEN_UP, CLEARED))
        again = sa.and_(uploads.c.error_code == CLEARED, _older_than(_AGAIN_HOURS))
        with self._engine.begin() as connection:
            connection.execute(sa.delete(uploads).where(~here, _older_than(_FORGOTTEN_HOURS)))
            late = sa.update(uploads).where(_older_than(HOURS), sa.or_(uploads.c.error_code.is_(None), ~closed))
            connection.execute(late.values(_closed()))
            left = sa.or_(uploads.c.error_code == GIVEN_UP, again)
            chosen = sa.select(uploads.c.id, uploads.c.storage_upload).where(here, left)
            found = connection.execute(chosen.order_by(uploads.c.created_at).limit(_AT_ONCE)).all()
        return [(row.id, row.storage_upload) for row in found]

    @repeatable
    def cleared(self, upload: UUID) -> None:
        """Nothing of it is left in the storage; its row is kept until it is cleared once more."""
        one, old = uploads.c.id == upload, _older_than(_AGAIN_HOURS)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(uploads).where(one, uploads.c.error_code == CLEARED, old))
            connection.execute(sa.update(uploads).where(one).values(error_code=CLEARED))


def _closed() -> dict[str, object]:
    """What a row says from the moment on at which it is given up, which is its age's beginning then."""
    closed = dict.fromkeys(("error_message", "filename", "idempotency_key"))
    return {**closed, "error_code": GIVEN_UP, "created_at": sa.func.now()}


def _older_than(hours: int) -> ColumnElement[bool]:
    return uploads.c.created_at < sa.func.now() - sa.func.make_interval(0, 0, 0, 0, hours)
