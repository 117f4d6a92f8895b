# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which players of the team persons of its analyses are, and what differs from their own earlier landings.

It is computed when somebody names a player, and kept with what it stands on: so what was shown is what was judged,
until somebody names the player again. Earlier is what was sent before.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fastbreak_service.movement.baseline import Recording, compared
from fastbreak_service.movement.own_range import MOST_RECORDINGS
from fastbreak_service.movement.values import Legs
from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.engine import be_patient
from fastbreak_service.store.erasures import LOCKED_SECONDS
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, corrections, events, persons, players

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping

_NAME_SECONDS = 20
_MOST_READ = 2 * MOST_RECORDINGS
"""Of persons of earlier analyses: some may be copies of others, or not comparable."""
_MOST_LANDINGS = 200
"""Of each of them."""


class Refused(StrEnum):
    """Why nobody was named."""

    UNKNOWN = "unknown"
    CHANGED = "changed"


class TeamPlayers:
    """The players in a team's analyses, for one person. Methods are transactions; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine, team: str, reviewer: str) -> None:
        self._engine = engine
        self._team = team
        self._reviewer = reviewer

    @repeatable
    def of(self, analysis: UUID) -> Sequence[RowMapping] | None:
        """Who is named in an analysis, by their numbers; None: no analysis."""
        mine = sa.select(analyses.c.id).where(analyses.c.team == self._team, analyses.c.id == analysis)
        named = sa.select(players).where(players.c.analysis_id == analysis).order_by(players.c.person)
        with read_by_team(self._engine, self._team) as connection:
            if connection.execute(mine).first() is None:
                return None
            return connection.execute(named).mappings().all()

    @repeatable
    def name(self, analysis: UUID, person: int, player: str, before: int) -> RowMapping | Refused:
        """Say which player a person is, if nobody was corrected since version `before`, and compare them anew."""
        with of_team(self._engine, self._team) as connection:
            if refused := self._refused(connection, analysis, person, before):
                return refused
            found, basis = self._compared(connection, analysis, person, player)
            values = {"player": player, "named_by": self._reviewer, "compared": found, "basis": basis}
            statement = (
                insert(players)
                .values(analysis_id=analysis, person=person, **values)
                .on_conflict_do_update(
                    index_elements=["analysis_id", "person"], set_={**values, "named_at": sa.func.now()}
                )
                .returning(players)
            )
            row = connection.execute(statement).mappings().one()
            connection.execute(done(self._team, self._reviewer, Action.PLAYER_NAMED, analysis))
            return row

    @repeatable
    def unname(self, analysis: UUID, person: int, before: int) -> Refused | None:
        """Say that nobody knows which player a person is; None: it is so."""
        with of_team(self._engine, self._team) as connection:
            if refused := self._refused(connection, analysis, person, before):
                return refused
            gone = sa.delete(players).where(players.c.analysis_id == analysis, players.c.person == person)
            if connection.execute(gone).rowcount:
                connection.execute(done(self._team, self._reviewer, Action.PLAYER_UNNAMED, analysis))
            return None

    @staticmethod
    def _refused(connection: Connection, analysis: UUID, person: int, before: int) -> Refused | None:
        """Why nothing may be said of a person; the analysis is held, so that nobody corrects or erases meanwhile."""
        be_patient(connection, _NAME_SECONDS)
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCKED_SECONDS}s'"))
        there = sa.select(persons.c.person).where(persons.c.analysis_id == analysis, persons.c.person == person)
        held = connection.execute(sa.select(sa.func.hold_persons(analysis))).scalar_one()
        if not held or connection.execute(there).first() is None:
            return Refused.UNKNOWN
        newest = sa.select(sa.func.coalesce(sa.func.max(corrections.c.version), 0))
        version = connection.execute(newest.where(corrections.c.analysis_id == analysis)).scalar_one()
        return None if version == before else Refused.CHANGED

    def _compared(
        self, connection: Connection, analysis: UUID, person: int, player: str
    ) -> tuple[dict[str, Any], list[UUID]]:
        """What is told of a person, and by which analyses."""
        of_clip = sa.select(analyses.c.created_at, analyses.c.model_name, analyses.c.model_sha256)
        clip = connection.execute(of_clip.where(analyses.c.id == analysis)).one()
        named = sa.select(players.c.analysis_id, players.c.person, analyses.c.model_name, analyses.c.model_sha256)
        named = named.join(analyses, analyses.c.id == players.c.analysis_id).where(players.c.player == player)
        newest = (
            named.where(analyses.c.team == self._team)
            .where(analyses.c.id != analysis, analyses.c.created_at < clip.created_at)
            .order_by(analyses.c.created_at.desc(), analyses.c.id, players.c.person)
            .limit(_MOST_READ)
        )
        there = _held(connection, player, [row.analysis_id for row in connection.execute(newest)])
        before = [row for row in connection.execute(newest) if (row.analysis_id, row.person) in there]
        # One may have several numbers in one analysis: their landings are of one recording.
        earlier: dict[UUID, Recording] = {}
        for row in before:
            known = earlier[row.analysis_id].landings if row.analysis_id in earlier else []
            both = [*known, *_landings(connection, row.analysis_id, row.person, _MOST_LANDINGS)]
            earlier[row.analysis_id] = Recording(str(row.analysis_id), "", f"{row[2]} {row[3]}", both)
        mine = _landings(connection, analysis, person)
        told = compared(Recording(str(analysis), "", f"{clip[1]} {clip[2]}", mine), [*earlier.values()])
        content: dict[str, Any] = json.loads(
            json.dumps(
                {"findings": [asdict(one) for one in told.findings], "no_baseline": [*map(asdict, told.missing)]}
            )
        )
        # Also those that were counted as left out are told of.
        return content, sorted(earlier)


def _held(connection: Connection, player: str, among: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """Hold who is still named so in these: who takes one away waits until what is told by it is kept."""
    held = (
        sa.select(players.c.analysis_id, players.c.person)
        .where(players.c.player == player, players.c.analysis_id.in_(among))
        .order_by(players.c.analysis_id, players.c.person)
        .with_for_update(read=True)
    )
    return {(row.analysis_id, row.person) for row in connection.execute(held)}


def _landings(connection: Connection, analysis: UUID, person: int, most: int | None = None) -> list[dict[str, Any]]:
    """A person's landings; at most the first so many of those of which it is known on which legs they are."""
    statement = (
        sa.select(events.c.content)
        .where(events.c.analysis_id == analysis, events.c.person == person)
        .where(events.c.content["kind"].astext == "landing")
        .where(events.c.content["legs"].astext != Legs.UNKNOWN)
        .order_by(events.c.number)
        .limit(most)
    )
    return list(connection.execute(statement).scalars())
