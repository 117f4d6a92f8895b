# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who logs in to the database: fixed by the settings, or kept in a secret that is read again when a login fails."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import psycopg
import structlog

from fastbreak_service.store.failures import SecretError, is_refused_login, reason

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
"""The stages that a secret's versions bear."""
# However many logins fail at once, the secret is read no more often.
_LEAST_SECONDS = 1.0
SERVICE_PAUSES = (0.0, 1.0)
"""Seconds before each further try of a login while a request waits for it."""
COMMAND_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""The same for a command, which waits until RDS has written the password that it has just set into its secret."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of the database. The password never shows in a representation."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, document: str, secret: str) -> Credentials:
        """From a secret's JSON object with `username` and `password`. Raises SecretError without any of its content."""
        try:
            found = json.loads(document)
        except (ValueError, RecursionError):
            found = None
        values = [found.get(name) if isinstance(found, dict) else None for name in ("username", "password")]
        texts = [value for value in values if isinstance(value, str) and _may_be_sent(value)]
        if len(texts) != len(values):
            raise SecretError(
                f"The secret {secret} must hold a JSON object with a username and a password, both text. Make its "
                "version before the current one again (AWSPREVIOUS), or put such an object into it.",
                passing=False,
            ) from None
        return cls(*texts)

    def document(self) -> str:
        """The JSON that a secret holds."""
        return json.dumps({"username": self.username, "password": self.password})


def _may_be_sent(text: str) -> bool:
    """Whether the driver can send it: JSON may escape a zero, and half of a character."""
    return bool(text) and "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a secret: its id, and its text, which never shows in a representation."""

    id: str
    document: str

    def __repr__(self) -> str:
        """The id alone."""
        return f"Version(id={self.id!r})"


class Source(Protocol):
    """Where credentials come from."""

    @property
    def pauses(self) -> tuple[float, ...]:
        """Seconds before each further try of a login that was refused."""

    def current(self) -> Credentials:
        """What to log in with, read at most once. Raises SecretError."""

    def renewed(self, refused: Credentials) -> Credentials:
        """What to log in with now that these were refused; the same when there is nothing newer. Raises SecretError."""


@dataclass(frozen=True, slots=True)
class FixedSource:
    """Credentials that the settings give."""

    credentials: Credentials
    pauses: tuple[float, ...] = ()

    def current(self) -> Credentials:
        """See Source."""
        return self.credentials

    def renewed(self, refused: Credentials) -> Credentials:  # noqa: ARG002 - the protocol's
        """See Source."""
        return self.credentials


class SecretSource:
    """Credentials of a secret. It may be used from many threads: they wait for one read and share what it finds."""

    def __init__(
        self,
        read: Callable[[], Credentials],
        pauses: tuple[float, ...] = SERVICE_PAUSES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pauses = pauses
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: Credentials | None = None
        self._read_at = 0.0
        self._failed: SecretError | None = None

    def current(self) -> Credentials:
        """See Source."""
        with self._lock:
            return self._held or self._fetch()

    def renewed(self, refused: Credentials) -> Credentials:
        """See Source."""
        with self._lock:
            if self._held is not None and self._held != refused:
                return self._held
            if self._held is not None and self._monotonic() - self._read_at < _LEAST_SECONDS:
                return self._held
            found = self._fetch()
            log.info("database credentials read again", user=found.username, changed=found != refused)
            return found

    def _fetch(self) -> Credentials:
        """Read the secret. Whoever waited while it could not be read is told the same, without another try."""
        if self._failed is not None and self._monotonic() - self._read_at < _LEAST_SECONDS:
            raise SecretError(str(self._failed), passing=self._failed.passing)
        try:
            self._held, self._failed = self._read(), None
        except SecretError as error:
            self._failed = error
            raise
        finally:
            self._read_at = self._monotonic()
        return self._held


def log_in[T](source: Source, connect: Callable[[Credentials], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """What `connect` gives with the source's credentials; when they are refused, with those that are read again.

    At most as many further tries as the source has pauses. Raises the last refusal, and whatever else `connect` and the
    source raise.
    """
    credentials = source.current()
    for pause in source.pauses:
        try:
            return connect(credentials)
        except psycopg.OperationalError as error:
            if not is_refused_login(error):
                raise
            log.warning("database login refused", user=credentials.username, reason=reason(error))
        sleep(pause)
        credentials = source.renewed(credentials)
    return connect(credentials)
