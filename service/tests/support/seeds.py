# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Analyses that are put into the database as they are after their end, without analysing anything."""

from __future__ import annotations

import copy
import json
import uuid
from array import array
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import sql

from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.pieces import Piece, pieces, written
from fastbreak_service.people.results import reviewed
from support.reports import RATE, trails

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
    "remarks": [],
}


@cache
def figure() -> dict[str, Any]:
    """What is said of a figure that lands three times, as it comes out of JSON; nobody changes it."""
    (person,) = asdict(trails().reviewed(30))["persons"]
    found: dict[str, Any] = json.loads(json.dumps(person))
    return found


def bent(more: float) -> dict[str, Any]:
    """The figure that lands three times, with knees that bend by so many degrees more at most."""
    found = copy.deepcopy(figure())
    for event in found["events"]:
        for value in event.get("measures", []):
            if value["measure"] == "peak_knee_flexion" and value["value"] is not None:
                value["value"] += more
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


@cache
def landings() -> list[Piece]:
    """The figure that lands three times, told as two persons: the first has the first landing."""
    made, whereabouts = trails(), Whereabouts()
    ((_, way),) = made.everybody()
    whereabouts.put(1, way.times, array("f", [100, 100, 200, 300] * len(way.times)))
    (whole,) = pieces(made, whereabouts)
    cut = int((whole.rows["time"] < 2.0).sum())
    return [replace(whole, rows=whole.rows[:cut]), Piece(2, 2, whole.rows[cut:])]


def put_persons(connection: psycopg.Connection, found: list[Piece], team: str = "default") -> str:
    """The id of a new analysis of a team in which these persons were followed, with all that is found of them."""
    identity = put_analysis(connection, None, team)
    counts = {"events": 0, "findings": 0}
    for piece in found:
        extent = (len(piece.rows), piece.first_frame, piece.last_frame)
        connection.execute("INSERT INTO persons VALUES (%s, %s, %s, %s, %s, '{}')", [identity, piece.person, *extent])
        connection.execute(
            "INSERT INTO trails VALUES (%s, %s, %s, %s, %s, %s)",
            [identity, piece.track, *extent[1:], piece.person, written(piece.rows)],
        )
        frames = piece.rows["frame"].tolist()
        connection.execute(
            "INSERT INTO measures (analysis_id, person, frame, time_seconds, angle, value_degrees, confidence) "
            "SELECT %s, %s, n, n / 30.0, 'trunk_lean', n / 7.0, 1 FROM unnest(%s::integer[]) n",
            [identity, piece.person, frames],
        )
        connection.execute(
            "INSERT INTO poses (analysis_id, number, person, frame, time_seconds, points) "
            "SELECT %s, 1000 * %s + n, %s, n, n / 30.0, array_fill(40, ARRAY[34]) FROM unnest(%s::integer[]) n",
            [identity, piece.track, piece.person, frames],
        )
        for kind, said in zip(KINDS, reviewed(piece.rows, RATE), strict=True):
            for content in said:
                counts[kind] += 1
                connection.execute(
                    sql.SQL("INSERT INTO {} VALUES (%s, %s, %s, %s)").format(sql.Identifier(kind)),
                    [identity, counts[kind], piece.person, json.dumps(content)],
                )
    connection.execute(
        "UPDATE analyses SET movement = %s WHERE id = %s", [json.dumps({**counts, "left_out": 0}), identity]
    )
    connection.execute(_SUMMED, [identity])
    return identity


_SUMMED = """UPDATE persons AS p SET angles = (SELECT jsonb_build_object('trunk_lean', jsonb_build_object(
  'minimum', min(value_degrees), 'maximum', max(value_degrees), 'samples', count(*), 'unit', 'degree',
  'mean', round(avg(value_degrees)::numeric, 3)))
  FROM measures AS m WHERE m.analysis_id = p.analysis_id AND m.person = p.person) WHERE analysis_id = %s"""
