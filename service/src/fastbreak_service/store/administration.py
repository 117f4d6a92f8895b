# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the owner of the schema does: migrate it, make the application's user, rotate that user's password."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from psycopg import errors

from fastbreak_service.store import roles, schema
from fastbreak_service.store.credentials import COMMAND_PAUSES, CURRENT, Credentials
from fastbreak_service.store.engine import make_engine, open_connection, source_of
from fastbreak_service.store.failures import is_refused_login
from fastbreak_service.store.roles import AdministrationError, Roles
from fastbreak_service.store.rotation import Rotation, rotate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from fastbreak_service.settings import AdministrationSettings
    from fastbreak_service.store.rotation import Secrets

_WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Migrated:
    """The revisions before and after, the application's user if there is one, and what was done to it."""

    before: str | None
    after: str
    user: str = ""
    made: bool = False
    password_set: bool = False


class Administration:
    """The owner's connection to the database. With `secret`, the application has a user of its own."""

    def __init__(
        self, settings: AdministrationSettings, secret: Secrets | None, wait_seconds: int = _WAIT_SECONDS
    ) -> None:
        self._settings = settings
        self._secret = secret
        owner = settings.owner
        self._wait_seconds = wait_seconds
        self._engine: Engine = make_engine(owner, source_of(owner, COMMAND_PAUSES))

    def migrate(self) -> Migrated:
        """Migrate and make the application's user, or nothing of both. Raises DATABASE_ERRORS, AdministrationError."""
        secret, made = self._secret, False
        if secret is None:
            return Migrated(*schema.migrate(self._engine))
        with self.alone():
            current = Credentials.parse(secret.version(CURRENT).document, secret.arn)

            def grant(connection: Connection) -> None:
                nonlocal made
                made = self._ensure(_driver(connection), current)

            before, after = schema.migrate(self._engine, grant)
            password_set = not self._lets_in(current)
            if password_set:
                with self._engine.begin() as connection:
                    roles.set_password(_driver(connection), current)
                self.try_login(current)
        return Migrated(before, after, current.username, made, password_set)

    def rotate(self) -> Rotation:
        """Rotate the application's password. Raises DATABASE_ERRORS, AdministrationError."""
        assert self._secret is not None  # noqa: S101 - the settings of a rotation name it
        return rotate(self._secret, self)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See rotation.Database. The lock is of a connection, so that a killed run gives it up."""
        with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(sa.text(f"SET lock_timeout = '{self._wait_seconds}s'"))
            connection.execute(sa.text("SET statement_timeout = 0"))
            try:
                connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            except sa.exc.OperationalError as error:
                if not isinstance(error.orig, errors.LockNotAvailable):
                    raise
                raise AdministrationError(
                    f"another migration or rotation has been at work for {self._wait_seconds} s. Nothing was changed; "
                    "wait for its end, or end it, and try again."
                ) from error
            try:
                yield
            finally:
                # Settings and lock go with it.
                connection.invalidate()

    def give(self, credentials: Credentials) -> None:
        """See rotation.Database."""
        with self._engine.begin() as connection:
            self._ensure(_driver(connection), credentials)
            roles.set_password(_driver(connection), credentials)

    def try_login(self, credentials: Credentials) -> None:
        """See rotation.Database."""
        with open_connection(self._settings.owner, credentials) as connection:
            connection.execute("SELECT 1 FROM public.alembic_version")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _ensure(self, connection: psycopg.Connection[Any], credentials: Credentials) -> bool:
        return roles.ensure(connection, Roles.of(credentials.username))

    def _lets_in(self, credentials: Credentials) -> bool:
        """Whether these credentials are what the database knows. Raises everything but a refusal."""
        try:
            open_connection(self._settings.owner, credentials).close()
        except psycopg.OperationalError as error:
            if not is_refused_login(error):
                raise
            return False
        return True


@contextmanager
def administration(settings: AdministrationSettings) -> Iterator[Administration]:
    """The administration that these settings name, closed in the end."""
    secret = None
    if settings.application_secret:
        # Without a secret nothing here needs AWS, and its library takes a while to load.
        from fastbreak_service.store.secret import Secret  # noqa: PLC0415

        secret = Secret(settings.application_secret)
    made = Administration(settings, secret)
    try:
        yield made
    finally:
        made.close()


# Any number will do that migrations have not: those inside a rotation's lock take their own.
_LOCK = 0x66737472


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection, in the same transaction."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver
