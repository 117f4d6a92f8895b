# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queue in the database: whoever takes a piece of work has it for as long as they keep their lease alive.

Only the database's clock counts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.footage.ports import USUAL_DAYS
from fastbreak_service.segments.budget import is_free
from fastbreak_service.segments.cutting import segment_of
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, segments, uploads, work
from fastbreak_service.store.team_analyses import CONTRACT, JOIN_CONTRACTS, SEGMENT_FORMS, TAKEN_CONTRACTS
from fastbreak_service.store.turns import next_piece

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Engine, Row, RowMapping, Table

    from fastbreak_service.segments.cutting import Segment

_MOST_SERVED = 1000
_VANISHED = "whoever analysed it ended without a word"


@dataclass(frozen=True, slots=True)
class Part:
    """The segment that a piece of work is of, and the work that was charged before, in estimated seconds.

    `spent_seconds` is of the whole analysis, `earlier_seconds` of earlier attempts at this segment.
    """

    segment: Segment
    spent_seconds: float
    earlier_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work that was taken: `attempt` counts how often it was, `failures` how often that came to no end.

    `token` is this attempt's alone. `reason` is what is known of the last failure, empty without one. `contract` says
    what is to be done. `part` is of one of several pieces, and `group` whose the analysis is while it has these.
    """

    analysis: uuid.UUID
    token: uuid.UUID
    attempt: int
    failures: int
    reason: str
    contract: int = CONTRACT
    part: Part | None = None
    group: str | None = None

    @property
    def owner(self) -> str:
        """Whose the analysis is while it is analysed."""
        return self.group or str(self.token)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What there is to do: work that nobody has taken, for how long the oldest of it could have been, dead letters.

    `unfinished` is what waits and what is taken: whoever is at it is needed until it is none.
    """

    waiting: int
    oldest_seconds: float
    dead_letters: int
    unfinished: int


