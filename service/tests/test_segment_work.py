# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Segments as work in a real database: each is done once, whatever is repeated, late or killed."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command

from fastbreak_service.identity.caller import ANYBODY
from fastbreak_service.settings import database_settings
from fastbreak_service.store import schema, tables
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.coverings import CoveringStore
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.segments import SegmentStore
from fastbreak_service.store.team_analyses import (
    JOIN_CONTRACT,
    OLD_JOIN_CONTRACT,
    OLD_SEGMENTS_CONTRACT,
    SEGMENTS_CONTRACT,
)
from fastbreak_service.store.work import Backlog, Work, WorkQueue
from support.cut import accept, cut, lapse, parts, row, taken

if TYPE_CHECKING:
    from sqlalchemy import Engine

RESULT = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": []}


@pytest.fixture
def store(workers: Engine) -> SegmentStore:
    """The segments' store."""
    return SegmentStore(workers)


def test_segments_are_taken_once_and_in_order_and_then_there_is_something_to_join(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    planner = cut(owner, queue, store)
    assert queue.backlog().waiting == queue.left() == 3
    assert queue.waiting() == 1, "an analysis"
    found = [taken(queue) for _ in range(3)]
    assert [work.part.segment for work in found if work.part] == parts(3)
    assert {work.owner for work in found} == {planner.owner}
    assert queue.take(abandoned=True) is None
    assert (queue.waiting(), queue.left()) == (0, 3)
    for place, work in enumerate(found, 1):
        assert queue.extend(work)
        assert store.saw(work, b"seen %d" % place, 1.5)
        told = row(owner, tables.analyses, id=work.analysis)
        assert (told["status"], told["segments"], told["segments_ended"]) == ("running", 3, place)
    joiner = taken(queue)
    assert (joiner.contract, joiner.owner, joiner.attempt, joiner.failures) == (JOIN_CONTRACT, planner.owner, 1, 0)
    assert [(one.segment, one.code) for one in store.ended(joiner.analysis)] == [(one, None) for one in parts(3)]
    assert [store.seen(joiner.analysis, number) for number in range(3)] == [b"seen 1", b"seen 2", b"seen 3"]


def test_whoever_takes_videos_in_counts_segments_too(
    apart: dict[str, dict[str, str]], owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    cut(owner, queue, store, 3)
    taken(queue)
    made = make_engine(database_settings(apart["serve"]))
    try:
        api = WorkQueue(made, queue._place, 30)
        assert api.left() == 3
        found = api.backlog()
    finally:
        made.dispose()
    assert (found.waiting, found.unfinished) == (2, 3)


def test_what_a_release_before_cut_it_can_join(owner: Engine, queue: WorkQueue, store: SegmentStore) -> None:
    """Its workers look at such segments beside those of this one; what this one cuts they leave alone."""
    planner = cut(owner, queue, store, 2)
    with owner.begin() as connection:
        mine = tables.work.c.analysis_id == planner.analysis
        connection.execute(sa.update(tables.work).where(mine).values(contract=OLD_SEGMENTS_CONTRACT))
    assert (queue.waiting(), queue.left()) == (1, 2)
    found = [taken(queue), taken(queue)]
    assert {work.contract for work in found} == {OLD_SEGMENTS_CONTRACT}
    assert all(store.saw(work, b"x", 1) for work in found)
    joiner = taken(queue)
    assert (joiner.contract, joiner.owner) == (OLD_JOIN_CONTRACT, planner.owner)
    assert queue.done(joiner)


def test_work_of_a_later_release_waits_for_nobody_here(owner: Engine, queue: WorkQueue) -> None:
    accept(owner, queue)
    with owner.begin() as connection:
        mine = tables.work.c.place == queue._place
        connection.execute(sa.update(tables.work).where(mine).values(contract=99))
    assert (queue.take(abandoned=True), queue.backlog().waiting, queue.left()) == (None, 0, 0)
    assert queue.backlog() == Backlog(0, 0.0, 0, 0)


def test_what_is_ended_is_ended_once(owner: Engine, queue: WorkQueue, store: SegmentStore) -> None:
    """A duplicate, somebody who comes late, and somebody whose lease ran out change nothing."""
    planner = cut(owner, queue, store, 2)
    late = taken(queue)
    lapse(owner, late)
    again = taken(queue, abandoned=True)
    assert again.part is not None
    assert (again.part.segment.number, again.attempt, again.failures) == (0, 2, 1)
    assert not store.saw(late, b"late", 1)
    assert not store.miss(late, "worker_died", "late")
    assert not queue.extend(late)
    assert not queue.hand_back(late, 0)
    assert not queue.done(late)
    assert store.saw(again, b"first", 1)
    assert not store.saw(again, b"twice", 1)
    assert not store.cut(planner, parts(2))
    assert store.seen(planner.analysis, 0) == b"first"
    other = taken(queue)
    assert other.part is not None
    assert (other.part.segment.number, other.part.spent_seconds, other.part.earlier_seconds) == (1, 1, 0)


def test_of_two_who_end_the_last_two_at_once_one_makes_it_whole(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    for _ in range(5):
        cut(owner, queue, store, 8)
        found = [taken(queue) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda work: store.saw(work, b"x", 1), found))
        assert taken(queue).contract == JOIN_CONTRACT
        assert queue.take(abandoned=True) is None


def test_whoever_comes_late_fails_and_ends_nothing(
    owner: Engine, queue: WorkQueue, store: SegmentStore, tmp_path: Path
) -> None:
    cut(owner, queue, store, 2)
    records, rows = AnalysisStore(store._engine), tmp_path / "rows.csv"
    rows.touch()
    late = taken(queue)
    lapse(owner, late)
    assert not queue.bury(replace(late, token=uuid.uuid4()), "late")
    again, other = taken(queue, abandoned=True), taken(queue)
    assert not records.fail(late.analysis, late.owner, "undecodable", "late", late)
    assert not queue.bury(late, "late")
    assert all(store.saw(work, b"x", 1) for work in (again, other))
    assert not records.fail(again.analysis, again.owner, "undecodable", "ended", again)
    stale = taken(queue)
    assert queue.hand_back(stale, 0)
    joiner = taken(queue)
    assert not records.finish(stale.analysis, stale.owner, RESULT, rows, rows, stale)
    assert records.finish(joiner.analysis, joiner.owner, RESULT, rows, rows, joiner)
    assert queue.done(joiner)


def test_whoever_has_a_segment_fails_and_buries_the_whole(owner: Engine, queue: WorkQueue, store: SegmentStore) -> None:
    cut(owner, queue, store, 2)
    accept(owner, queue)
    one = taken(queue)
    assert AnalysisStore(store._engine).fail(one.analysis, one.owner, "undecodable", "It is broken.", one)
    assert queue.bury(one, "It is broken.")
    assert queue.backlog().dead_letters == 1, "and nobody else's"
    assert store.ended(one.analysis) == []


def test_a_segment_that_is_handed_back_is_at_once_somebody_elses(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    cut(owner, queue, store, 2)
    first, other = taken(queue), taken(queue)
    assert queue.hand_back(first, 0)
    again = taken(queue)
    assert again.part == first.part
    assert (again.attempt, again.failures) == (2, 0)
    assert queue.hand_back(again, 0, "it died")
    last = taken(queue)
    assert (last.part, last.failures, last.reason) == (first.part, 1, "it died")
    assert queue.extend(other)


def test_a_part_that_is_missing_is_told_and_stays_as_a_dead_letter(
    owner: Engine, queue: WorkQueue, store: SegmentStore, tmp_path: Path
) -> None:
    cut(owner, queue, store, 2)
    poison, good = taken(queue), taken(queue)
    assert store.miss(poison, "worker_died", "tried 3 times")
    assert store.saw(good, b"seen", 1)
    joiner = taken(queue)
    found = store.ended(joiner.analysis)
    assert [(one.code, one.reason) for one in found] == [("worker_died", "tried 3 times"), (None, "")]
    missing = [{"from_seconds": 0.0, "to_seconds": 60.0, "code": "worker_died", "message": "tried 3 times"}]
    rows = tmp_path / "rows.csv"
    rows.touch()
    records = AnalysisStore(store._engine)
    assert records.finish(joiner.analysis, joiner.owner, RESULT | {"missing": missing}, rows, rows)
    assert queue.bury(joiner, "a part is missing")
    told = row(owner, tables.analyses, id=joiner.analysis)
    assert (told["status"], told["missing"]) == ("succeeded", missing)
    assert CoveringStore(store._engine).unseen(joiner.analysis) == [(0.0, 60.0)], "nobody knows who is in it"
    assert row(owner, tables.work, analysis_id=joiner.analysis)["reason"] == "a part is missing"
    assert store.ended(joiner.analysis) == [], "what was seen does not stay"
    assert queue.backlog() == Backlog(0, 0.0, 1, 0)


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_join_whose_answer_was_lost_has_ended_it_and_no_other(
    owner: Engine, queue: WorkQueue, store: SegmentStore, tmp_path: Path, *, succeeded: bool
) -> None:
    joiner = joined(owner, queue, store)
    records = AnalysisStore(store._engine)

    def ends(one: Work) -> bool:
        whose = (one.analysis, one.owner)
        if succeeded:
            return records.finish(*whose, RESULT, tmp_path / "none", held=one, dead="why")
        return records.fail(*whose, "x", "why", one, dead=True)

    assert [ends(joiner), ends(joiner)] == [True, True]
    assert row(owner, tables.work, analysis_id=joiner.analysis)["reason"] == "why"
    assert not ends(replace(joiner, attempt=joiner.attempt - 1, token=uuid.uuid4()))


@pytest.mark.parametrize("stolen", [True, False])
def test_work_that_is_taken_while_its_result_is_written_ends_nothing(
    owner: Engine,
    queue: WorkQueue,
    store: SegmentStore,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stolen: bool,
) -> None:
    joiner = joined(owner, queue, store)

    def meanwhile(*_: object) -> None:
        # Its lease is renewed while the rows are on their way.
        assert queue.extend(joiner)
        if stolen:
            mine = tables.work.c.analysis_id == joiner.analysis
            with owner.begin() as connection:
                connection.execute(sa.update(tables.work).where(mine).values(token=uuid.uuid4()))

    monkeypatch.setattr(AnalysisStore, "_write", meanwhile)
    records = AnalysisStore(store._engine)
    result = RESULT | {"persons": [{"id": 1}]}
    ended = records.finish(joiner.analysis, joiner.owner, result, Path("none"), held=joiner, dead="why")
    assert ended is not stolen
    assert row(owner, tables.analyses, id=joiner.analysis)["status"] == ("running" if stolen else "succeeded")
    assert (row(owner, tables.work, analysis_id=joiner.analysis)["dead_at"] is None) is stolen


def joined(owner: Engine, queue: WorkQueue, store: SegmentStore) -> Work:
    """A join that was taken."""
    cut(owner, queue, store, 1)
    assert store.saw(taken(queue), b"seen", 1)
    return taken(queue)


def test_with_its_work_and_with_its_analysis_go_the_segments(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    cut(owner, queue, store, 2)
    first = taken(queue)
    assert queue.done(first)
    assert store.ended(first.analysis) == []
    assert not store.saw(first, b"x", 1)
    erased = cut(owner, queue, store, 2)
    second, third = taken(queue), taken(queue)
    assert store.saw(second, b"x", 1)
    erasures = Erasures(owner, queue._place, None)
    assert erasures.erase(ANYBODY, erased.analysis) is not None
    assert store.seen(erased.analysis, 0) is None
    assert not store.saw(third, b"x", 1)
    assert queue.take(abandoned=True) is None


def test_segments_come_before_other_work_and_what_is_to_be_joined_before_what_is_new(
    owner: Engine, queue: WorkQueue, store: SegmentStore
) -> None:
    waits = [accept(owner, queue), accept(owner, queue)]
    planner = taken(queue)
    assert planner.analysis == waits[0]
    assert store.cut(planner, parts(2))
    found = [taken(queue), taken(queue)]
    assert {work.analysis for work in found} == {planner.analysis}
    assert all(store.saw(work, b"x", 1) for work in found)
    assert [(work.contract, work.analysis) for work in (taken(queue), taken(queue))] == [
        (JOIN_CONTRACT, waits[0]),
        (1, waits[1]),
    ]


@pytest.mark.parametrize("ended", [0, 1, 2])
def test_a_release_before_leaves_long_videos_alone_and_a_downgrade_gives_them_back_whole(
    migrated: dict[str, str], queue: WorkQueue, store: SegmentStore, owner: Engine, ended: int
) -> None:
    planner = cut(owner, queue, store, 2)
    assert row(owner, tables.work, analysis_id=planner.analysis)["contract"] == SEGMENTS_CONTRACT > 2
    for _ in range(ended):
        assert store.saw(taken(queue), b"x", 1)
    with owner.connect() as connection, connection.begin() as transaction:
        config = schema._config(connection)
        command.downgrade(config, "0012")
        found = connection.execute(
            sa.text("SELECT contract, token, takes FROM work WHERE place = :p"), {"p": queue._place}
        )
        (left,) = found.all()
        assert left[:2] == (1, None)
        begins = sa.text("UPDATE analyses SET attempt = :next WHERE id = :id AND attempt < :next")
        begun = connection.execute(begins, {"next": left.takes + 1, "id": planner.analysis})
        assert begun.rowcount == 1, "whoever takes it can begin it"
        command.upgrade(config, "head")
        transaction.rollback()
    queue.done(taken(queue))
