# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How commands administer the database, and what they say; `migrate` as a whole.

What `migrate` does is here and in what this imports, by which an image says what its migration does (migrating.py).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from fastbreak_service import settings as config
from fastbreak_service.logs import configure
from fastbreak_service.store.administration import administration
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.store.roles import AdministrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastbreak_service.store.administration import Administration


def migrate() -> int:
    """Bring the database to the newest schema, with its users; the exit code."""
    return administer(config.administration_settings(os.environ), "migrated", _migrated)


def administer(
    settings: config.AdministrationSettings, done: str, work: Callable[[Administration], Iterator[str]]
) -> int:
    """Do some *work* as the schema's owner, and print what it says; the exit code."""
    configure(config.log_level(os.environ), os.environ.get("FASTBREAK_VERSION") or "unreleased")
    owner = settings.owner
    where = f"{owner.name} on {owner.host}:{owner.port}"
    try:
        with administration(settings) as database:
            for line in work(database):
                print(f"{where}: {line}")
    except AdministrationError as error:
        return _failed(f"The database {where} could not be {done}: {error}")
    except DATABASE_ERRORS as error:
        return _failed(f"The database {where} could not be {done}: {reason(error).rstrip('.')}.")
    return 0


def _failed(sentence: str) -> int:
    print(f"fastbreak-service: {sentence}", file=sys.stderr)
    return 1


def _migrated(database: Administration) -> Iterator[str]:
    result = database.migrate()
    if result.before == result.after:
        yield f"already at revision {result.after}"
    else:
        yield f"migrated from {result.before or 'nothing'} to {result.after}"
    for user in result.users:
        made = "made" if user.made else "already there"
        password = "its password set as its secret says" if user.password_set else "its password as its secret says"
        yield f"the service's user {user.name} {made}, {password}"
        if user.kept_limit:
            yield (
                f"{user.name} still may have {user.kept_limit} connections: so many tasks run with it that together "
                "with those of this release they might need more than ecs_rollout_database_connections gives. A "
                "migration lowers it as soon as fewer run; deploy again then."
            )
