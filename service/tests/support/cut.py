# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that are cut in a real database."""

from __future__ import annotations

import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.segments.cutting import Segment
from fastbreak_service.store import tables
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.video.completeness import Completeness

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fastbreak_service.store.segments import SegmentStore
    from fastbreak_service.store.work import Work, WorkQueue


def parts(count: int) -> list[Segment]:
    """Segments of a minute."""
    bounds = [60.0 * number for number in range(count + 1)]
    return [
        Segment(number, count, 0.0, max(0.0, begin - 2), begin, end, number, 1800, 640, 480, Completeness.WHOLE)
        for number, (begin, end) in enumerate(pairwise(bounds))
    ]


def taken(queue: WorkQueue, *, abandoned: bool = False) -> Work:
    """The next piece of work, which there must be."""
    found = queue.take(abandoned=abandoned)
    assert found is not None
    return found


def accept(owner: Engine, queue: WorkQueue) -> uuid.UUID:
    """Accept an analysis."""
    new = NewAnalysis(uuid.uuid4(), None, 1, queue._place, True, "0")
    TeamAnalyses(owner, DEFAULT_TEAM).add(new)
    return new.id


def cut(owner: Engine, queue: WorkQueue, store: SegmentStore, count: int = 3) -> Work:
    """Accept an analysis, begin it and cut it; whoever did."""
    accept(owner, queue)
    planner = taken(queue)
    assert AnalysisStore(store._engine).start(planner.analysis, planner.owner, planner.attempt)
    assert store.cut(planner, parts(count))
    return planner


def row(owner: Engine, table: sa.Table, **which: Any) -> Any:
    """A row as it is."""
    statement = sa.select(table).where(*(table.c[name] == value for name, value in which.items()))
    with owner.connect() as connection:
        return connection.execute(statement).mappings().one_or_none()


def lapse(owner: Engine, work: Work) -> None:
    """Let a segment's lease run out."""
    assert work.part is not None
    mine = (
        tables.segments.c.analysis_id == work.analysis,
        tables.segments.c.number == work.part.segment.number,
    )
    past = sa.func.now() - sa.text("interval '1 second'")
    with owner.begin() as connection:
        connection.execute(sa.update(tables.segments).where(*mine).values(lease_until=past))
