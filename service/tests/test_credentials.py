# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Credentials: what a secret may hold, and how a refused login reads it again, within bounds."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors

from fastbreak_service.store.credentials import (
    COMMAND_PAUSES,
    SERVICE_PAUSES,
    Credentials,
    FixedSource,
    SecretSource,
    log_in,
)
from fastbreak_service.store.failures import SecretError, is_away, is_refused_login, is_shut

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW, NEWER = (Credentials(f"app_{letter}", f"password-{letter}") for letter in "abc")
REFUSED = 'connection failed: FATAL:  password authentication failed for user "app_a"'


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        """What it shows."""
        return self.now


class World:
    """A secret, a server that lets one user in, and a source between them."""

    def __init__(self, held: Credentials, lets_in: Credentials, pauses: tuple[float, ...] = SERVICE_PAUSES) -> None:
        self.held, self.lets_in = held, lets_in
        self.reads, self.logins = 0, 0
        self.clock = Clock()
        self.source = SecretSource(self._read, pauses, self.clock.monotonic)

    def _read(self) -> Credentials:
        self.reads += 1
        return self.held

    def connect(self, credentials: Credentials) -> str:
        """Log in."""
        self.logins += 1
        if credentials != self.lets_in:
            raise psycopg.OperationalError(REFUSED)
        return credentials.username

    def log_in(self) -> str:
        """Log in as the pool does."""
        return log_in(self.source, self.connect, self.clock.sleep)


def test_the_secret_is_read_once_however_many_log_in() -> None:
    world = World(OLD, OLD)
    assert [world.log_in() for _ in range(5)] == ["app_a"] * 5
    assert (world.reads, world.logins, world.clock.slept) == (1, 5, [])


def test_a_refused_login_reads_the_secret_again_and_goes_on_without_a_pause() -> None:
    world = World(OLD, OLD)
    world.log_in()
    world.held = world.lets_in = NEW
    world.clock.now += 3600
    assert world.log_in() == "app_b"
    assert (world.reads, world.clock.slept) == (2, [0.0])


def test_a_secret_that_changes_after_the_database_is_waited_for_within_bounds() -> None:
    world = World(OLD, OLD, COMMAND_PAUSES)
    world.log_in()
    world.lets_in = NEW
    sleep = world.clock.sleep

    def late(seconds: float) -> None:
        sleep(seconds)
        if sum(world.clock.slept) >= 3:
            world.held = NEW

    assert log_in(world.source, world.connect, late) == "app_b"


@pytest.mark.parametrize("pauses", [SERVICE_PAUSES, COMMAND_PAUSES, ()])
def test_what_stays_refused_ends(pauses: tuple[float, ...]) -> None:
    world = World(OLD, NEW, pauses)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        world.log_in()
    assert world.logins == len(pauses) + 1
    assert world.reads <= len(pauses) + 1


def test_a_secret_that_is_no_use_is_read_once_a_second_at_most() -> None:
    world = World(OLD, NEW)
    for _ in range(50):
        with pytest.raises(psycopg.OperationalError):
            log_in(world.source, world.connect, lambda _: None)
    assert world.reads == 1
    world.held = NEW
    world.clock.now += 1
    assert world.log_in() == "app_b"


def test_threads_that_are_refused_together_share_one_read() -> None:
    world = World(OLD, OLD)
    world.log_in()
    world.held = world.lets_in = NEW
    world.clock.now += 60
    together = threading.Barrier(8)

    def connect(credentials: Credentials) -> str:
        if credentials == OLD:
            together.wait(timeout=60)
            raise psycopg.OperationalError(REFUSED)
        return credentials.username

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: log_in(world.source, connect, lambda _: None), range(8)))
    assert found == ["app_b"] * 8
    assert world.reads == 2


