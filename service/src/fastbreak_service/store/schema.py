# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Bringing the schema to the newest revision, and asking which one it is at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

# Any number will do as long as all replicas use the same one: "fstb" in ASCII.
_LOCK = 0x66737462


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("The package has no migrations; it was built without its migrations directory.")
    return head


def current(connection: Connection) -> str | None:
    """The database's revision; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def serves(revision: str | None) -> bool:
    """Whether this code can work with a database at `revision`: the newest it knows, or one it does not know.

    An unknown revision is a newer release's. Migrations only add while two releases run side by side, so the older
    one goes on serving; refusing would take it down in the middle of a rollout.
    """
    if revision is None:
        return False
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision == newest() or revision not in known


def migrate(engine: Engine, finish: Callable[[Connection], None] | None = None) -> tuple[str | None, str]:
    """Bring the schema to the newest revision; the revisions before and after. `finish` is part of its transaction.

    One transaction under an advisory lock: a second run waits, then finds nothing to do; a killed one leaves nothing.
    """
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = current(connection)
        if before is None or not serves(before):
            command.upgrade(_config(connection), "head")
        if finish is not None:
            finish(connection)
        return before, current(connection) or newest()
