# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Analyses with all that there may be of them, and copies of a database on a second server."""

from __future__ import annotations

import subprocess
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from fastbreak_service.settings import AdministrationSettings
from fastbreak_service.store.administration import Administration
from support.seeds import figure, put_movement

if TYPE_CHECKING:
    from psycopg import Connection

    from support.owned import Place
    from support.postgres import Postgres

LONG_AGO = "2026-01-01T00:00:00Z"
MOST_LINES = 20
"""How many a run shows of a task's output."""


def analysis(connection: Connection, at: str = LONG_AGO) -> uuid.UUID:
    """One that has ended, with everything that is found and a review."""
    identity = uuid.uuid4()
    connection.execute(
        "INSERT INTO analyses (id, status, size_bytes, owner, service_version, team, filename, created_at, finished_at)"
        " VALUES (%s, 'succeeded', 1, 'x', '0', 'hawks', 'jane.mp4', %s, %s)",
        [identity, at, at],
    )
    connection.execute("INSERT INTO persons VALUES (%s, 1, 9, 0, 9, '{}')", [identity])
    put_movement(connection, str(identity), figure())
    connection.execute(
        "INSERT INTO reviews (analysis_id, finding, version, verdict, reviewer, reviewed_at)"
        " VALUES (%s, 1, 1, 'accepted', 'r', %s)",
        [identity, at],
    )
    return identity


def restore(place: Place, postgres: Postgres, second: Postgres) -> Administration:
    """The owner's connection to a copy as of now, on the second server."""
    copied = (
        f"pg_dumpall -U fastbreak --roles-only | grep -E 'ROLE \"?{place.tag}|GRANT.*{place.tag}'; "
        f"pg_dump -U fastbreak -C {place.tag}"
    )
    dumped = subprocess.run(["docker", "exec", postgres.name, "sh", "-c", copied], capture_output=True, check=True)
    subprocess.run(
        ["docker", "exec", "-i", second.name, "psql", "-qU", "fastbreak", "postgres"],
        input=dumped.stdout,
        capture_output=True,
        check=True,
    )
    owner = replace(place.settings, port=second.port)
    settings = AdministrationSettings(owner, place.secret.arn, place.worker_secret.arn, apart=True)
    return Administration(settings, place.secret, worker_secret=place.worker_secret)
