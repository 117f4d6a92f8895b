# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What workers read and write to make persons unknowable in a video."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastbreak_service.store.tables import analyses, sightings, work

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sqlalchemy import Engine

    from fastbreak_service.store.work import Work

type Seen = tuple[float, list[float | None]]
"""A time in seconds, and the joints of a person then: x and y of each, None where it was hidden."""


class CoveringStore:
    """Videos that persons are to be covered in. Every method is one transaction; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sightings(self, analysis: UUID) -> list[list[Seen]]:
        """Where each of those is who are to be covered, in order of time."""
        columns = (sightings.c.person, sightings.c.time_seconds, sightings.c.points)
        statement = sa.select(*columns).where(sightings.c.analysis_id == analysis)
        found: dict[int, list[Seen]] = {}
        with self._engine.connect() as connection:
            for person, time_seconds, points in connection.execute(statement.order_by(sightings.c.time_seconds)):
                found.setdefault(person, []).append((time_seconds, points))
        return list(found.values())

    def unseen(self, analysis: UUID) -> list[tuple[float, float]]:
        """From when to when nobody could look at its video: whoever is there is nowhere among the sightings."""
        statement = sa.select(analyses.c.missing).where(analyses.c.id == analysis)
        with self._engine.connect() as connection:
            missing = connection.execute(statement).scalar() or []
        return [(part["from_seconds"], part["to_seconds"]) for part in missing]

    def covered(self, taken: Work, replace: Callable[[], int]) -> bool:
        """Replace the video, which is shown again then. False, and nothing is done, when the work is not ours any more.

        `replace` answers how many versions it erased, and may be called again. Nobody else replaces or erases the video
        meanwhile, nor wants somebody else covered in it.
        """
        return self._end(taken, replace, "blurred")

    def deleted(self, taken: Work, erase: Callable[[], int]) -> bool:
        """Erase the video in which nobody can be covered, likewise."""
        return self._end(taken, erase, "deleted")

    def _end(self, taken: Work, act: Callable[[], int], how: str) -> bool:
        mine = sa.select(work.c.analysis_id).where(work.c.analysis_id == taken.analysis, work.c.token == taken.token)
        with self._engine.begin() as connection:
            # In the order of those who erase: first the analysis, then what hangs on it.
            connection.execute(sa.select(analyses.c.id).where(analyses.c.id == taken.analysis).with_for_update())
            if connection.execute(mine.with_for_update()).first() is None:
                return False
            ended = sa.func.end_covering(taken.analysis, taken.token, how, act())
            return bool(connection.execute(sa.select(ended)).scalar_one())
