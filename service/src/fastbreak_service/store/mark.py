# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The mark that a whole migration leaves in the database: whoever finds it there need not migrate again.

It is a comment on the table of the schema's revision, so that only the schema's owner can write it, everybody reads it,
and a database that is restored has that of its own contents. It counts alone with the revision that it was written for,
and with as many connections as the database had then: the users' limits are reckoned from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastbreak_service.store import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

_READ = "SELECT obj_description(to_regclass('public.alembic_version'), 'pg_class')"
_CONNECTIONS = "SELECT current_setting('max_connections')"


@dataclass(frozen=True, slots=True)
class Standing:
    """The schema's revision, None for an empty database, and the mark of the migration that was whole; empty: none."""

    revision: str | None
    mark: str = ""


def standing(connection: Connection) -> Standing:
    """What the database says now."""
    revision = schema.current(connection)
    beside, _space, mark = (connection.scalar(sa.text(_READ)) or "").partition(" ")
    return Standing(revision, mark if beside == _beside(connection, revision) else "")


def clear(connection: Connection) -> None:
    """Take the mark away, if there is one, as part of what begins to change what it stands for."""
    if connection.scalar(sa.text(_READ)):
        connection.execute(sa.text("COMMENT ON TABLE public.alembic_version IS NULL"))


def leave(connection: Connection, mark: str) -> None:
    """Leave the mark of a migration that was whole."""
    written = sa.literal(f"{_beside(connection, schema.current(connection))} {mark}").compile(
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    connection.execute(sa.text(f"COMMENT ON TABLE public.alembic_version IS {written}"))


def _beside(connection: Connection, revision: str | None) -> str:
    """What a mark counts with."""
    return f"{revision}/{connection.scalar(sa.text(_CONNECTIONS))}"
