# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A film in which somebody was blurred is kept no longer than the video would have been."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING

from fastbreak_service.api.outliving import end_films
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.identity.caller import DEFAULT_TEAM
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.person_erasures import PersonErasures
from fastbreak_service.store.team_analyses import NewAnalysis, TeamAnalyses

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import Engine

DAYS = 7


def add(engine: Engine, database: Connection, place: str, days: int, *blurred: bool) -> uuid.UUID:
    """An analysis that came days ago, with persons who were blurred since, or are still to be."""
    new = NewAnalysis(uuid.uuid4(), None, 1, place, durable=True, service_version="1")
    TeamAnalyses(engine, DEFAULT_TEAM).add(new)
    said = "UPDATE analyses SET created_at = now() - make_interval(days => %s) WHERE id = %s"
    database.execute(said, [days, new.id])
    for person, done in enumerate(blurred):
        database.execute(
            "INSERT INTO person_erasures (analysis_id, person, team, place, how, erased, erased_at) "
            "VALUES (%s, %s, %s, %s, 'blurred', '{}', CASE WHEN %s THEN now() END)",
            [new.id, person, DEFAULT_TEAM, place, done],
        )
    return new.id


def test_a_film_goes_when_the_days_of_its_video_are_over(engine: Engine, database: Connection) -> None:
    place = f"s3://{uuid.uuid4()}/"
    due = add(engine, database, place, DAYS, True, True)
    add(engine, database, place, DAYS - 1, True)
    # The worker still has the video in its hands; of the other the storage counts the days itself.
    add(engine, database, place, DAYS, True, False)
    add(engine, database, place, DAYS)
    add(engine, database, "s3://elsewhere/", DAYS, True)
    tried: list[uuid.UUID] = []

    def erase(analysis: uuid.UUID) -> int:
        tried.append(analysis)
        if len(tried) == 1:
            raise FootageError("away")
        return 1

    pauses = iter(range(3))

    async def pause(_: float) -> None:
        if next(pauses, None) is None:
            raise asyncio.CancelledError

    async def sweep() -> None:
        with suppress(asyncio.CancelledError):
            await end_films(persons, AnalysisStore(engine), SimpleNamespace(erase=erase), DAYS, pause)

    persons = PersonErasures(engine, place, None)
    asyncio.run(sweep())
    assert tried == [due, due], "once more after a failure, and never after it went"
    gone = database.execute("SELECT footage_place FROM analyses WHERE id = %s", [due]).fetchone()
    assert gone == (None,)
