# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the owner of the schema does: migrate it, make the service's users, rotate their passwords."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from psycopg import errors

from fastbreak_service.store import held_rights, limits, mark, roles, schema
from fastbreak_service.store.credentials import COMMAND_PAUSES, CURRENT, Credentials
from fastbreak_service.store.engine import be_patient, make_engine, open_connection, source_of
from fastbreak_service.store.failures import is_refused_login
from fastbreak_service.store.rights import API, WHOLE, WORKER, Rights
from fastbreak_service.store.roles import AdministrationError, Roles
from fastbreak_service.store.rotation import Rotation, rotate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from fastbreak_service.settings import AdministrationSettings
    from fastbreak_service.store.rotation import Secrets

_WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Application:
    """A process of the service that has a user of its own: the secret that names it, and what it may do.

    `connections` is how many it may have, 0: as many as there are.
    """

    secret: Secrets
    rights: Rights
    connections: int = 0

    def current(self) -> Credentials:
        """What it logs in with. Raises SecretError."""
        return Credentials.parse(self.secret.version(CURRENT).document, self.secret.arn)


@dataclass(frozen=True, slots=True)
class User:
    """A user of the service, and what a migration did to it."""

    name: str
    made: bool
    password_set: bool
    kept_limit: int = 0
    """How many connections it may have still, because of tasks that run, when that is more than it was to be given."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The revisions before and after, and the service's users: the API's, then the workers'."""

    before: str | None
    after: str
    users: tuple[User, ...] = ()


