# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What callers write and read: the analyses of their team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from fastbreak_service.footage.ports import USUAL_DAYS
from fastbreak_service.identity.caller import ANYBODY
from fastbreak_service.quotas import Quota
from fastbreak_service.store import reading
from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, work
from fastbreak_service.store.usage import QuotaError, TeamUsage, hold_to

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, CursorResult, Engine, RowMapping, Select

USUAL_QUOTA = Quota()
"""Of whom nothing else is said."""
CONTRACT = 1
"""What a piece of work means to whoever takes it; a release leaves alone what it does not know."""
BLUR_CONTRACT = 2
"""The work of covering persons in the video of an analysis that has ended."""
OLD_SEGMENTS_CONTRACT, OLD_JOIN_CONTRACT = 3, 4
SEGMENTS_CONTRACT, JOIN_CONTRACT = 5, 6
"""A long video is looked at in segments: its work waits for them, and then they are to be joined.

One that was cut by a release before this one may be joined by it, too, which knows segments of the first form alone.
"""
SEGMENT_FORMS = {OLD_SEGMENTS_CONTRACT: 1, SEGMENTS_CONTRACT: 2}
JOIN_CONTRACTS = {OLD_SEGMENTS_CONTRACT: OLD_JOIN_CONTRACT, SEGMENTS_CONTRACT: JOIN_CONTRACT}
TAKEN_CONTRACTS = (CONTRACT, BLUR_CONTRACT, *JOIN_CONTRACTS.values())
"""Work that somebody takes as it is."""
# Between two looks the analysis that has the key may be erased, and with it the key is free.
_TRIES = 3
# What outlives its replica is nobody's to judge by its heartbeat, neither this release's nor that of one before it.
_NEVER_SILENT = sa.text("timestamptz '9000-01-01 00:00:00+00'")


@dataclass(frozen=True, slots=True)
class NewAnalysis:
    """An analysis that was accepted: its id, the file's name and size in bytes, and the place where its video lies.

    `durable` is whether the video outlives the replica that took it in. `fingerprint` is of what was
    sent under a key.
    """

    id: UUID
    filename: str | None
    size_bytes: int
    place: str
    durable: bool
    service_version: str
    idempotency_key: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller sent under a key: the analysis, and the fingerprint of its video and name."""

    id: UUID
    fingerprint: str | None


class State(NamedTuple):
    """How far an analysis is: its status, which attempt it is, and of one in segments how many there are and ended."""

    status: str
    attempt: int
    segments: int | None = None
    segments_ended: int | None = None


@dataclass(frozen=True, slots=True)
class MeasureQuery:
    """Which measures: of one person or one angle if named, at most `limit`, after a (person, frame, angle)."""

    limit: int
    person: int | None = None
    angle: str | None = None
    after: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True)
class SaidQuery:
    """Which events, findings, poses or doubts: of one person if named, at most `limit`, after a number."""

    limit: int
    person: int | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who has something accepted: for a team, within its quota, to be kept for some days."""

    team: str
    subject: str
    quota: Quota
    footage_days: int


def record(connection: Connection, sender: Sender, new: NewAnalysis, sent_by: str | None = None) -> Sent | None:
    """Record an accepted analysis in a caller's transaction; None where its id or its key is taken.

    `sent_by` is whoever sent the video, if that is not who has it accepted. Raises QuotaError.
    """
    statement = (
        insert(analyses)
        .values(
            id=new.id,
            team=sender.team,
            status="queued",
            filename=new.filename,
            size_bytes=new.size_bytes,
            owner=new.place,
            service_version=new.service_version,
            created_at=sa.func.now(),
            heartbeat_at=_NEVER_SILENT if new.durable else sa.func.now(),
            idempotency_key=new.idempotency_key,
            fingerprint=new.fingerprint,
            footage_place=new.place if new.durable else None,
            sent_by=sent_by or sender.subject,
        )
        # Of its key or, when the answer to a first try was lost, of its id.
        .on_conflict_do_nothing()
        .returning(analyses.c.id)
    )
    if connection.execute(statement).first() is None:
        return None
    hold_to(connection, sender.team, sender.quota, sender.footage_days, (new.id, new.size_bytes))
    connection.execute(sa.insert(work).values(analysis_id=new.id, contract=CONTRACT, place=new.place))
    connection.execute(done(sender.team, sender.subject, Action.SENT, new.id))
    return Sent(new.id, new.fingerprint)