class WorkQueue:
    """The work on videos of one place, which are kept for some days. Every method is one transaction.

    All raise SQLAlchemy's errors.
    """

    def __init__(self, engine: Engine, place: str, lease_seconds: float, footage_days: int = USUAL_DAYS) -> None:
        self._engine = engine
        self._place = place
        self._lease_seconds = lease_seconds
        self._footage_days = footage_days
        # The teams that had a turn by this process, the latest last: with a single worker nothing else tells.
        self._served: dict[str, None] = {}

    def take(self, *, abandoned: bool) -> Work | None:
        """The next piece of work, None when there is none: each team has its turn, see `turns`.

        `abandoned`: also what somebody else took whose lease has run out, which counts as a failure.
        """
        with self._engine.begin() as connection:
            found = connection.execute(next_piece(self._place, list(self._served), abandoned=abandoned)).one_or_none()
            if found is None:
                return None
            taken = self._take(connection, found)
        self._served.pop(found.team, None)
        self._served[found.team] = None
        if len(self._served) > _MOST_SERVED:
            del self._served[next(iter(self._served))]
        return taken

    def _take(self, connection: Connection, found: Row[Any]) -> Work:
        """Have the lease of a piece that is locked."""
        if found.number is None:
            whole = sa.update(work).where(work.c.analysis_id == found.analysis_id).values(self._taking(work))
            row = connection.execute(whole.returning(work)).mappings().one()
            return self._taken(connection, row, row["contract"])
        this = sa.and_(segments.c.analysis_id == found.analysis_id, segments.c.number == found.number)
        columns = [column for column in segments.c if column is not segments.c.seen]
        taken = sa.update(segments).where(this).values(self._taking(segments)).returning(*columns)
        row = connection.execute(taken).mappings().one()
        charged = sa.select(sa.func.coalesce(sa.func.sum(segments.c.spent_seconds), 0.0))
        spent = connection.execute(charged.where(segments.c.analysis_id == found.analysis_id)).scalar_one()
        part = Part(segment_of(row["content"]), float(spent), float(row["spent_seconds"] or 0))
        return self._taken(connection, row, found.contract, part)

    def _taking(self, table: Table) -> dict[str, Any]:
        lapsed = table.c.lease_until.is_not(None)
        return {
            "takes": table.c.takes + 1,
            "failures": table.c.failures + sa.case((lapsed, 1), else_=0),
            "reason": sa.case((lapsed, _VANISHED), else_=table.c.reason),
            "token": uuid.uuid4(),
            "lease_until": _later(self._lease_seconds),
        }

    @staticmethod
    def _taken(connection: Connection, row: RowMapping, contract: int, part: Part | None = None) -> Work:
        group = None
        if contract in {*SEGMENT_FORMS, *JOIN_CONTRACTS.values()}:
            owner = sa.select(analyses.c.owner).where(analyses.c.id == row["analysis_id"])
            group = connection.execute(owner).scalar()
        counted = (row["takes"], row["failures"], row["reason"] or "")
        return Work(row["analysis_id"], row["token"], *counted, contract, part, group)

    @repeatable
    def is_put_back(self, analysis: uuid.UUID, number: int | None) -> bool:
        """Whether the work on an analysis, or on one of its segments, was handed back to be taken later."""
        statement = sa.select(sa.true()).where(work.c.analysis_id == analysis, self._waiting)
        table = work
        if number is not None:
            this = sa.and_(segments.c.analysis_id == work.c.analysis_id, segments.c.number == number)
            statement = statement.join_from(work, segments, this).where(segments.c.ended_at.is_(None))
            table = segments
        later = sa.and_(table.c.lease_until.is_(None), table.c.available_at > sa.func.now())
        with self._engine.connect() as connection:
            return connection.execute(statement.where(later).limit(1)).first() is not None

    def extend(self, taken: Work) -> bool:
        """Keep the lease alive; False when the work is no longer this attempt's."""
        return self._update(taken, lease_until=_later(self._lease_seconds))

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        """Let somebody take it again after a while; `failure`: why, if it counts as one. False when no longer ours.

        Without a failure nothing is charged for what was done of a segment.
        """
        counted: dict[str, Any] = {}
        if failure:
            counted = {"failures": _table_of(taken).c.failures + 1, "reason": failure}
        elif taken.part is not None and is_free(taken.attempt):
            counted = {"spent_seconds": taken.part.earlier_seconds}
        available = _later(delay_seconds) if delay_seconds else sa.func.now()
        return self._update(taken, token=None, lease_until=None, available_at=available, **counted)

    def put_off(self, taken: Work, delay_seconds: float) -> bool:
        """Let a segment that was not begun be taken again after a while, as if nobody had taken it."""
        values = {"token": None, "lease_until": None, "available_at": _later(delay_seconds)}
        return self._update(taken, takes=segments.c.takes - 1, **values)

    def bury(self, taken: Work, reason: str) -> bool:
        """Make it a dead letter: nobody takes it any more, and it stays to be looked at. False when no longer ours.

        What was seen of its segments does not stay; of a segment that this attempt has, the whole work is meant.
        """
        with self._engine.begin() as connection:
            return bury(connection, taken, reason)

    def done(self, taken: Work) -> bool:
        """It has ended. False when it is no longer ours: then somebody else looks after its video.

        With the work go its segments; of a segment that this attempt has, the whole work is meant.
        """
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(work).where(_whole_of(taken))).rowcount == 1

    @repeatable
    def waiting(self) -> int:
        """How many analyses wait, of whatever release: nobody has them, nor a segment of theirs."""
        this = segments.c.analysis_id == work.c.analysis_id
        theirs = sa.select(segments.c.number).where(this, segments.c.ended_at.is_(None))
        looked_at = theirs.where(segments.c.lease_until.is_not(None)).exists()
        statement = sa.select(sa.func.count()).select_from(work)
        with self._engine.connect() as connection:
            found = connection.execute(statement.where(self._waiting, work.c.lease_until.is_(None), ~looked_at))
            return int(found.scalar_one())

    @repeatable
    def backlog(self) -> Backlog:
        """How much waits, for how long, how much was given up, and how much is not done yet."""
        pieces = self._pieces.subquery()
        free = pieces.c.lease_until.is_(None)
        age = sa.extract("epoch", sa.func.now() - sa.func.min(pieces.c.available_at).filter(free))
        statement = sa.select(sa.func.count().filter(free), sa.func.coalesce(age, 0), sa.func.count())
        given_up = sa.select(sa.func.count(work.c.dead_at)).where(work.c.place == self._place)
        with self._engine.connect() as connection:
            waiting, oldest, unfinished = connection.execute(statement.select_from(pieces)).one()
            dead = connection.execute(given_up).scalar_one()
        # Work that was put back for a while is free later than now.
        return Backlog(waiting, max(0.0, float(oldest)), dead, unfinished)

    @repeatable
    def left(self) -> int:
        """How many pieces of work there are, taken or not."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(self._pieces.subquery())).scalar_one())

    @repeatable
    def unneeded(self, found: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        """Those of the analyses for which there is no work, and whose videos have been kept for long enough.

        One that is put together and not accepted yet is an upload's still, which is cleared in a time of its own.
        """
        waiting = sa.select(work.c.analysis_id).where(work.c.analysis_id.in_(found), work.c.dead_at.is_(None))
        since = sa.func.now() - sa.func.make_interval(0, 0, 0, self._footage_days)
        kept = sa.select(analyses.c.id).where(
            analyses.c.id.in_(found), analyses.c.footage_place == self._place, analyses.c.created_at > since
        )
        arriving = sa.select(uploads.c.id).where(uploads.c.id.in_(found))
        # One statement sees one moment, and an upload becomes an analysis in one: so it is found as one of them.
        with self._engine.connect() as connection:
            needed = set(connection.execute(sa.union_all(waiting, kept, arriving)).scalars())
        return [analysis for analysis in found if analysis not in needed]

    @property
    def _waiting(self) -> ColumnElement[bool]:
        return sa.and_(work.c.place == self._place, work.c.dead_at.is_(None))

    @property
    def _pieces(self) -> CompoundSelect[Any]:
        """What this release has to do: segments that have not ended, and whole work; another's waits for that one."""
        whole = sa.select(work.c.lease_until, work.c.available_at).where(self._waiting)
        parts = sa.select(segments.c.lease_until, segments.c.available_at).join(work)
        return sa.union_all(
            whole.where(work.c.contract.in_(TAKEN_CONTRACTS)),
            parts.where(self._waiting, work.c.contract.in_(SEGMENT_FORMS), segments.c.ended_at.is_(None)),
        )

    def _update(self, taken: Work, **values: object) -> bool:
        with self._engine.begin() as connection:
            statement = sa.update(_table_of(taken)).where(*held_by(taken)).values(**values)
            return connection.execute(statement).rowcount == 1


