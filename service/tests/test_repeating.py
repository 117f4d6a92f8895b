# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Connections that the server ends in the middle: whoever asks does not notice."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa

from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.settings import database_settings
from fastbreak_service.store import tables
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.team_analyses import MeasureQuery, NewAnalysis, Sent, TeamAnalyses
from fastbreak_service.store.work import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

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


@pytest.fixture
def engine(migrated: dict[str, str]) -> Iterator[Engine]:
    """A pool on the migrated database."""
    made = make_engine(database_settings(migrated))
    yield made
    with made.begin() as connection:
        connection.execute(sa.delete(tables.analyses))
    made.dispose()


@contextmanager
def lost(engine: Engine, event: str, times: int) -> Iterator[list[int]]:
    """Have the server end the connection at an event of the pool's connections, so many times; whose they were."""
    ended: list[int] = []

    def end(connection: sa.Connection, *_: Any) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        if len(ended) == times:
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


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_asked_again_when_its_connection_is_lost(engine: Engine, question: str) -> None:
    store, queue = TeamAnalyses(engine, DEFAULT_TEAM), WorkQueue(engine, PLACE, 30)
    known = store.add(new(KEY)).id
    with lost(engine, "before_cursor_execute", 1) as ended:
        assert QUESTIONS[question](store, queue, known)
    assert len(ended) == 1


@pytest.mark.parametrize("event", ["before_cursor_execute", "commit"])
@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_accepted_is_on_record_once_when_its_connection_is_lost(
    engine: Engine, event: str, key: str | None
) -> None:
    store, queue, sent = TeamAnalyses(engine, DEFAULT_TEAM), WorkQueue(engine, PLACE, 30), new(key)
    with lost(engine, event, 1) as ended:
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
    with lost(engine, "before_cursor_execute", 2) as ended, pytest.raises(sa.exc.OperationalError):
        TeamAnalyses(engine, DEFAULT_TEAM).newest(1)
    assert len(ended) == 2


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


def test_a_connection_that_ended_while_it_rested_is_noticed_before_it_is_used(engine: Engine) -> None:
    ended_at_rest(engine).rests_since -= 60  # type: ignore[attr-defined] # of a PatientConnection
    with engine.begin() as connection:
        assert connection.scalar(sa.select(1)) == 1


def test_a_connection_that_ended_a_moment_ago_is_not_missed(engine: Engine) -> None:
    ended = ended_at_rest(engine)
    assert TeamAnalyses(engine, DEFAULT_TEAM).newest(1) == []
    assert ended.closed
