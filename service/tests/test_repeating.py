# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Connections that the server ends in the middle: whoever asks does not notice."""

from __future__ import annotations

import itertools
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.settings import database_settings
from fastbreak_service.store import engine as engine_module
from fastbreak_service.store import tables
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.callers import of_team
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.team_analyses import MeasureQuery, NewAnalysis, Sent, TeamAnalyses
from fastbreak_service.store.work import Work, WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from support.postgres import Postgres

KEY, PLACE = "k", "place:repeating"
QUESTIONS: dict[str, Callable[[TeamAnalyses, WorkQueue, uuid.UUID], object]] = {
    "newest": lambda store, _, known: [row["id"] for row in store.newest(1)] == [known],
    "one": lambda store, _, known: store.one(known) is not None,
    "measures": lambda store, _, known: store.measures(known, MeasureQuery(1)) == [],
    "sent under": lambda store, _, known: store.sent_under(KEY) == Sent(known, "f"),
    "waiting": lambda _, queue, __: queue.waiting() == 1,
    "backlog": lambda _, queue, __: queue.backlog().waiting == 1,
    "left": lambda _, queue, __: queue.left() == 1,
    "unneeded": lambda _, queue, known: queue.unneeded([known]) == [],
}
OF_A_TEAM = {"newest", "one", "measures", "sent under"}


@pytest.fixture
def engine(migrated: dict[str, str]) -> Iterator[Engine]:
    """A pool on the migrated database."""
    made = make_engine(database_settings(migrated))
    yield made
    with made.begin() as connection:
        connection.execute(sa.delete(tables.analyses))
    made.dispose()


@contextmanager
def lost(engine: Engine, event: str, times: int, first: int = 0) -> Iterator[list[int]]:
    """Have the server end the connection at an event of the pool's connections, so many times; whose they were.

    `first`: from which one on, counted from 0.
    """
    ended: list[int] = []
    numbers = itertools.count()

    def end(connection: sa.Connection, *_: Any) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        if next(numbers) < first or len(ended) == times:
            return
        ended.append(driver.info.backend_pid)
        with psycopg.connect(**settings(driver)) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [ended[-1]])

    sa.event.listen(engine, event, end)
    try:
        yield ended
    finally:
        sa.event.remove(engine, event, end)


def settings(driver: psycopg.Connection[Any]) -> dict[str, Any]:
    """How to log in as this connection has."""
    return {**driver.info.get_parameters(), "password": driver.info.password, "autocommit": True}


def new(key: str | None = None) -> NewAnalysis:
    """An analysis that nobody has sent."""
    return NewAnalysis(uuid.uuid4(), None, 1, PLACE, True, "0", key, "f")


# A caller's transaction is lost with the statement that makes it a team's, or with the one after it.
@pytest.mark.parametrize(
    ("question", "first"), [(name, first) for name in QUESTIONS for first in (range(2) if name in OF_A_TEAM else [0])]
)
def test_a_question_is_asked_again_when_its_connection_is_lost(engine: Engine, question: str, first: int) -> None:
    store, queue = TeamAnalyses(engine, DEFAULT_TEAM), WorkQueue(engine, PLACE, 30)
    known = store.add(new(KEY)).id
    with lost(engine, "before_cursor_execute", 1, first) as ended:
        assert QUESTIONS[question](store, queue, known)
    assert len(ended) == 1


@pytest.mark.parametrize(
    ("event", "first"), [("before_cursor_execute", 0), ("before_cursor_execute", 1), ("commit", 0)]
)
@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_accepted_is_on_record_once_when_its_connection_is_lost(
    engine: Engine, event: str, first: int, key: str | None
) -> None:
    store, queue, sent = TeamAnalyses(engine, DEFAULT_TEAM), WorkQueue(engine, PLACE, 30), new(key)
    with lost(engine, event, 1, first) as ended:
        assert store.add(sent).id == sent.id
    assert len(ended) == 1
    assert queue.waiting() == 1


@pytest.mark.parametrize("key", [None, KEY])
def test_what_was_committed_is_not_recorded_twice_when_the_answer_is_lost(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    store, queue, sent = TeamAnalyses(engine, DEFAULT_TEAM), WorkQueue(engine, PLACE, 30), new(key)
    commit = engine.dialect.do_commit
    lost_answers: list[Any] = []

    def lose_the_answer(connection: Any) -> None:
        commit(connection)
        if not lost_answers:
            lost_answers.append(connection)
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(engine.dialect, "do_commit", lose_the_answer)
    assert store.add(sent).id == sent.id
    assert lost_answers
    assert queue.waiting() == 1


def test_a_database_that_ends_every_connection_is_away(engine: Engine) -> None:
    with lost(engine, "before_cursor_execute", 99) as ended, pytest.raises(sa.exc.OperationalError):
        TeamAnalyses(engine, DEFAULT_TEAM).newest(1)
    # Twice the transaction, of which each asked two connections whether anybody is there.
    assert len(ended) == 4


def test_what_the_database_refuses_is_not_asked_again(engine: Engine) -> None:
    asked: list[object] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *_: asked.append(_))
    with pytest.raises(sa.exc.DBAPIError):
        TeamAnalyses(engine, DEFAULT_TEAM).newest(-1)
    # Beside the statement that makes the transaction a team's.
    assert len(asked) == 2


