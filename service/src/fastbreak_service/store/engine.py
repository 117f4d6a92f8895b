# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The connection pool."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from psycopg import IsolationLevel
from sqlalchemy.exc import DBAPIError

from fastbreak_service.store.credentials import SERVICE_PAUSES, Credentials, FixedSource, SecretSource, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg.abc import PQGen
    from sqlalchemy import Connection, Engine

    from fastbreak_service.settings import DatabaseSettings
    from fastbreak_service.store.credentials import Source

POOL_SIZE, WORKER_POOL_SIZE = 5, 3
"""The most connections that a replica has, and a worker apart: for its work, its lease, and what it tells."""
# Short enough that a request is answered with 503, not left hanging, while the database is away or out of reach.
_CONNECT_SECONDS = 3
_UNACKNOWLEDGED_MILLISECONDS = 5000
_STATEMENT_MILLISECONDS = 15_000
# The server ends a statement itself, unless it hangs: then nobody but the client does.
ANSWER_SECONDS = _STATEMENT_MILLISECONDS / 1000 + 5
_LEAST_SECONDS = 0.001
# What asks whether anybody is there waits so long: a server that hangs takes packets, but says nothing.
_PING_SECONDS = 3.0
# So long a connection may outlive the credentials that it was made with.
_RECYCLE_SECONDS = 1800
_asks_first: ContextVar[bool] = ContextVar("asks_first", default=False)


class PatientConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer of the server: for ever, or for `answer_seconds` if these are set.

    `answer_by` is until when it waits for all of its answers, by the monotonic clock.
    """

    answer_seconds: float | None = None
    answer_by: float | None = None

    def wait[T](self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """What the server answers. Raises OperationalError, and closes, when it is silent for too long."""
        begun = time.monotonic()
        most = self._patience(begun) if timeout is None else None
        try:
            return super().wait(gen, interval, most or timeout)
        except psycopg.OperationalError:
            if most is None or time.monotonic() - begun < most:
                raise
            # It is in the middle of a statement, so nobody can go on with it.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"The database did not answer within {most:.3g} seconds.") from None

    def _patience(self, now: float) -> float | None:
        """How many seconds the next answer may take; no less than the clock can tell."""
        if self.answer_by is None:
            return self.answer_seconds
        left = max(self.answer_by - now, _LEAST_SECONDS)
        return left if self.answer_seconds is None else min(left, self.answer_seconds)


def make_engine(
    settings: DatabaseSettings,
    source: Source | None = None,
    answer_seconds: float | None = None,
    connections: int = POOL_SIZE,
) -> Engine:
    """A pool of so many connections, each tested before it is handed out, so that it outlives a restart.

    See `asked_by` for the exception.
    An answer is waited for at most `answer_seconds`, when these are given. Credentials come from the source, by default
    the one that the settings name, and are read again when a login fails.
    """
    source = source or source_of(settings)
    engine = sa.create_engine(
        "postgresql+psycopg://",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_SECONDS,
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "do_connect")
    def connect(*_: object) -> PatientConnection:
        connection = log_in(source, lambda credentials: open_connection(settings, credentials))
        connection.answer_seconds = answer_seconds
        return connection

    @sa.event.listens_for(engine, "checkin")
    def be_as_patient_as_before(connection: PatientConnection | None, _: object) -> None:
        if connection is not None:
            connection.answer_seconds, connection.answer_by = answer_seconds, None
            if connection.isolation_level is not None and not connection.closed:
                connection.isolation_level = None

    _ask_with_little_patience(engine)
    return engine


def _ask_with_little_patience(engine: Engine) -> None:
    """Have the pool wait `_PING_SECONDS` for the answer when it asks a connection whether anybody is there."""
    ask = engine.dialect.do_ping

    def ping(dbapi_connection: Any) -> bool:
        if _asks_first.get():
            return True
        with _little_patience(dbapi_connection):
            return ask(dbapi_connection)

    engine.dialect.do_ping = ping  # type: ignore[method-assign] # no event tells of it


@contextmanager
def _little_patience(connection: Any) -> Iterator[None]:
    patience = connection.answer_seconds
    connection.answer_seconds = min(_PING_SECONDS, patience or _PING_SECONDS)
    try:
        yield
    finally:
        connection.answer_seconds = patience


@contextmanager
def asked_by(
    engine: Engine,
    statement: str,
    values: Mapping[str, object],
    seconds: float | None = None,
    *,
    as_of_one_moment: bool = False,
) -> Iterator[Connection]:
    """A transaction whose first statement, in the driver's words, asks as well whether anybody is there.

    So the pool need not ask. A connection that is lost with this statement is replaced, as nothing was done yet. All
    of it takes so many `seconds` at most, where these are given. `as_of_one_moment`: whatever others change meanwhile,
    all statements see what the first one could see.
    """
    ends = None if seconds is None else time.monotonic() + seconds
    level = IsolationLevel.REPEATABLE_READ if as_of_one_moment else None
    before = _asks_first.set(True)
    try:
        connection = engine.connect()
    finally:
        _asks_first.reset(before)
    with connection:
        try:
            _isolate(connection, level)
            _ask(connection, statement, values, ends)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            connection.rollback()
            _isolate(connection, level)
            _ask(connection, statement, values, ends)
        yield connection
        connection.commit()


@contextmanager
def asking(engine: Engine, seconds: float) -> Iterator[Connection]:
    """A connection on which all answers together take so long at most."""
    ends = time.monotonic() + seconds
    with engine.connect() as connection:
        _be_done_by(connection, ends)
        yield connection


def _be_done_by(connection: Connection, ends: float | None) -> None:
    connection.connection.driver_connection.answer_by = ends  # type: ignore[union-attr]


def _isolate(connection: Connection, level: IsolationLevel | None) -> None:
    """Of the connection that there is now, until it goes back to the pool: one that replaces another knows nothing."""
    if level is not None:
        connection.connection.driver_connection.isolation_level = level  # type: ignore[union-attr]


def _ask(connection: Connection, statement: str, values: Mapping[str, object], ends: float | None) -> None:
    _be_done_by(connection, ends)
    with _little_patience(connection.connection.driver_connection):
        connection.exec_driver_sql(statement, dict(values))


def be_patient(connection: Connection, seconds: int) -> None:
    """Let the statements of this transaction take so long."""
    connection.execute(sa.text(f"SET LOCAL statement_timeout = '{seconds}s'"))
    connection.connection.driver_connection.answer_seconds = seconds + 5  # type: ignore[union-attr]


def wait_for_acknowledgements(connection: Connection) -> None:
    """Let the server take its time to accept what is sent in bulk, instead of taking it for gone after seconds."""
    with socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno())) as same:  # type: ignore[union-attr]
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 0)


def source_of(settings: DatabaseSettings, pauses: tuple[float, ...] = SERVICE_PAUSES) -> Source:
    """Where the credentials of these settings come from; with a secret, how patient a login is."""
    if not settings.secret:
        return FixedSource(Credentials(settings.user, settings.password))
    # Without a secret nothing here needs AWS, and its library takes a while to load.
    from fastbreak_service.store.secret import Secret  # noqa: PLC0415

    return SecretSource(Secret(settings.secret).credentials, pauses)


def open_connection(settings: DatabaseSettings, credentials: Credentials) -> PatientConnection:
    """A new connection of these credentials. Raises psycopg.Error."""
    return PatientConnection.connect(
        host=settings.host,
        port=settings.port,
        dbname=settings.name,
        user=credentials.username,
        password=credentials.password,
        sslmode=settings.sslmode,
        connect_timeout=_CONNECT_SECONDS,
        tcp_user_timeout=_UNACKNOWLEDGED_MILLISECONDS,
        application_name="fastbreak-service",
        options=f"-c statement_timeout={_STATEMENT_MILLISECONDS}",
    )
