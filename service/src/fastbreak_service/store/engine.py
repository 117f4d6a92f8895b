# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The connection pool."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa

from fastbreak_service.store.credentials import SERVICE_PAUSES, Credentials, FixedSource, SecretSource, log_in

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from sqlalchemy import Connection, Engine

    from fastbreak_service.settings import DatabaseSettings
    from fastbreak_service.store.credentials import Source

POOL_SIZE = 5
"""The most connections that a replica has."""
# Short enough that a request is answered with 503, not left hanging, while the database is away or out of reach.
_CONNECT_SECONDS = 3
_UNACKNOWLEDGED_MILLISECONDS = 5000
_STATEMENT_MILLISECONDS = 15_000
# The server ends a statement itself, unless it hangs: then nobody but the client does.
ANSWER_SECONDS = _STATEMENT_MILLISECONDS / 1000 + 5
# A connection that rested so long is asked first whether anybody is there, which takes as long as a small statement: a
# server that hangs takes packets, but says nothing.
_RESTED_SECONDS = 1.0
_PING_SECONDS = 3.0
# So long a connection may outlive the credentials that it was made with.
_RECYCLE_SECONDS = 1800


class PatientConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer of the server: for ever, or for `answer_seconds` if these are set.

    `rests_since` is when it was last given back to a pool.
    """

    answer_seconds: float | None = None
    rests_since = float("-inf")

    def wait[T](self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """What the server answers. Raises OperationalError, and closes, when it is silent for too long."""
        begun = time.monotonic()
        most = self.answer_seconds if timeout is None else None
        try:
            return super().wait(gen, interval, most or timeout)
        except psycopg.OperationalError:
            if most is None or time.monotonic() - begun < most:
                raise
            # It is in the middle of a statement, so nobody can go on with it.
            self.pgconn.finish()
            raise psycopg.OperationalError(f"The database did not answer within {most:g} seconds.") from None


def make_engine(
    settings: DatabaseSettings, source: Source | None = None, answer_seconds: float | None = None
) -> Engine:
    """A pool that tests a connection that rested before handing it out: it outlives a restart of the database.

    An answer is waited for at most `answer_seconds`, when these are given. Credentials come from the source, by default
    the one that the settings name, and are read again when a login fails.
    """
    source = source or source_of(settings)
    engine = sa.create_engine(
        "postgresql+psycopg://",
        pool_size=POOL_SIZE,
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
    def note_the_rest(connection: PatientConnection | None, _: object) -> None:
        if connection is not None:
            connection.answer_seconds = answer_seconds
            connection.rests_since = time.monotonic()

    _ask_with_little_patience(engine)
    return engine


def _ask_with_little_patience(engine: Engine) -> None:
    """Have the pool ask a connection that rested whether anybody is there, and wait `_PING_SECONDS` for the answer."""
    ask = engine.dialect.do_ping

    def ping(dbapi_connection: Any) -> bool:
        if time.monotonic() - dbapi_connection.rests_since < _RESTED_SECONDS:
            return True
        patience = dbapi_connection.answer_seconds
        dbapi_connection.answer_seconds = min(_PING_SECONDS, patience or _PING_SECONDS)
        try:
            return ask(dbapi_connection)
        finally:
            dbapi_connection.answer_seconds = patience

    engine.dialect.do_ping = ping  # type: ignore[method-assign] # no event tells of it


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
