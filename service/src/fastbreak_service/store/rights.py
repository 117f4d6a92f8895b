# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What each of the service's processes may do in the database, table by table and, where that matters, by column.

A right that is missing here is missed in the tests: their processes that do one thing alone log in as its user. A new
one comes with a migration: a release that does not know the schema takes nothing away (`roles.ensure`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastbreak_service.store.tables import (
    analyses,
    doubts,
    erasures,
    events,
    findings,
    measures,
    person_erasures,
    persons,
    poses,
    segments,
    sightings,
    trails,
    uploads,
    work,
)

if TYPE_CHECKING:
    from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class Grant:
    """A right to a table, or to some of its columns."""

    right: str
    table: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may do. `whole`: everything that the service does, also in tables of later migrations.

    `callers`: it may act as a caller, in whose transactions the rows of one team are all that there is.
    """

    grants: tuple[Grant, ...] = ()
    functions: tuple[str, ...] = ()
    callers: bool = False
    whole: bool = False


def _all(right: str, *tables: Table) -> tuple[Grant, ...]:
    return tuple(Grant(right, table.name) for table in tables)


_REVISION = Grant("SELECT", "alembic_version")

_LEASED = ("takes", "failures", "reason", "token", "lease_until", "available_at")
_OF_WORKERS = ("forget_old_audit()", "end_covering(uuid, uuid, text, integer)")

WHOLE = Rights(functions=_OF_WORKERS, callers=True, whole=True)
"""A process that takes videos in and analyses them; and releases in which both have one user."""

API = Rights(
    grants=(
        _REVISION,
        # What is asked for by a caller is the caller's right. These are the service's own: it takes back what was not
        # accepted in the end, notes which video is gone, counts what waits, and clears the storage.
        Grant("SELECT", analyses.name, ("id", "attempt", "created_at", "footage_place")),
        Grant("UPDATE", analyses.name, ("footage_place",)),
        Grant("DELETE", analyses.name),
        *_all("SELECT", work, erasures, person_erasures, uploads),
        Grant("SELECT", segments.name, ("analysis_id", "number", "available_at", "lease_until", "ended_at")),
        Grant("UPDATE", erasures.name, ("erased_at", "erased")),
        Grant("UPDATE", person_erasures.name, ("erased_at", "erased", "how")),
        Grant("UPDATE", uploads.name, ("error_code", "error_message", "filename", "idempotency_key", "created_at")),
        Grant("DELETE", uploads.name),
    ),
    callers=True,
)
"""A process that takes videos in and answers, beside workers of their own."""

WORKER = Rights(
    grants=(
        _REVISION,
        # Neither who sent it, nor what they called it.
        Grant(
            "SELECT",
            analyses.name,
            ("id", "team", "status", "owner", "attempt", "created_at", "heartbeat_at", "footage_place", "missing"),
        ),
        Grant(
            "UPDATE",
            analyses.name,
            (
                *("status", "owner", "attempt", "started_at", "finished_at", "heartbeat_at"),
                *("error_code", "error_message", "video", "model_name", "model_sha256", "movement"),
                *("segments", "segments_ended", "missing"),
            ),
        ),
        *_all("SELECT", work, sightings, segments),
        *_all("DELETE", work, segments),
        Grant("UPDATE", work.name, (*_LEASED, "contract", "dead_at")),
        # What was seen of a segment is read until the segments are joined.
        *_all("INSERT", segments),
        Grant("UPDATE", segments.name, (*_LEASED, "code", "ended_at", "spent_seconds", "seen")),
        # What was found is written once, and not read.
        *_all("INSERT", persons, measures, poses, events, findings, trails, doubts),
        Grant("SELECT", uploads.name, ("id",)),
    ),
    functions=_OF_WORKERS,
)
"""A process that analyses, apart from the one that takes in. It decodes what others send, so it is trusted least."""
