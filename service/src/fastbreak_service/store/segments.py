# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The segments of long videos: each is a piece of work, until all have ended and the analysis waits to be joined.

Nobody has an overview of them: whoever ends the last one makes the analysis one to be joined, in the same transaction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.segments.budget import Charge, allowed, is_free
from fastbreak_service.segments.cutting import Segment, segment_of
from fastbreak_service.store.engine import be_patient
from fastbreak_service.store.tables import analyses, segments, work
from fastbreak_service.store.team_analyses import JOIN_CONTRACTS, SEGMENTS_CONTRACT
from fastbreak_service.store.work import held_by

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Engine

    from fastbreak_service.segments.budget import Used
    from fastbreak_service.store.work import Work

_COPY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """A segment that has ended; `code` and `reason` say why it is missing, None and empty when it is not."""

    segment: Segment
    code: str | None
    reason: str


class SegmentStore:
    """What workers do with segments. Every method is one transaction; all raise SQLAlchemy's errors.

    False: the piece of work is no longer this attempt's.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cut(self, taken: Work, cut: Sequence[Segment]) -> bool:
        """Make segments of a piece of work that is the analysis of a whole video."""
        with self._engine.begin() as connection:
            _lock(connection, taken.analysis)
            waits = (
                sa.update(work)
                .where(work.c.analysis_id == taken.analysis, work.c.token == taken.token)
                .values(contract=SEGMENTS_CONTRACT, token=None, lease_until=None)
            )
            if connection.execute(waits).rowcount == 0:
                return False
            rows = [{"analysis_id": taken.analysis, "number": one.number, "content": asdict(one)} for one in cut]
            connection.execute(sa.insert(segments), rows)
            told = sa.update(analyses).where(analyses.c.id == taken.analysis)
            connection.execute(told.values(segments=len(cut), segments_ended=0))
        return True

    def allow(self, taken: Work, used: Used, limit_seconds: float) -> float | None:
        """How much work an attempt at a segment may be in all, with `limit_seconds` for all segments together.

        No more than it was when nothing is left, or the segment is no longer this attempt's. None: ask again. What is
        allowed is charged until it is known how much it was.
        """
        assert taken.part is not None  # noqa: S101 - whoever calls has a segment
        number, earlier = taken.part.segment.number, taken.part.earlier_seconds
        with self._engine.begin() as connection:
            _lock(connection, taken.analysis)
            if connection.execute(sa.select(sa.exists().where(*held_by(taken)))).scalar() is not True:
                return used.seconds
            found = allowed(number, earlier, used, _charges(connection, taken.analysis, number), limit_seconds)
            charged = earlier + (used.seconds if found is None else found)
            connection.execute(sa.update(segments).where(*held_by(taken)).values(spent_seconds=charged))
        return found

    def saw(self, taken: Work, seen: bytes, spent_seconds: float) -> bool:
        """A segment was looked at; what was seen is kept until all are joined."""
        earlier = taken.part.earlier_seconds if taken.part else 0.0
        return self._end(taken, seen=seen, spent_seconds=earlier + spent_seconds)

    def miss(self, taken: Work, code: str, reason: str) -> bool:
        """A segment is missing for good."""
        return self._end(taken, code=code, reason=reason)

    def lost(self, analysis: UUID) -> bool:
        """Whether some of what is charged to an analysis was the work of attempts that came to no end."""
        columns = (segments.c.takes, segments.c.failures, sa.func.coalesce(segments.c.spent_seconds, 0.0))
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).where(segments.c.analysis_id == analysis)).all()
        return any(spent > 0 and (failures > 0 or not is_free(takes)) for takes, failures, spent in rows)

    def ended(self, analysis: UUID) -> list[Ended]:
        """The segments of an analysis that have ended, in order."""
        columns = (segments.c.content, segments.c.code, segments.c.reason)
        statement = sa.select(*columns).where(segments.c.analysis_id == analysis, segments.c.ended_at.is_not(None))
        with self._engine.connect() as connection:
            rows = connection.execute(statement.order_by(segments.c.number)).all()
        return [Ended(segment_of(row.content), row.code, row.reason or "") for row in rows]

    def seen(self, analysis: UUID, number: int) -> bytes | None:
        """What was seen of a segment; None when it is gone."""
        statement = sa.select(segments.c.seen).where(segments.c.analysis_id == analysis, segments.c.number == number)
        with self._engine.begin() as connection:
            be_patient(connection, _COPY_SECONDS)
            content = connection.execute(statement).scalar()
        return None if content is None else bytes(content)

    def _end(self, taken: Work, **values: Any) -> bool:
        assert taken.part is not None  # noqa: S101 - whoever calls has a segment
        mine = (
            segments.c.analysis_id == taken.analysis,
            segments.c.number == taken.part.segment.number,
            segments.c.token == taken.token,
        )
        with self._engine.begin() as connection:
            be_patient(connection, _COPY_SECONDS)
            # In the order of those who erase, and so that of two who end the last two segments one is the last.
            _lock(connection, taken.analysis)
            ends = sa.update(segments).where(*mine, segments.c.ended_at.is_(None))
            ended = ends.values(ended_at=sa.func.now(), token=None, lease_until=None, **values)
            if connection.execute(ended).rowcount == 0:
                return False
            _count(connection, taken.analysis)
        return True


def _charges(connection: Connection, analysis: UUID, number: int) -> list[Charge]:
    """What is charged to the segments of an analysis but one."""
    packets = segments.c.content["packets"].as_integer()
    runs = sa.and_(segments.c.ended_at.is_(None), segments.c.lease_until > sa.func.now())
    columns = (
        segments.c.number,
        packets,
        sa.func.coalesce(segments.c.spent_seconds, 0.0),
        sa.func.coalesce(runs, False),
    )
    statement = sa.select(*columns).where(segments.c.analysis_id == analysis, segments.c.number != number)
    return [Charge(*row) for row in connection.execute(statement)]


def _lock(connection: Connection, analysis: UUID) -> None:
    connection.execute(sa.select(analyses.c.id).where(analyses.c.id == analysis).with_for_update())


def _count(connection: Connection, analysis: UUID) -> None:
    """Tell how many segments have ended; after the last one the analysis waits to be joined."""
    of_it = sa.select(sa.func.count(), sa.func.count(segments.c.ended_at)).where(segments.c.analysis_id == analysis)
    count, ended = connection.execute(of_it).one()
    connection.execute(sa.update(analyses).where(analyses.c.id == analysis).values(segments_ended=ended))
    if ended == count:
        joins = sa.update(work).where(work.c.analysis_id == analysis, work.c.contract.in_(JOIN_CONTRACTS))
        fresh = {"takes": 0, "failures": 0, "reason": None, "available_at": sa.func.now()}
        joined = sa.case(JOIN_CONTRACTS, value=work.c.contract)
        connection.execute(joins.values(contract=joined, **fresh))
