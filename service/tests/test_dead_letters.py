# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Poison becomes a dead letter once, wherever the worker that gives it up is killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.settings import database_settings
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.segments import SegmentStore
from fastbreak_service.store.tables import analyses, work
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses
from fastbreak_service.store.work import WorkQueue
from fastbreak_service.video.limits import Limits
from fastbreak_service.worker.ports import Ports
from fastbreak_service.worker.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

_FAILURES = 3
# After the three of its beginning: failed, dead, its segments gone, about to be committed, committed.
_MOMENTS = range(4, 9)


class NoFootage:
    """Where no video is looked for."""

    durable = True
    directory = Path()

    def retire(self, analysis: uuid.UUID) -> None:
        """Nothing is there."""


def give_up(engine: Engine, place: str, when_taken: Callable[[], None] = lambda: None) -> bool:
    """Take the next piece of work, which nobody could end, as a worker does; whether there was any."""
    queue = WorkQueue(engine, place, 30)
    if (taken := queue.take(abandoned=True)) is None:
        return False
    when_taken()
    unasked: Any = None
    footage: Any = NoFootage()
    ports = Ports(queue, AnalysisStore(engine), footage, unasked, unasked, SegmentStore(engine))
    asyncio.run(Task(ports, Limits(), _FAILURES).do(taken))
    return True


def killed(environment: dict[str, str], place: str, moment: int) -> None:
    """Give it up, and be killed at a moment."""
    engine = make_engine(database_settings(environment))
    moments = iter(range(1, moment + 1))

    def come_closer(*_: object) -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def be_counted() -> None:
        # A commit tells of itself before it is sent, and its connection goes back to the pool after it.
        for event in ("after_cursor_execute", "commit", "checkin"):
            sa.event.listen(engine, event, come_closer)

    give_up(engine, place, be_counted)


def poison(engine: Engine) -> tuple[str, uuid.UUID]:
    """Work that took all its workers with it."""
    new = NewAnalysis(uuid.uuid4(), None, 1, f"place:{uuid.uuid4()}", durable=True, service_version="0")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    with engine.begin() as connection:
        failed = sa.update(work).where(work.c.analysis_id == new.id)
        connection.execute(failed.values(takes=_FAILURES, failures=_FAILURES, reason="it died"))
    return new.place, new.id


def end(engine: Engine, analysis: uuid.UUID) -> tuple[str, str | None, int]:
    """The analysis's status and code, and how many dead letters it has."""
    with engine.begin() as connection:
        lapsed = sa.update(work).where(work.c.analysis_id == analysis, work.c.lease_until.is_not(None))
        connection.execute(lapsed.values(lease_until=sa.func.now() - sa.text("interval '1 second'")))
        dead = sa.select(sa.func.count(work.c.dead_at)).where(work.c.analysis_id == analysis)
        row = connection.execute(
            sa.select(analyses.c.status, analyses.c.error_code).where(analyses.c.id == analysis)
        ).one()
        return row.status, row.error_code, connection.execute(dead).scalar_one()


def die_at(migrated: dict[str, str], place: str, moment: int) -> None:
    process = multiprocessing.get_context("spawn").Process(target=killed, args=(migrated, place, moment))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, "it was not at work any more"


@pytest.mark.parametrize("moment", _MOMENTS)
def test_poison_is_a_dead_letter_once_whenever_its_last_worker_is_killed(
    migrated: dict[str, str], engine: Engine, moment: int
) -> None:
    place, analysis = poison(engine)
    die_at(migrated, place, moment)
    assert end(engine, analysis) == (("running", None, 0) if moment < _MOMENTS[-1] else ("failed", "worker_died", 1))
    give_up(engine, place)
    assert end(engine, analysis) == ("failed", "worker_died", 1)
    assert not give_up(engine, place), "nobody takes it any more"


def test_a_worker_that_buries_afterwards_is_noticed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was: whoever took it next found that it had ended, and did away with it."""
    place, analysis = poison(engine)
    monkeypatch.setattr("fastbreak_service.store.analyses.bury", lambda *_: True)
    give_up(engine, place)
    assert end(engine, analysis) == ("failed", "worker_died", 0)
    give_up(engine, place)
    assert not give_up(engine, place)
    with engine.connect() as connection:
        assert connection.execute(sa.select(work).where(work.c.analysis_id == analysis)).first() is None


def test_whose_answer_was_lost_has_ended_it(engine: Engine, tmp_path: Path) -> None:
    place, analysis = poison(engine)
    store, queue = AnalysisStore(engine), WorkQueue(engine, place, 30)
    taken = queue.take(abandoned=False)
    assert taken is not None
    assert store.start(analysis, taken.owner, taken.attempt)
    for _ in range(2):
        assert store.fail(analysis, taken.owner, "worker_died", "why", taken, dead=True)
    assert end(engine, analysis)[2] == 1
    assert not store.fail(analysis, str(uuid.uuid4()), "x", "x")
    result = {"video": {}, "model": {"name": "m", "sha256": "s"}, "persons": []}
    assert not store.finish(analysis, taken.owner, result, tmp_path / "none", held=taken)
