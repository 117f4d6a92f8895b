# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queue on a real database: nothing is taken twice, nothing is lost, and only the newest attempt has a say."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from fastbreak_service.identity.caller import ANYBODY, DEFAULT_TEAM
from fastbreak_service.settings import database_settings
from fastbreak_service.store import tables
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.team_uploads import NewUpload, TeamUploads
from fastbreak_service.store.work import Backlog, Work, WorkQueue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

RESULT = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": []}


@pytest.fixture(scope="module")
def engine(migrated: dict[str, str]) -> Iterator[Engine]:
    """A pool on the migrated database."""
    made = make_engine(database_settings(migrated))
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> AnalysisStore:
    """The analyses' records."""
    return AnalysisStore(engine)


@pytest.fixture
def queue(engine: Engine) -> WorkQueue:
    """The queue of a place of its own."""
    return WorkQueue(engine, f"place:{uuid.uuid4()}", 30)


def add(store: AnalysisStore, queue: WorkQueue, count: int = 1) -> list[uuid.UUID]:
    """Accept analyses; their ids in order."""
    new = [NewAnalysis(uuid.uuid4(), None, 1, queue._place, True, "0") for _ in range(count)]
    for analysis in new:
        TeamAnalyses(store._engine, DEFAULT_TEAM).add(analysis)
    return [analysis.id for analysis in new]


def taken(queue: WorkQueue, *, abandoned: bool = False) -> Work:
    """The next piece of work, which there must be."""
    found = queue.take(abandoned=abandoned)
    assert found is not None
    return found


def lapse(engine: Engine, work: Work) -> None:
    """Let a lease run out."""
    with engine.begin() as connection:
        connection.execute(
            sa.update(tables.work)
            .where(tables.work.c.analysis_id == work.analysis)
            .values(lease_until=sa.func.now() - sa.text("interval '1 second'"))
        )


def test_work_is_taken_once_and_in_order(store: AnalysisStore, queue: WorkQueue) -> None:
    identities = add(store, queue, 3)
    assert queue.waiting() == 3
    found = [taken(queue) for _ in identities]
    assert [work.analysis for work in found] == identities
    assert {(work.attempt, work.failures, work.reason) for work in found} == {(1, 0, "")}
    assert queue.take(abandoned=True) is None
    assert (queue.waiting(), queue.left()) == (0, 3)


def test_the_backlog_is_what_nobody_has_taken_and_what_was_given_up(
    store: AnalysisStore, queue: WorkQueue, engine: Engine
) -> None:
    assert queue.backlog() == Backlog(0, 0.0, 0, 0)
    add(store, queue, 3)
    dead, held = taken(queue), taken(queue)
    queue.bury(dead, "poison")
    with engine.begin() as connection:
        past = sa.func.now() - sa.text("interval '1 hour'")
        connection.execute(sa.update(tables.work).where(tables.work.c.place == queue._place).values(available_at=past))
    found = queue.backlog()
    assert (found.waiting, found.dead_letters, found.unfinished) == (1, 1, 2)
    assert 3600 <= found.oldest_seconds < 7200
    queue.done(taken(queue))
    assert queue.extend(held)
    # What is taken is not done yet.
    assert queue.backlog() == Backlog(0, 0.0, 1, 1)


def test_what_was_handed_back_may_be_taken_later_and_what_is_taken_or_dead_may_not(
    store: AnalysisStore, queue: WorkQueue
) -> None:
    [identity] = add(store, queue)
    assert not queue.is_put_back(identity, None)
    queue.hand_back(taken(queue), 0)
    held = taken(queue)
    assert not queue.is_put_back(identity, None)
    queue.hand_back(held, 3600)
    assert (queue.is_put_back(identity, None), queue.is_put_back(uuid.uuid4(), None)) == (True, False)
    # It has no segments.
    assert not queue.is_put_back(identity, 1)


def test_many_who_take_at_once_have_each_something_else(store: AnalysisStore, queue: WorkQueue) -> None:
    identities = add(store, queue, 20)
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda _: queue.take(abandoned=True), range(30)))
    assert sorted(work.analysis for work in found if work) == sorted(identities)


def test_work_of_another_place_or_of_a_newer_contract_is_left_alone(
    store: AnalysisStore, queue: WorkQueue, engine: Engine
) -> None:
    add(store, queue)
    assert WorkQueue(engine, "elsewhere", 30).take(abandoned=True) is None
    with engine.begin() as connection:
        connection.execute(sa.update(tables.work).where(tables.work.c.place == queue._place).values(contract=5))
    assert queue.take(abandoned=True) is None
    with engine.connect() as connection:
        there = sa.select(sa.func.count()).where(tables.work.c.place == queue._place)
        assert connection.execute(there).scalar_one() == 1


def test_a_lease_that_ran_out_goes_to_another_who_may_judge(
    store: AnalysisStore, queue: WorkQueue, engine: Engine
) -> None:
    add(store, queue)
    first = taken(queue)
    lapse(engine, first)
    assert queue.take(abandoned=False) is None
    second = taken(queue, abandoned=True)
    assert (second.analysis, second.attempt, second.failures) == (first.analysis, 2, 1)
    assert "ended without a word" in second.reason
    assert not queue.extend(first)
    assert not queue.hand_back(first, 0)
    assert not queue.bury(first, "x")
    assert not queue.done(first)
    assert queue.extend(second)


def test_a_lease_that_ran_out_is_kept_by_whoever_comes_first(
    store: AnalysisStore, queue: WorkQueue, engine: Engine
) -> None:
    add(store, queue)
    first = taken(queue)
    lapse(engine, first)
    assert queue.extend(first)
    assert queue.take(abandoned=True) is None


def test_only_the_newest_attempt_records_a_result(
    store: AnalysisStore, queue: WorkQueue, engine: Engine, tmp_path: Path
) -> None:
    (identity,) = add(store, queue)
    rows = tmp_path / "rows.csv"
    rows.write_text("")
    first = taken(queue)
    assert store.start(identity, first.owner, first.attempt)
    lapse(engine, first)
    second = taken(queue, abandoned=True)
    assert store.start(identity, second.owner, second.attempt)
    assert not store.start(identity, first.owner, first.attempt)
    assert not store.finish(identity, first.owner, RESULT, rows)
    assert not store.fail(identity, first.owner, "worker_died", "late")
    assert not store.wait(identity, first.owner)
    assert store.finish(identity, second.owner, RESULT, rows)
    assert not store.finish(identity, second.owner, RESULT, rows)
    lapse(engine, second)
    third = taken(queue, abandoned=True)
    assert not store.start(identity, third.owner, third.attempt)
    assert queue.done(third)
    assert queue.left() == 0


def test_what_is_handed_back_is_taken_again(store: AnalysisStore, queue: WorkQueue) -> None:
    (identity,) = add(store, queue)
    first = taken(queue)
    store.start(identity, first.owner, first.attempt)
    assert store.wait(identity, first.owner)
    assert queue.hand_back(first, 0)
    second = taken(queue)
    assert (second.attempt, second.failures, second.reason) == (2, 0, "")
    assert queue.hand_back(second, 0, "signal 9")
    third = taken(queue)
    assert (third.attempt, third.failures, third.reason) == (3, 1, "signal 9")
    assert queue.hand_back(third, 600)
    assert queue.take(abandoned=True) is None
    assert queue.waiting() == 1


def test_a_dead_letter_stays_and_is_nobodys(store: AnalysisStore, queue: WorkQueue, engine: Engine) -> None:
    (identity,) = add(store, queue)
    work = taken(queue)
    assert queue.bury(work, "three times")
    assert queue.take(abandoned=True) is None
    assert (queue.waiting(), queue.left(), queue.unneeded([identity])) == (0, 0, [])
    with engine.connect() as connection:
        reason = sa.select(tables.work.c.reason).where(tables.work.c.analysis_id == identity)
        assert connection.execute(reason).scalar_one() == "three times"


def test_what_was_not_begun_can_be_withdrawn(store: AnalysisStore, queue: WorkQueue) -> None:
    begun, waiting = add(store, queue, 2)
    work = taken(queue)
    store.start(begun, work.owner, work.attempt)
    assert store.withdraw(waiting)
    assert store.withdraw(uuid.uuid4())
    assert not store.withdraw(begun)
    assert queue.left() == 1
    assert queue.unneeded([begun, waiting]) == [waiting]


def test_a_video_is_kept_for_its_days_and_as_long_as_there_is_work_or_an_upload_or_until_it_is_lost(
    store: AnalysisStore, queue: WorkQueue, engine: Engine
) -> None:
    new, old, waiting, lost, elsewhere = add(store, queue, 5)
    joined = uuid.uuid4()
    TeamUploads(engine, ANYBODY).add(NewUpload(joined, None, 5, 8, queue._place, "u"))
    kept = WorkQueue(engine, queue._place, 30, footage_days=3)
    with engine.begin() as connection:
        for identity, days in ((new, 2.9), (old, 3.1), (waiting, 3.1)):
            row = sa.update(tables.analyses).where(tables.analyses.c.id == identity)
            connection.execute(
                row.values(created_at=sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, 86_400 * days))
            )
        row = sa.update(tables.analyses).where(tables.analyses.c.id == elsewhere)
        connection.execute(row.values(footage_place="somewhere else"))
        connection.execute(sa.delete(tables.work).where(tables.work.c.analysis_id != waiting))
    store.lose(lost)
    assert kept.unneeded([new, old, waiting, lost, elsewhere, joined]) == [old, lost, elsewhere]


def test_what_ends_with_its_process_fails_together(store: AnalysisStore, queue: WorkQueue) -> None:
    identities = add(store, queue, 2)
    assert sorted(store.fail_all(queue._place, "interrupted", "stopped")) == sorted(identities)
    assert queue.left() == 0
    assert store.fail_all(queue._place, "interrupted", "stopped") == []


def test_what_nobody_looks_after_is_interrupted_unless_it_outlives_its_replica(
    store: AnalysisStore, queue: WorkQueue, engine: Engine
) -> None:
    """Neither this release nor the one before it finds the heartbeat of what is durable old."""
    (durable,) = add(store, queue)
    dead, beaten = (NewAnalysis(uuid.uuid4(), None, 1, f"place:{uuid.uuid4()}", False, "0") for _ in range(2))
    for new in (dead, beaten):
        TeamAnalyses(store._engine, DEFAULT_TEAM).add(new)
    long_ago = sa.func.now() - sa.text("interval '31 seconds'")
    with engine.begin() as connection:
        of_both = tables.analyses.c.id.in_([dead.id, beaten.id])
        connection.execute(sa.update(tables.analyses).where(of_both).values(heartbeat_at=long_ago))
    store.beat(beaten.place)
    assert store.fail_abandoned() == [dead.id]
    assert WorkQueue(engine, dead.place, 30).left() == 0
    states = {row["id"]: row for row in TeamAnalyses(store._engine, DEFAULT_TEAM).newest(100)}
    assert (states[dead.id]["error_code"], states[beaten.id]["error_code"]) == ("interrupted", None)
    beats = sa.select(tables.analyses.c.heartbeat_at).where(tables.analyses.c.id == durable)
    with engine.begin() as connection:
        assert connection.execute(beats).scalar_one().year == 9000
