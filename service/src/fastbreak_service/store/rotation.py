# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A rotation: the other one of the application's two users gets a new password, is tried, and becomes current.

What is done so far is in the secret's stages, so that a run that was killed is gone on with by the next one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fastbreak_service.store.credentials import CURRENT, PENDING, Credentials, Version
from fastbreak_service.store.failures import SecretError
from fastbreak_service.store.roles import Roles

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_PASSWORD_BYTES = 32


class Secrets(Protocol):
    """The application's secret. Every method raises SecretError."""

    arn: str

    def version(self, stage: str) -> Version:
        """The version that bears a stage."""

    def find_version(self, stage: str) -> Version | None:
        """The version that bears a stage, None when none does."""

    def propose(self, credentials: Credentials) -> Version:
        """Add a pending version."""

    def promote(self, version: Version, before: Version) -> None:
        """Make a version the current one."""


class Database(Protocol):
    """The database, as its owner. Every method raises psycopg's and SQLAlchemy's errors."""

    def alone(self) -> AbstractContextManager[None]:
        """While inside, no other migration or rotation is."""

    def give(self, credentials: Credentials) -> None:
        """Give a user these credentials, and the rights of the application. Raises AdministrationError too."""

    def try_login(self, credentials: Credentials) -> None:
        """Log in once."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation came to: the user before and after, and whether it went on with one that was interrupted.

    `rotated` is False when another run did it meanwhile.
    """

    before: str
    after: str
    resumed: bool = False
    rotated: bool = True


def rotate(secret: Secrets, database: Database) -> Rotation:
    """Rotate once. Raises what its ports raise; whatever happened, the current user can log in then and now."""
    seen = secret.version(CURRENT)
    with database.alone():
        current = secret.version(CURRENT)
        before = Credentials.parse(current.document, secret.arn)
        if current.id != seen.id:
            first = Credentials.parse(seen.document, secret.arn)
            return Rotation(first.username, before.username, rotated=False)
        next_user = Roles.of(before.username).other(before.username)
        pending = _left_behind(secret, current, next_user)
        resumed = pending is not None
        if pending is None:
            pending = secret.propose(Credentials(next_user, secrets.token_urlsafe(_PASSWORD_BYTES)))
        after = Credentials.parse(pending.document, secret.arn)
        database.give(after)
        database.try_login(after)
        secret.promote(pending, current)
        return Rotation(before.username, after.username, resumed=resumed)


def _left_behind(secret: Secrets, current: Version, next_user: str) -> Version | None:
    """The pending version of a rotation that did not come to its end; of any other kind it is replaced by a new one.

    After a rotation its version stays pending too, as the current one. The current user's password is never changed.
    """
    pending = secret.find_version(PENDING)
    if pending is None or pending.id == current.id:
        return None
    try:
        credentials = Credentials.parse(pending.document, secret.arn)
    except SecretError:
        return None
    return pending if credentials.username == next_user else None
