# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What reviewers of a team say of findings: each entry is added, none is changed.

A finding is known by its analysis and its number there, and never changes. Where persons are corrected, one that is no
more is withdrawn, and others get new numbers. Who sends a video anew gets another analysis, whose findings nobody has
reviewed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from fastbreak_service.movement.values import Status
from fastbreak_service.store.audit import Action, done
from fastbreak_service.store.callers import of_team, read_by_team
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, findings, reviews

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Engine, RowMapping, ScalarSelect
    from sqlalchemy.sql.selectable import LateralFromClause

MOST_VERSIONS = 999
"""Entries of one finding."""
# The finding is not there: so says its key, or the policy on its analysis, which is asked first.
_NOT_THERE = ("23503", "42501")


class Verdict(StrEnum):
    """What a reviewer thinks of a finding."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NEEDS_ANOTHER_LOOK = "needs_another_look"


@dataclass(frozen=True, slots=True)
class Said:
    """What a reviewer says of a finding, and the version of the entry that they had before them; 0: none."""

    verdict: Verdict
    note: str | None
    before: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The newest entry, None where there is none, and whether it is what was said."""

    newest: RowMapping | None
    taken: bool


class _WithdrawnError(Exception):
    """The finding was withdrawn between the look and the entry, which waited for that."""


class TeamReviews:
    """The reviews of one team's findings, by one person. Methods are transactions; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine, team: str, reviewer: str) -> None:
        self._engine = engine
        self._team = team
        self._reviewer = reviewer

    @repeatable
    def of(self, analysis: UUID, finding: int, limit: int, before: int | None) -> Sequence[RowMapping] | None:
        """The newest entries first, one more than the limit; those before a version, when given; None: no finding."""
        statement = sa.select(reviews).where(_about(analysis, finding)).order_by(reviews.c.version.desc())
        if before is not None:
            statement = statement.where(reviews.c.version < before)
        with read_by_team(self._engine, self._team) as connection:
            if not self._knows(connection, analysis, finding):
                return None
            return connection.execute(statement.limit(limit + 1)).mappings().all()

    @repeatable
    def add(self, analysis: UUID, finding: int, said: Said) -> Outcome | None:
        """Add an entry if nobody did since `said.before`, or the same was added before; None: there is no such finding.

        Whoever heard no answer may say the same again, and it is recorded once.
        """
        try:
            return self._added(analysis, finding, said)
        except _WithdrawnError:
            return None
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _NOT_THERE or self._has(analysis, finding):
                raise
            # It was erased between the look and the entry.
            return None

    def _added(self, analysis: UUID, finding: int, said: Said) -> Outcome | None:
        with of_team(self._engine, self._team) as connection:
            if not self._knows(connection, analysis, finding):
                return None
            newest = _newest(connection, analysis, finding)
            if (newest["version"] if newest else 0) != said.before or said.before == MOST_VERSIONS:
                return Outcome(newest, taken=newest is not None and self._is(newest, said))
            values: dict[str, Any] = {"verdict": said.verdict, "note": said.note, "reviewer": self._reviewer}
            statement = (
                insert(reviews)
                .values(analysis_id=analysis, finding=finding, version=said.before + 1, **values)
                .on_conflict_do_nothing()
                .returning(reviews)
            )
            added = connection.execute(statement).mappings().one_or_none()
            if added is not None:
                if not self._knows(connection, analysis, finding):
                    raise _WithdrawnError
                connection.execute(done(self._team, self._reviewer, Action.REVIEWED, analysis, finding))
            # Somebody else was faster, and has committed: the insertion waited for it.
            newest = added or _newest(connection, analysis, finding)
        return Outcome(newest, taken=newest is not None and self._is(newest, said))

    def _is(self, entry: RowMapping, said: Said) -> bool:
        """Whether an entry is what this person says now."""
        known = (entry["version"], entry["verdict"], entry["note"], entry["reviewer"])
        return known == (said.before + 1, said.verdict, said.note, self._reviewer)

    def _has(self, analysis: UUID, finding: int) -> bool:
        with read_by_team(self._engine, self._team) as connection:
            return self._knows(connection, analysis, finding)

    def _knows(self, connection: Connection, analysis: UUID, finding: int) -> bool:
        known = (
            sa.select(sa.literal(1))
            .join_from(analyses, findings, findings.c.analysis_id == analyses.c.id)
            .where(analyses.c.team == self._team, analyses.c.id == analysis, findings.c.number == finding)
            .where(~findings.c.withdrawn)
        )
        return connection.execute(known).first() is not None


def awaiting() -> ScalarSelect[int]:
    """How many findings of an analysis wait for a reviewer: those for review that nobody accepted or rejected."""
    newest = _newest_of(findings)
    settled = newest.c.verdict.in_([Verdict.ACCEPTED, Verdict.REJECTED])
    return (
        sa.select(sa.func.count())
        .select_from(findings.outerjoin(newest, sa.true()))
        .where(findings.c.analysis_id == analyses.c.id, findings.c.content["status"].astext == Status.FOR_REVIEW)
        .where(~findings.c.withdrawn, settled.is_not(sa.true()))
        .correlate(analyses)
        .scalar_subquery()
    )


def reviewed_findings(*, withdrawn: bool = False) -> sa.Select[Any]:
    """Findings, each with the newest entry about it, whose columns are null where there is none.

    `withdrawn`: those too that were, since their persons were corrected.
    """
    newest = _newest_of(findings)
    statement = sa.select(findings, *(newest.c[name] for name in _OF_ENTRY)).select_from(
        findings.outerjoin(newest, sa.true())
    )
    return statement if withdrawn else statement.where(~findings.c.withdrawn)


_OF_ENTRY = ("version", "verdict", "note", "reviewer", "reviewed_at")


def _newest_of(table: sa.Table) -> LateralFromClause:
    statement = sa.select(*(reviews.c[name] for name in _OF_ENTRY)).where(
        reviews.c.analysis_id == table.c.analysis_id, reviews.c.finding == table.c.number
    )
    return statement.order_by(reviews.c.version.desc()).limit(1).correlate(table).lateral("newest")


def _newest(connection: Connection, analysis: UUID, finding: int) -> RowMapping | None:
    statement = sa.select(reviews).where(_about(analysis, finding)).order_by(reviews.c.version.desc()).limit(1)
    return connection.execute(statement).mappings().one_or_none()


def _about(analysis: UUID, finding: int) -> sa.ColumnElement[bool]:
    return sa.and_(reviews.c.analysis_id == analysis, reviews.c.finding == finding)