@pytest.mark.parametrize(("seconds", "tries"), [(0.0, 2), (4.9, 2), (5.1, 1), (20.0, 1)])
def test_what_waited_for_long_is_not_asked_again(monkeypatch: pytest.MonkeyPatch, seconds: float, tries: int) -> None:
    now, tried = [0.0], []
    monkeypatch.setattr("fastbreak_service.store.repeating.time.monotonic", lambda: now[0])

    @repeatable
    def ask() -> None:
        tried.append(now[0])
        now[0] += seconds
        raise sa.exc.OperationalError(None, None, psycopg.OperationalError("gone"), connection_invalidated=True)

    with pytest.raises(sa.exc.OperationalError):
        ask()
    assert len(tried) == tries


def ended_at_rest(engine: Engine) -> psycopg.Connection[Any]:
    """A connection that lies in the pool, where the server has ended it."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with psycopg.connect(**settings(driver)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])
    return driver


# What is not asked again, by whoever says of nothing that it is theirs.
UNREPEATED: dict[str, Callable[[Engine, Work], object]] = {
    "lose": lambda engine, work: AnalysisStore(engine).lose(work.analysis),
    "wait": lambda engine, work: AnalysisStore(engine).wait(work.analysis, work.owner),
    "start": lambda engine, work: AnalysisStore(engine).start(work.analysis, work.owner, 1),
    "beat": lambda engine, _: AnalysisStore(engine).beat(PLACE),
    "hand back": lambda engine, work: WorkQueue(engine, PLACE, 30).hand_back(work, 0),
    "extend": lambda engine, work: WorkQueue(engine, PLACE, 30).extend(work),
    "take": lambda engine, _: WorkQueue(engine, PLACE, 30).take(abandoned=False),
    "done": lambda engine, work: WorkQueue(engine, PLACE, 30).done(work),
}


@pytest.mark.parametrize("write", UNREPEATED)
def test_a_connection_that_ended_a_moment_ago_is_not_missed_by_what_is_not_asked_again(
    engine: Engine, write: str
) -> None:
    ended = ended_at_rest(engine)
    assert not UNREPEATED[write](engine, Work(uuid.uuid4(), uuid.uuid4(), 1, 0, ""))
    assert ended.closed


def test_a_connection_that_ended_a_moment_ago_is_not_missed_by_a_caller(engine: Engine) -> None:
    ended = ended_at_rest(engine)
    with of_team(engine, DEFAULT_TEAM) as connection:
        assert connection.scalar(sa.select(1)) == 1
    assert ended.closed


@pytest.mark.parametrize("question", ["newest", "waiting"])
def test_a_connection_that_hangs_is_found_out_soon_though_it_did_not_rest(
    postgres: Postgres, migrated: dict[str, str], monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setattr(engine_module, "_PING_SECONDS", 0.5)
    # Whoever asks with this patience is not answered any more: it is too late then to ask again.
    made = make_engine(database_settings(migrated), answer_seconds=6)
    store, queue = TeamAnalyses(made, DEFAULT_TEAM), WorkQueue(made, PLACE, 30)
    known = store.add(new(KEY)).id
    with made.connect() as connection:
        hangs = connection.scalar(sa.func.pg_backend_pid())
    with postgres.hanging(hangs):
        assert QUESTIONS[question](store, queue, known)
    with made.begin() as connection:
        assert connection.scalar(sa.func.pg_backend_pid()) != hangs
        connection.execute(sa.delete(tables.analyses))
        # The patience of its own is back.
        assert connection.connection.driver_connection.answer_seconds == 6  # type: ignore[union-attr]
    made.dispose()


def test_a_caller_is_as_patient_as_ever_once_somebody_is_there(migrated: dict[str, str]) -> None:
    made = make_engine(database_settings(migrated), answer_seconds=60)
    with of_team(made, DEFAULT_TEAM) as connection:
        assert connection.connection.driver_connection.answer_seconds == 60  # type: ignore[union-attr]
    made.dispose()


def test_a_pool_asks_connections_but_those_of_callers(
    migrated: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    ping: Callable[[Any, Any], bool] = PGDialect_psycopg.do_ping

    def noted(dialect: PGDialect_psycopg, connection: Any) -> bool:
        asked.append(connection)
        return ping(dialect, connection)

    monkeypatch.setattr(PGDialect_psycopg, "do_ping", noted)
    made = make_engine(database_settings(migrated))
    store, queue = TeamAnalyses(made, DEFAULT_TEAM), WorkQueue(made, PLACE, 30)
    store.newest(1)
    queue.take(abandoned=False)
    assert len(asked) == 1
    store.newest(1)
    assert len(asked) == 1
    made.dispose()
