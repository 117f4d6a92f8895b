# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is charged in a real database to the segments of a video, however their attempts end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from fastbreak_service.segments.budget import Used
from fastbreak_service.store import tables
from fastbreak_service.store.segments import SegmentStore
from support.cut import cut, lapse, row, taken

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fastbreak_service.store.work import WorkQueue


@pytest.fixture
def store(workers: Engine) -> SegmentStore:
    """The segments' store."""
    return SegmentStore(workers)


def test_segments_share_the_work_that_the_whole_may_be(owner: Engine, queue: WorkQueue, store: SegmentStore) -> None:
    """What was granted to a worker that is gone is charged."""
    cut(owner, queue, store, 3)
    first, second = taken(queue), taken(queue)
    assert store.allow(first, Used(0, 0), 40) == 10
    assert store.allow(second, Used(0, 0), 40) == 10
    assert store.allow(first, Used(9.5, 100), 40) == 19.5
    lapse(owner, first)
    again = taken(queue, abandoned=True)
    assert again.part is not None
    assert (again.part.segment.number, again.part.earlier_seconds, again.part.spent_seconds) == (0, 19.5, 29.5)
    assert store.allow(first, Used(19, 200), 40) == 19, "whoever is late gets no more"
    assert store.allow(again, Used(0, 0), 40) == 10
    assert store.allow(second, Used(10, 1), 40) is None, "it waits for the one before it"
    assert store.saw(again, b"x", 4)
    assert row(owner, tables.segments, analysis_id=again.analysis, number=0)["spent_seconds"] == 23.5
    assert store.allow(second, Used(10, 1), 40) == 16.5
    assert queue.hand_back(second, 0, "it died")
    last, back = taken(queue), taken(queue)
    assert last.part is not None
    assert back.part is not None
    assert (last.part.segment.number, last.part.spent_seconds) == (2, 40)
    assert (back.part.segment.number, back.part.earlier_seconds) == (1, 16.5)
    assert store.allow(last, Used(0, 0), 40) is None, "what was granted may come back"
    assert store.allow(back, Used(0, 0, 61), 40) == 0
    assert store.miss(back, "too_much_work", "nothing is left")
    assert store.allow(last, Used(0, 0, 1), 40) == 0
    assert store.miss(last, "too_much_work", "nothing is left")
    assert not store.allow(last, Used(0, 0), 400), "what has ended gets no more"
    assert [one.code for one in store.ended(last.analysis)] == [None, "too_much_work", "too_much_work"]


def test_what_is_handed_back_is_not_charged_but_what_failed_stays_so(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    planner = cut(owner, queue, store, 2)

    def charged() -> Any:
        return row(owner, tables.segments, analysis_id=planner.analysis, number=0)["spent_seconds"]

    first, other = taken(queue), taken(queue)
    assert store.allow(first, Used(0, 0), 40) == 10
    assert store.allow(first, Used(9, 100), 40) == 19
    assert queue.hand_back(first, 0)
    assert (charged(), store.lost(planner.analysis)) == (0, False)
    assert store.allow(first, Used(18, 200), 40) == 18, "it asked while it was handed back"
    again = taken(queue)
    assert store.allow(again, Used(0, 0), 40) == 10
    assert queue.hand_back(again, 0, "it died")
    assert (charged(), store.lost(planner.analysis)) == (10, True)
    last = taken(queue)
    assert store.allow(last, Used(0, 0), 40) == 10
    assert charged() == 20
    assert queue.hand_back(last, 0)
    assert charged() == 10
    for attempt in range(last.attempt + 1, 22):
        one = taken(queue)
        assert (one.attempt, store.allow(one, Used(0, 0), 40)) == (attempt, 10)
        assert queue.hand_back(one, 0)
        assert charged() == (10 if attempt <= 20 else 20), "not without end"
    assert queue.extend(other)


def test_what_is_put_off_was_never_taken(owner: Engine, queue: WorkQueue, store: SegmentStore) -> None:
    cut(owner, queue, store, 2)
    first, second = taken(queue), taken(queue)
    assert store.allow(first, Used(0, 0), 10) == 10
    assert store.allow(second, Used(0, 0), 10) is None
    assert queue.put_off(second, 60)
    assert not queue.put_off(second, 60)
    put_off = row(owner, tables.segments, analysis_id=second.analysis, number=1)
    assert (put_off["takes"], put_off["failures"], put_off["spent_seconds"]) == (0, 0, 0)
    assert queue.take(abandoned=True) is None, "not yet"
    assert (queue.waiting(), queue.backlog().waiting) == (0, 1), "a segment waits, and its video is worked on"
    assert store.saw(first, b"x", 10)
    assert store.allow(second, Used(0, 0), 20) == 0, "it is no longer this attempt's"


def test_those_who_ask_at_once_are_never_granted_more_than_there_is(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    planner = cut(owner, queue, store, 8)
    found = [taken(queue) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda work: store.allow(work, Used(0, 0), 35), found))
    assert sorted(one for one in granted if one) == [5, 10, 10, 10]
    with owner.connect() as connection:
        mine = tables.segments.c.analysis_id == planner.analysis
        assert connection.execute(sa.select(sa.func.sum(tables.segments.c.spent_seconds)).where(mine)).scalar() == 35
