# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The queries by which callers read analyses, each built once: building one takes longer than the database's answer.

Each holds to the team by itself, which is the first line; the database's policies are the second. Their parameters:
`team`, `analysis`, `subject`, `limit`, and those of filters that are asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fastbreak_service.store.tables import analyses, doubts, events, findings, persons
from fastbreak_service.store.tables import measures_of_team as measures
from fastbreak_service.store.tables import poses_of_team as poses
from fastbreak_service.store.team_reviews import awaiting, reviewed_findings

if TYPE_CHECKING:
    from sqlalchemy import Select

_MINE = analyses.c.team == sa.bindparam("team")
_THIS = sa.and_(_MINE, analyses.c.id == sa.bindparam("analysis"))
_IS_MINE = sa.exists().where(_THIS)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)
# What a list shows: results are large, and it has nothing of them.
_LISTED = (
    analyses.c.id,
    analyses.c.status,
    analyses.c.filename,
    analyses.c.created_at,
    analyses.c.started_at,
    analyses.c.finished_at,
    analyses.c.footage_place,
    analyses.c.error_code,
    analyses.c.error_message,
)
_SAID = {
    "events": (sa.select(events), events),
    "findings": (reviewed_findings(), findings),
    "poses": (sa.select(poses), poses),
    "doubts": (sa.select(doubts), doubts),
}
KNOWN = sa.select(sa.literal(1)).where(_THIS)
"""Whether there is an analysis."""
STATE = sa.select(analyses.c.status, analyses.c.attempt, analyses.c.segments, analyses.c.segments_ended).where(_THIS)
ONE = sa.select(analyses, awaiting().label("awaits_review")).where(_THIS)
PERSONS = (
    sa.select(persons).where(persons.c.analysis_id == sa.bindparam("analysis"), _IS_MINE).order_by(persons.c.person)
)


@cache
def newest(*, awaits_review: bool | None, own: bool, after: bool) -> Select[Any]:
    """The newest analyses first, without what was found; those older than one, when given."""
    waiting = awaiting()
    statement = sa.select(*_LISTED, waiting.label("awaits_review")).where(_MINE)
    if awaits_review is not None:
        statement = statement.where(waiting > 0 if awaits_review else waiting == 0)
    if own:
        statement = statement.where(analyses.c.sent_by == sa.bindparam("subject"))
    if after:
        here, last = _places(analyses.c.created_at, analyses.c.id)
        statement = statement.where(here < last)
    return statement.order_by(analyses.c.created_at.desc(), analyses.c.id.desc()).limit(_LIMIT)


@cache
def measured(*, person: bool, angle: bool, after: bool) -> Select[Any]:
    """Measures by person, frame and angle: of one person or one angle, and those after one, when given."""
    here, last = _places(measures.c.person, measures.c.frame, measures.c.angle)
    statement = sa.select(measures).where(measures.c.analysis_id == sa.bindparam("analysis"), _IS_MINE)
    if person:
        statement = statement.where(measures.c.person == sa.bindparam("person"))
    if angle:
        statement = statement.where(measures.c.angle == sa.bindparam("angle"))
    if after:
        statement = statement.where(here > last)
    return statement.order_by(measures.c.person, measures.c.frame, measures.c.angle).limit(_LIMIT)


@cache
def said(kind: str, *, person: bool) -> Select[Any]:
    """Events, findings, poses or doubts after a number, in order of their numbers; of one person, when given."""
    statement, table = _SAID[kind]
    statement = statement.where(table.c.analysis_id == sa.bindparam("analysis"), _IS_MINE)
    statement = statement.where(table.c.number > sa.bindparam("after"))
    if person:
        statement = statement.where(table.c.person == sa.bindparam("person"))
    return statement.order_by(table.c.number).limit(_LIMIT)


def _places(*columns: sa.Column[Any] | sa.ColumnClause[Any]) -> tuple[sa.Tuple, sa.Tuple]:
    """Where a row is in an order, and where the last one is that the caller has: parameters `last_` and the name."""
    last = [sa.bindparam(f"last_{column.name}", type_=column.type) for column in columns]
    return sa.tuple_(*columns), sa.tuple_(*last)