def bury(connection: Connection, taken: Work, reason: str) -> bool:
    """Make work a dead letter in a caller's transaction. False when it is no longer this attempt's."""
    dies = {"token": None, "lease_until": None, "dead_at": sa.func.now(), "reason": reason}
    if connection.execute(sa.update(work).where(_whole_of(taken)).values(dies)).rowcount == 0:
        return False
    connection.execute(sa.delete(segments).where(segments.c.analysis_id == taken.analysis))
    return True


def _table_of(taken: Work) -> Table:
    return work if taken.part is None else segments


def held_by(taken: Work) -> tuple[ColumnElement[bool], ...]:
    """What is true of the row of a piece of work, or of its segment's, while it is this attempt's."""
    table = _table_of(taken)
    mine = (table.c.analysis_id == taken.analysis, table.c.token == taken.token)
    return mine if taken.part is None else (*mine, segments.c.number == taken.part.segment.number)


def _whole_of(taken: Work) -> ColumnElement[bool]:
    """The work that an attempt has, or has a segment of."""
    if taken.part is None:
        return sa.and_(*held_by(taken))
    return work.c.analysis_id.in_(sa.select(segments.c.analysis_id).where(*held_by(taken)))


def _later(seconds: float) -> ColumnElement[datetime]:
    return sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
