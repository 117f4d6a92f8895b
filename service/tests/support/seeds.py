# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Analyses that are put into the database as they are after their end, without analysing anything."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import sql

from support.reports import trails

if TYPE_CHECKING:
    import psycopg

KINDS = ("events", "findings")
_VIDEO = {
    "width": 884,
    "height": 496,
    "frames_per_second": 30,
    "frames": 30,
    "duration_seconds": 1,
    "decode_errors": 0,
    "completeness": "whole",
}


@cache
def figure() -> dict[str, Any]:
    """What is said of a figure that lands three times, as it comes out of JSON; nobody changes it."""
    (person,) = asdict(trails().reviewed(30))["persons"]
    found: dict[str, Any] = json.loads(json.dumps(person))
    return found


def put_movement(connection: psycopg.Connection, identity: str, moved: dict[str, Any]) -> None:
    """Have an analysis say this of its person 1, and nothing else."""
    for kind in KINDS:
        table = sql.Identifier(kind)
        connection.execute(sql.SQL("DELETE FROM {} WHERE analysis_id = %s").format(table), [identity])
        for number, content in enumerate(moved[kind], start=1):
            connection.execute(
                sql.SQL("INSERT INTO {} VALUES (%s, %s, 1, %s)").format(table),
                [identity, number, json.dumps(content)],
            )


def put_analysis(connection: psycopg.Connection, moved: dict[str, Any] | None, team: str = "default") -> str:
    """The id of a new analysis of a team; `moved`: None where movement was not looked for."""
    identity = str(uuid.uuid4())
    counts = None if moved is None else json.dumps({"left_out": 0, **{kind: len(moved[kind]) for kind in KINDS}})
    connection.execute(
        "INSERT INTO analyses (id, status, size_bytes, owner, service_version, movement, team, video) "
        "VALUES (%s, 'succeeded', 1, 'x', '0', %s, %s, %s)",
        [identity, counts, team, json.dumps(_VIDEO)],
    )
    if moved is not None:
        connection.execute("INSERT INTO persons VALUES (%s, 1, 9, 0, 9, '{}')", [identity])
        put_movement(connection, identity, moved)
    return identity