class Administration:
    """The owner's connection to the database. With `secret`, the service has a user of its own.

    With `worker_secret`, its workers have another one.
    """

    def __init__(
        self,
        settings: AdministrationSettings,
        secret: Secrets | None,
        wait_seconds: int = _WAIT_SECONDS,
        worker_secret: Secrets | None = None,
    ) -> None:
        self._settings = settings
        self._apart = settings.apart
        first = API if settings.apart else WHOLE
        each = ((secret, first, settings.connections), (worker_secret, WORKER, settings.worker_connections))
        self.applications = tuple(Application(one, rights, most) for one, rights, most in each if one is not None)
        owner = settings.owner
        self._wait_seconds = wait_seconds
        self._engine: Engine = make_engine(owner, source_of(owner, COMMAND_PAUSES))

    def migrate(self, *, unused: bool = False) -> Migrated:
        """Migrate and make the service's users, or nothing of both. Raises DATABASE_ERRORS, AdministrationError.

        `unused`: no process works with this database, so that nobody needs what is taken away. What was not done to its
        end leaves no mark, nor does what has to be done again.
        """
        if not self.applications:
            return Migrated(*schema.migrate(self._engine, mark.clear))
        with self.alone():
            users = {application: application.current() for application in self.applications}
            made: list[bool] = []
            kept: list[int] = []

            def grant(connection: Connection) -> None:
                mark.clear(connection)
                self._refuse(connection, list(users.values()), unused=unused)
                self._refuse_too_many(connection)
                made.extend(self.ensure(connection, each, user) for each, user in users.items())
                kept.extend(self._kept_limit(connection, each, user) for each, user in users.items())

            before, after = schema.migrate(self._engine, grant)
            password_set = [self._keep_password(credentials) for credentials in users.values()]
            if self._settings.mark and not any(kept):
                with self._engine.begin() as connection:
                    mark.leave(connection, self._settings.mark)
        names = [credentials.username for credentials in users.values()]
        return Migrated(before, after, tuple(map(User, names, made, password_set, kept)))

    def rotate(self, application: Application | None = None) -> Rotation:
        """Rotate an application's password, the first one's if none is named.

        Raises DATABASE_ERRORS, AdministrationError.
        """
        chosen = application or self.applications[0]
        if self._apart:
            with self._engine.connect() as connection:
                self._refuse(connection, [each.current() for each in self.applications])
        return rotate(chosen.secret, _Turn(self, chosen))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, no other migration or rotation is. A killed run gives its lock up with its connection."""
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

    def give(self, application: Application, credentials: Credentials) -> None:
        """Give an application's user credentials, rights and its limit, which a migration's mark stands for."""
        with self._engine.begin() as connection:
            mark.clear(connection)
            self.ensure(connection, application, credentials)
            roles.set_password(_driver(connection), credentials)

    def try_login(self, credentials: Credentials) -> None:
        """Log in once."""
        with open_connection(self._settings.owner, credentials) as connection:
            connection.execute("SELECT 1 FROM public.alembic_version")

    def try_logins(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Log in as each of the service's users: what to say of those that have their rights, and of the others."""
        good, bad = [], []
        for application in self.applications:
            credentials = application.current()
            with open_connection(self._settings.owner, credentials) as connection:
                found = held_rights.unlike(connection, application.rights)
            if found:
                bad.append(f"{credentials.username} logs in, but {'; '.join(found)}")
            else:
                good.append(f"{credentials.username} logs in, with its rights and no others")
        return tuple(good), tuple(bad)

    def names_same(self, other: Administration) -> bool:
        """Whether both are of the same database."""
        mine, theirs = self._settings.owner, other._settings.owner
        return (mine.host, mine.port, mine.name) == (theirs.host, theirs.port, theirs.name)

    @contextmanager
    def reading(self, seconds: int) -> Iterator[Connection]:
        """A transaction that changes nothing and sees a single moment, with statements of so many seconds."""
        with self._engine.begin() as connection:
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            be_patient(connection, seconds)
            yield connection

    @contextmanager
    def writing(self, seconds: int) -> Iterator[Connection]:
        """A transaction with statements of so many seconds."""
        with self._engine.begin() as connection:
            be_patient(connection, seconds)
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @staticmethod
    def ensure(connection: Connection, application: Application, credentials: Credentials) -> bool:
        """Make the users of an application; whether there was none."""
        knows = schema.current(connection) == schema.newest()
        of = Roles.of(credentials.username)
        most = application.connections
        return roles.ensure(_driver(connection), of, application.rights, knows_schema=knows, connections=most)

    @staticmethod
    def _kept_limit(connection: Connection, application: Application, credentials: Credentials) -> int:
        """The limit of an application's users, when it is above the one that they were to be given; else 0."""
        driver = _driver(connection)
        wanted = application.connections or limits.most_connections(driver)
        present = limits.present_limit(driver, Roles.of(credentials.username).users)
        return present if present > wanted else 0

    def _refuse(self, connection: Connection, users: list[Credentials], *, unused: bool = False) -> None:
        """Raise AdministrationError before anything is taken from somebody who needs it."""
        groups = [Roles.of(user.username).group for user in users]
        if len(set(groups)) < len(groups):
            raise AdministrationError(
                f"The secrets of the API and of the workers both name a user of {groups[0]}. Give the workers' secret "
                "another user, such as fastbreak_worker_a: what one of them may do, the other may not."
            )
        if unused:
            return
        first, *others = (roles.known(_driver(connection), group) for group in groups)
        if self._apart and first and not all(others):
            raise AdministrationError(
                f"{groups[0]} is the user of workers too, as no release has made {groups[-1]} yet: workers that run "
                "could not record what they find. Set service_database_users_apart to false, provision and deploy; "
                "when you will not go back to a release before that one, set it to true, provision and rotate."
            )
        if self._apart and all(others) and roles.works_for_all(_driver(connection), groups[0], groups[1:]):
            raise AdministrationError(
                f"{groups[0]} still does everything and is logged in, and no worker is as {', '.join(groups[1:])}: "
                "what runs may be workers of a release before, which log in as the former. Nothing was changed. Look "
                "in history.yml whether the release that made the latter was accepted, and let one of its workers run; "
                "else set service_database_users_apart to false, provision and deploy it again."
            )

    def _refuse_too_many(self, connection: Connection) -> None:
        """Raise AdministrationError where the users together may have more connections than the database has."""
        given = [application.connections for application in self.applications]
        most = limits.most_connections(_driver(connection))
        if sum(given) > most:
            told = " and ".join(f"{whose} {count}" for whose, count in zip(("api", "worker"), given, strict=False))
            raise AdministrationError(
                f"ecs_rollout_database_connections gives {told} connections, and the database has {most} for them: "
                f"max_connections, less {limits.LEFT_CONNECTIONS} for its owner. Nothing was changed. Lower them and "
                "the numbers of tasks, or choose a larger rds_instance_class, and provision."
            )

    def _keep_password(self, credentials: Credentials) -> bool:
        """Set a user's password if its secret's is not the one that the database knows; whether it was set."""
        if self._lets_in(credentials):
            return False
        with self._engine.begin() as connection:
            roles.set_password(_driver(connection), credentials)
        self.try_login(credentials)
        return True

    def _lets_in(self, credentials: Credentials) -> bool:
        """Whether these credentials are what the database knows. Raises everything but a refusal."""
        try:
            open_connection(self._settings.owner, credentials).close()
        except psycopg.OperationalError as error:
            if not is_refused_login(error):
                raise
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Turn:
    """See rotation.Database: the database to a rotation of one application's users."""

    administration: Administration
    application: Application

    def alone(self) -> AbstractContextManager[None]:
        return self.administration.alone()

    def give(self, credentials: Credentials) -> None:
        self.administration.give(self.application, credentials)

    def try_login(self, credentials: Credentials) -> None:
        self.administration.try_login(credentials)


@contextmanager
def administration(settings: AdministrationSettings) -> Iterator[Administration]:
    """The administration that these settings name, closed in the end."""
    secret = _secret(settings.application_secret)
    made = Administration(settings, secret, worker_secret=_secret(settings.worker_secret))
    try:
        yield made
    finally:
        made.close()


def _secret(arn: str) -> Secrets | None:
    if not arn:
        return None
    # Without a secret nothing here needs AWS, and its library takes a while to load.
    from fastbreak_service.store.secret import Secret  # noqa: PLC0415

    return Secret(arn)


# Any number will do that migrations have not: those inside a rotation's lock take their own.
_LOCK = 0x66737472


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection, in the same transaction."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver
