# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queue in the database: whoever takes a piece of work has it for as long as they keep their lease alive.

Only the database's clock counts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastbreak_service.footage.ports import USUAL_DAYS
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, uploads, work
from fastbreak_service.store.team_analyses import BLUR_CONTRACT, CONTRACT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine

_VANISHED = "whoever analysed it ended without a word"


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work that was taken: `attempt` counts how often it was, `failures` how often that came to no end.

    `token` is this attempt's alone. `reason` is what is known of the last failure, empty without one. `contract` says
    what is to be done.
    """

    analysis: uuid.UUID
    token: uuid.UUID
    attempt: int
    failures: int
    reason: str
    contract: int = CONTRACT

    @property
    def owner(self) -> str:
        """Whose the analysis is while it is analysed."""
        return str(self.token)


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

    def take(self, *, abandoned: bool) -> Work | None:
        """The next piece of work, None when there is none.

        `abandoned`: also what somebody else took whose lease has run out, which counts as a failure.
        """
        lapsed = work.c.lease_until.is_not(None)
        free = sa.or_(~lapsed, sa.and_(sa.literal(abandoned), work.c.lease_until < sa.func.now()))
        following = (
            sa.select(work.c.analysis_id)
            .where(self._waiting, work.c.contract <= BLUR_CONTRACT, work.c.available_at <= sa.func.now(), free)
            .order_by(work.c.available_at, work.c.analysis_id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .correlate(None)
            .scalar_subquery()
        )
        statement = (
            sa.update(work)
            .where(work.c.analysis_id == following)
            .values(
                takes=work.c.takes + 1,
                failures=work.c.failures + sa.case((lapsed, 1), else_=0),
                reason=sa.case((lapsed, _VANISHED), else_=work.c.reason),
                token=uuid.uuid4(),
                lease_until=_later(self._lease_seconds),
            )
            .returning(work)
        )
        with self._engine.begin() as connection:
            row = connection.execute(statement).mappings().one_or_none()
        if row is None:
            return None
        reason = row["reason"] or ""
        return Work(row["analysis_id"], row["token"], row["takes"], row["failures"], reason, row["contract"])

    def extend(self, taken: Work) -> bool:
        """Keep the lease alive; False when the work is no longer this attempt's."""
        return self._update(taken, lease_until=_later(self._lease_seconds))

    def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
        """Let somebody take it again after a while; `failure`: why, if it counts as one. False when no longer ours."""
        counted = {"failures": work.c.failures + 1, "reason": failure} if failure else {}
        available = _later(delay_seconds) if delay_seconds else sa.func.now()
        return self._update(taken, token=None, lease_until=None, available_at=available, **counted)

    def bury(self, taken: Work, reason: str) -> bool:
        """Make it a dead letter: nobody takes it any more, and it stays to be looked at. False when no longer ours."""
        return self._update(taken, token=None, lease_until=None, dead_at=sa.func.now(), reason=reason)

    def done(self, taken: Work) -> bool:
        """It has ended. False when it is no longer ours: then somebody else looks after its video."""
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(work).where(*_held_by(taken))).rowcount == 1

    def waiting(self) -> int:
        """How many pieces of work nobody has taken."""
        return self._count(work.c.lease_until.is_(None))

    @repeatable
    def backlog(self) -> Backlog:
        """How much waits, for how long, how much was given up, and how much is not done yet."""
        alive = work.c.dead_at.is_(None)
        free = sa.and_(alive, work.c.lease_until.is_(None))
        age = sa.extract("epoch", sa.func.now() - sa.func.min(work.c.available_at).filter(free))
        statement = sa.select(
            sa.func.count().filter(free),
            sa.func.coalesce(age, 0),
            sa.func.count(work.c.dead_at),
            sa.func.count().filter(alive),
        ).where(work.c.place == self._place)
        with self._engine.connect() as connection:
            waiting, oldest, dead, unfinished = connection.execute(statement).one()
        # Work that was put back for a while is free later than now.
        return Backlog(waiting, max(0.0, float(oldest)), dead, unfinished)

    def left(self) -> int:
        """How many pieces of work there are, taken or not."""
        return self._count(sa.true())

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

    @repeatable
    def _count(self, which: ColumnElement[bool]) -> int:
        with self._engine.connect() as connection:
            statement = sa.select(sa.func.count()).select_from(work).where(self._waiting, which)
            return int(connection.execute(statement).scalar_one())

    def _update(self, taken: Work, **values: object) -> bool:
        with self._engine.begin() as connection:
            return connection.execute(sa.update(work).where(*_held_by(taken)).values(**values)).rowcount == 1


def _held_by(taken: Work) -> tuple[ColumnElement[bool], ...]:
    return work.c.analysis_id == taken.analysis, work.c.token == taken.token


def _later(seconds: float) -> ColumnElement[datetime]:
    return sa.func.now() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