class TeamAnalyses:
    """The analyses of one team, for one person. Methods are transactions; all raise SQLAlchemy's errors."""

    def __init__(
        self,
        engine: Engine,
        team: str,
        subject: str = ANYBODY.subject,
        quota: Quota = USUAL_QUOTA,
        footage_days: int = USUAL_DAYS,
    ) -> None:
        self._engine = engine
        self._team = team
        self._subject = subject
        self._quota = quota
        self._footage_days = footage_days

    @repeatable
    def add(self, new: NewAnalysis) -> Sent:
        """Record an accepted analysis, and that there is work to do. What was sent before, when its key is known.

        Raises QuotaError.
        """
        # Whoever came first has committed, else the insertion would have waited for it.
        which = sa.or_(analyses.c.id == new.id, analyses.c.idempotency_key == (new.idempotency_key or ""))
        for _ in range(_TRIES):
            if (sent := self._added(new) or self._sent(which)) is not None:
                return sent
        raise LookupError(f"analysis {new.id} is neither new nor known: its key is erased each time")

    def expect(self, new: NewAnalysis) -> None:
        """Raise QuotaError when it would not be accepted at the moment: what that takes can be saved then."""
        try:
            TeamUsage(self._engine, self._team, self._quota, self._footage_days).expect(new.size_bytes)
        except QuotaError:
            if self.sent_under(new.idempotency_key or "") is None:
                raise

    def _added(self, new: NewAnalysis) -> Sent | None:
        """What was recorded; None where its id or its key is taken."""
        with of_team(self._engine, self._team) as connection:
            sender = Sender(self._team, self._subject, self._quota, self._footage_days)
            return record(connection, sender, new)

    @repeatable
    def sent_under(self, key: str) -> Sent | None:
        """What was sent under a key, None for an unknown one."""
        return self._sent(analyses.c.idempotency_key == key)

    @repeatable
    def newest(
        self,
        limit: int,
        after: tuple[datetime, UUID] | None = None,
        *,
        awaits_review: bool | None = None,
        own: bool = False,
    ) -> Sequence[RowMapping]:
        """The newest analyses first; those older than an analysis with this creation time and id, when given.

        `awaits_review`: those alone that have findings which wait for a reviewer, or that have none. `own`: those alone
        whose video this person sent.
        """
        given: dict[str, Any] = {"limit": limit}
        if own:
            given["subject"] = self._subject
        if after is not None:
            given |= {"last_created_at": after[0], "last_id": after[1]}
        statement = reading.newest(awaits_review=awaits_review, own=own, after=after is not None)
        with read_by_team(self._engine, self._team) as connection:
            return self._asked(connection, statement, **given).mappings().all()

    @repeatable
    def state(self, analysis: UUID) -> State | None:
        """How far an analysis is; None when there is none of that id."""
        with read_by_team(self._engine, self._team) as connection:
            row = self._asked(connection, reading.STATE, analysis=analysis).one_or_none()
        return None if row is None else State._make(row)

    @repeatable
    def one(self, analysis: UUID) -> tuple[RowMapping, Sequence[RowMapping]] | None:
        """An analysis and its persons, None when there is none of that id."""
        with read_by_team(self._engine, self._team) as connection:
            row = self._asked(connection, reading.ONE, analysis=analysis).mappings().one_or_none()
            if row is None:
                return None
            return row, self._asked(connection, reading.PERSONS, analysis=analysis).mappings().all()

    def measures(self, analysis: UUID, query: MeasureQuery) -> Sequence[RowMapping] | None:
        """Measures by person, frame and angle, and one more than the limit; None when no analysis has that id."""
        given: dict[str, Any] = {"limit": query.limit + 1}
        if query.person is not None:
            given["person"] = query.person
        if query.angle is not None:
            given["angle"] = query.angle
        if query.after is not None:
            given |= dict(zip(("last_person", "last_frame", "last_angle"), query.after, strict=True))
        statement = reading.measured(
            person=query.person is not None, angle=query.angle is not None, after=query.after is not None
        )
        return self._found(statement, analysis, **given)

    def events(self, analysis: UUID, query: SaidQuery) -> Sequence[RowMapping] | None:
        """Events by their number, and one more than the limit; None when no analysis has that id."""
        return self._said("events", analysis, query)

    def findings(self, analysis: UUID, query: SaidQuery) -> Sequence[RowMapping] | None:
        """Findings, as `events`, each with the newest review of it."""
        return self._said("findings", analysis, query)

    def poses(self, analysis: UUID, query: SaidQuery) -> Sequence[RowMapping] | None:
        """Poses, as `events`."""
        return self._said("poses", analysis, query)

    def doubts(self, analysis: UUID, query: SaidQuery) -> Sequence[RowMapping] | None:
        """What is in doubt of who is who, as `events`."""
        return self._said("doubts", analysis, query)

    def _said(self, kind: str, analysis: UUID, query: SaidQuery) -> Sequence[RowMapping] | None:
        person = {} if query.person is None else {"person": query.person}
        statement = reading.said(kind, person=bool(person))
        return self._found(statement, analysis, limit=query.limit + 1, after=query.after, **person)

    @repeatable
    def _found(self, statement: Select[Any], analysis: UUID, **given: object) -> Sequence[RowMapping] | None:
        """What is found in an analysis, which may be nothing; None where there is no analysis."""
        with read_by_team(self._engine, self._team) as connection:
            rows = self._asked(connection, statement, analysis=analysis, **given).mappings().all()
            if not rows and self._asked(connection, reading.KNOWN, analysis=analysis).first() is None:
                return None
            return rows

    def _asked(self, connection: Connection, statement: Select[Any], **given: object) -> CursorResult[Any]:
        return connection.execute(statement, {"team": self._team, **given})

    def _sent(self, which: ColumnElement[bool]) -> Sent | None:
        with read_by_team(self._engine, self._team) as connection:
            statement = sa.select(analyses.c.id, analyses.c.fingerprint).where(self._mine, which)
            row = connection.execute(statement).one_or_none()
        return Sent(*row) if row else None

    @property
    def _mine(self) -> ColumnElement[bool]:
        """The first line; the database's policies are the second."""
        return analyses.c.team == self._team
