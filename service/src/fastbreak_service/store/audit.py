# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who saw, sent, reviewed, corrected and erased what.

Entries are added and never changed; the database forgets them in the end.

Of a person there is the issuer's name for them and nothing else. What is seen is noted once an hour for each person and
analysis, so that a page that asks again and again leaves one entry.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fastbreak_service.store.callers import read_by_team
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sqlalchemy import Engine, RowMapping
    from sqlalchemy.dialects.postgresql import Insert

    from fastbreak_service.identity.caller import Caller

_MOST_KNOWN = 10_000
_HOUR_SECONDS = 3600


class Action(StrEnum):
    """What somebody did."""

    LISTED = "analyses.listed"
    READ = "analysis.read"
    MEASURES_READ = "measures.read"
    POSES_READ = "poses.read"
    EVENTS_READ = "events.read"
    FINDINGS_READ = "findings.read"
    REVIEWS_READ = "reviews.read"
    FOOTAGE_LINKED = "footage.linked"
    AUDIT_READ = "audit.read"
    UPLOADS_LISTED = "uploads.listed"
    UPLOAD_READ = "upload.read"
    UPLOAD_BEGUN = "upload.begun"
    UPLOAD_GIVEN_UP = "upload.given_up"
    SENT = "analysis.sent"
    REVIEWED = "finding.reviewed"
    DOUBTS_READ = "doubts.read"
    CORRECTIONS_READ = "corrections.read"
    CORRECTED = "persons.corrected"
    PLAYERS_READ = "players.read"
    PLAYER_NAMED = "player.named"
    PLAYER_UNNAMED = "player.unnamed"
    ERASED = "analysis.erased"
    PERSON_ERASED = "person.erased"
    ERASURES_READ = "erasures.read"
    TAKEN_OVER = "backup.taken_over"


def done(team: str, subject: str, action: Action, analysis: UUID, finding: int | None = None) -> Insert:
    """The entry of a change, for the transaction that makes it."""
    values = {"team": team, "subject": subject, "action": action, "analysis_id": analysis, "finding": finding}
    return insert(audit).values(values)


class Trail:
    """The entries of all teams. Methods are transactions for a caller; all raise SQLAlchemy's errors.

    `now` gives seconds.
    """

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now
        self._known: dict[tuple[str, str, Action, UUID | None], int] = {}

    def has(self, caller: Caller, action: Action, analysis: UUID | None = None) -> bool:
        """Whether it is noted for this hour that somebody sees something. Nobody is asked."""
        return self._known.get((caller.team, caller.subject, action, analysis)) == self._hour

    def saw(self, caller: Caller, action: Action, analysis: UUID | None = None) -> None:
        """Note that somebody is about to see something. Who hears no error may be shown it."""
        if self.has(caller, action, analysis):
            return
        hour = self._hour
        self._note(caller, action, analysis, hour)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[caller.team, caller.subject, action, analysis] = hour

    @property
    def _hour(self) -> int:
        return int(self._now() // _HOUR_SECONDS)

    @repeatable
    def _note(self, caller: Caller, action: Action, analysis: UUID | None, hour: int) -> None:
        # The hour is that of this clock, as what is known is: by the database's, which may differ, an hour that is new
        # here could be noted already.
        values = {"hour": datetime.fromtimestamp(hour * _HOUR_SECONDS, UTC), "analysis_id": analysis}
        who = {"team": caller.team, "subject": caller.subject, "action": action}
        statement = insert(audit).values(**values, **who).on_conflict_do_nothing()
        with read_by_team(self._engine, caller.team) as connection:
            connection.execute(statement)

    @repeatable
    def of(self, team: str, limit: int, before: int | None, analysis: UUID | None) -> Sequence[RowMapping]:
        """The newest entries of a team first; those before an id, and about one analysis, when given."""
        statement = sa.select(audit).where(audit.c.team == team).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(audit.c.id < before)
        if analysis is not None:
            statement = statement.where(audit.c.analysis_id == analysis)
        with read_by_team(self._engine, team) as connection:
            return connection.execute(statement).mappings().all()