def test_a_secret_that_cannot_be_read_is_tried_once_a_second_at_most() -> None:
    clock, reads = Clock(), list[float]()

    def read() -> Credentials:
        reads.append(clock.now)
        if len(reads) < 3:
            raise SecretError("it is away", passing=True)
        return OLD

    source = SecretSource(read, monotonic=clock.monotonic)
    for _ in range(20):
        with pytest.raises(SecretError, match="it is away") as caught:
            source.current()
        assert caught.value.passing
        clock.now += 0.1
    clock.now += 1
    assert source.current() == OLD
    assert len(reads) == 3


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("connection failed: Connection refused"),
        psycopg.OperationalError("connection failed: FATAL:  the database system is starting up"),
        psycopg.OperationalError('connection failed: FATAL:  too many connections for role "app_a"'),
        errors.lookup("57P03")("cannot connect now"),
        errors.lookup("42P01")("no such table"),
        SecretError("it is away", passing=True),
    ],
)
def test_what_is_no_refusal_of_these_credentials_reads_nothing(error: Exception) -> None:
    world = World(OLD, OLD)

    def connect(_: Credentials) -> str:
        raise error

    with pytest.raises(type(error)):
        log_in(world.source, connect, world.clock.sleep)
    assert (world.reads, world.clock.slept) == (1, [])


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError(REFUSED),
        psycopg.OperationalError('FATAL:  role "app_a" does not exist'),
        psycopg.OperationalError('FATAL:  role "app_a" is not permitted to log in'),
        psycopg.OperationalError("FATAL:  Passwort-Authentifizierung fehlgeschlagen"),
        errors.lookup("28P01")("wrong"),
        errors.lookup("28000")("unknown"),
    ],
)
def test_refusals_are_told(error: Exception) -> None:
    assert is_refused_login(error)
    assert not is_away(error)


def test_fixed_credentials_are_tried_once() -> None:
    tried: list[Credentials] = []

    def connect(credentials: Credentials) -> None:
        tried.append(credentials)
        raise psycopg.OperationalError(REFUSED)

    with pytest.raises(psycopg.OperationalError):
        log_in(FixedSource(OLD), connect)
    assert tried == [OLD]


@pytest.mark.parametrize("passing", [True, False])
def test_a_secret_that_cannot_be_read_is_away_or_shut(passing: bool) -> None:
    error = SecretError("AccessDenied", passing=passing)
    assert is_away(error) == passing
    assert is_shut(error)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_a_document_is_read_as_it_was_written(username: str, password: str) -> None:
    credentials = Credentials(username, password.replace("\0", "0"))
    assert Credentials.parse(credentials.document(), "arn") == credentials


GARBAGE = st.one_of(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["username", "password", "x"]), inner),
    ).map(json.dumps),
)


def _parsed(document: str) -> Credentials | SecretError:
    try:
        return Credentials.parse(document, "arn:of:it")
    except SecretError as error:
        return error


@given(GARBAGE)
def test_anything_else_is_an_error_that_names_the_secret(document: str) -> None:
    found = _parsed(document)
    if isinstance(found, Credentials):
        assert found.username.encode()
        assert found.password.encode()
    else:
        assert "arn:of:it" in str(found)
        assert not found.passing


@pytest.mark.parametrize(
    "document",
    [
        "",
        "hunter2",
        '{"username": "u", "password": ""}',
        '{"password": "hunter2"}',
        "[]",
        pytest.param("[" * 60_000, id="deep"),
        pytest.param('{"a":' * 10_000, id="deep object"),
        r'{"username": "u_a", "password": "\ud800hunter2"}',
        r'{"username": "\udfff_a", "password": "hunter2"}',
        r'{"username": "u\u0000_a", "password": "hunter2"}',
    ],
)
def test_an_unusable_secret_is_not_shown(document: str) -> None:
    with pytest.raises(SecretError, match="arn:of:it") as caught:
        Credentials.parse(document, "arn:of:it")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("show", [repr, str])
def test_a_password_is_not_shown(show: Callable[[object], str]) -> None:
    assert "password-a" not in show(OLD)
    assert "password-a" not in show(FixedSource(OLD))
