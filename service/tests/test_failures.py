# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which errors of the database pass by themselves."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlalchemy import exc

from fastbreak_service.api.asking import ask
from fastbreak_service.api.errors import ApiError, on_database_error
from fastbreak_service.settings import database_settings
from fastbreak_service.store import engine
from fastbreak_service.store.engine import make_engine
from fastbreak_service.store.failures import is_away, is_shut, reason
from fastbreak_service.worker import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.postgres import Postgres

PASSING = ["08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P03", "58030", "25006"]
LASTING = [
    "22P02",
    "22003",
    "23505",
    "23503",
    "28P01",
    "28000",
    "3D000",
    "42P01",
    "42501",
    "42703",
    "54000",
    "57P04",
    "XX000",
]


def raised(code: str) -> psycopg.Error:
    """The driver's error of a code."""
    return errors.lookup(code)("said the server")


@pytest.mark.parametrize("code", PASSING)
def test_what_passes_is_away(code: str) -> None:
    assert is_away(raised(code))
    assert is_away(exc.OperationalError("statement", {}, raised(code)))


@pytest.mark.parametrize("code", LASTING)
def test_what_lasts_is_not_away(code: str) -> None:
    assert not is_away(raised(code))
    assert not is_away(exc.OperationalError("statement", {}, raised(code)))


@pytest.mark.parametrize(
    ("said", "away"),
    [
        ("connection failed: Connection refused\n\tIs the server running on that host?", True),
        ("failed to resolve host 'db': Name or service not known", True),
        ("connection timeout expired", True),
        ("server closed the connection unexpectedly", True),
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  the database system is not yet accepting connections", True),
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for roles", True),
        ('FATAL:  password authentication failed for user "x"', False),
        ('FATAL:  database "x" does not exist', False),
        ('FATAL:  role "x" does not exist', False),
        ("FATAL:  no pg_hba.conf entry for host", False),
        ("server does not support SSL, but SSL was required", False),
        ("could not receive SSL negotiation response: Connection reset by peer", True),
        ("could not send SSL negotiation packet: Broken pipe", True),
        ("SSL error: unexpected eof while reading", True),
        ("SSL error: certificate verify failed", False),
        ("fe_sendauth: no password supplied", False),
    ],
)
def test_a_server_that_cannot_be_entered_is_told_from_one_that_cannot_be_reached(said: str, away: bool) -> None:
    assert is_away(psycopg.OperationalError(said)) is away
    assert is_away(exc.OperationalError("", {}, psycopg.OperationalError(said))) is away
    assert reason(psycopg.OperationalError(said)) == said.splitlines()[0]


def test_a_full_pool_is_away() -> None:
    assert is_away(exc.TimeoutError("QueuePool limit reached"))
    assert not is_away(exc.ArgumentError("ours"))


class Refusing:
    """A write that the database answers with an error every time."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tries = 0

    def __call__(self) -> bool:
        self.tries += 1
        raise self.error


@pytest.mark.parametrize("code", ["42501", "23505", "22P02"])
def test_a_refused_write_is_not_tried_again(code: str) -> None:
    write = Refusing(raised(code))
    with pytest.raises(psycopg.Error):
        asyncio.run(writing.settle(write))
    assert write.tries == 1


@pytest.mark.parametrize(("code", "tries"), [("57014", 3), ("57P01", 5)])
def test_a_write_to_a_database_that_stays_away_ends_too(monkeypatch: pytest.MonkeyPatch, code: str, tries: int) -> None:
    moments = iter(range(0, 100_000, 900))
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0)
    monkeypatch.setattr(writing, "_now", lambda: next(moments))
    write = Refusing(raised(code))
    with pytest.raises(psycopg.Error):
        asyncio.run(writing.settle(write))
    assert write.tries == tries


def test_a_wrong_password_and_a_missing_database_are_refusals(postgres: Postgres) -> None:
    good = postgres.environment(postgres.database())
    for change in ({"FASTBREAK_DATABASE_PASSWORD": "wrong"}, {"FASTBREAK_DATABASE_NAME": "nobody"}):
        engine = make_engine(database_settings(good | {"FASTBREAK_DATABASE_SSLMODE": "prefer"} | change))
        with pytest.raises(exc.OperationalError) as caught, engine.connect():
            pass
        assert not is_away(caught.value)
        engine.dispose()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (raised("57P01"), 503, "database_unavailable"),
        (psycopg.OperationalError("connection failed: Connection refused"), 503, "database_unavailable"),
        (psycopg.OperationalError('FATAL:  password authentication failed for user "x"'), 503, "database_refused"),
        (raised("42501"), 503, "database_refused"),
        (raised("42703"), 500, "internal_error"),
        (raised("22P02"), 500, "internal_error"),
    ],
)
def test_a_caller_hears_what_kind_of_failure_it_is(error: Exception, status: int, code: str) -> None:
    answer = asyncio.run(on_database_error(None, error))  # type: ignore[arg-type]
    assert (answer.status_code, json.loads(bytes(answer.body))["error"]["code"]) == (status, code)


def test_a_statement_that_cannot_be_written_is_a_fault_of_ours_and_no_refusal() -> None:
    assert not is_shut(exc.CompileError("Unconsumed column names: filename"))
    assert is_shut(psycopg.OperationalError('FATAL:  password authentication failed for user "x"'))


@pytest.fixture
def hasty(postgres: Postgres) -> Iterator[sa.Engine]:
    """Connections that wait half a second for an answer, and a server that would let them wait."""
    made = make_engine(database_settings(postgres.environment(postgres.database())), answer_seconds=0.5)
    with made.connect() as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.commit()
    yield made
    made.dispose()


def test_a_server_that_hangs_is_away_and_its_connection_is_not_used_again(hasty: sa.Engine) -> None:
    with (
        pytest.raises(exc.OperationalError, match="did not answer within") as caught,
        hasty.connect() as own,
    ):
        own.execute(sa.text("SELECT pg_sleep(600)"))
    assert is_away(caught.value)
    with hasty.connect() as another:
        assert another.execute(sa.text("SELECT 1")).scalar_one() == 1


def test_a_connection_that_was_made_patient_is_so_only_once(hasty: sa.Engine) -> None:
    with hasty.connect() as own:
        assert own.connection.driver_connection is not None
        own.connection.driver_connection.answer_seconds = 60
        own.execute(sa.text("SELECT pg_sleep(1)"))
    with hasty.connect() as again:
        assert again.connection.driver_connection is not None
        assert again.connection.driver_connection.answer_seconds == 0.5


def test_a_pool_asks_its_connections_with_little_patience(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_engine(database_settings(postgres.environment(postgres.database())), answer_seconds=60)
    seen: list[float | None] = []
    wait = engine.PatientConnection.wait

    def noted(connection: engine.PatientConnection, *words: Any, **named: Any) -> Any:
        seen.append(connection.answer_seconds)
        return wait(connection, *words, **named)

    made.connect().close()
    monkeypatch.setattr(engine.PatientConnection, "wait", noted)
    with made.connect() as own:
        assert set(seen) == {engine._PING_SECONDS}
        seen.clear()
        own.execute(sa.text("SELECT 1"))
        assert set(seen) == {60}
    made.dispose()


def test_a_caller_does_not_wait_for_a_thread_that_waits_for_the_database() -> None:
    release = threading.Event()

    async def run() -> None:
        try:
            with pytest.raises(ApiError) as caught:
                await ask(0.1, release.wait)
            assert (caught.value.status, caught.value.code) == (503, "database_unavailable")
        finally:
            release.set()

    asyncio.run(run())


def test_a_caller_hears_the_answer_and_the_failure() -> None:
    assert asyncio.run(ask(60, max, 1, 2)) == 2
    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask(60, divmod, 1, 0))
