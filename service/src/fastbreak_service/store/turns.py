# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whose turn it is: what is to be taken next, so that no team waits for all that another one has sent.

A team for which fewer pieces are being worked on comes first, and of several of these the one that had its turn the
longest ago. Of one team's, what was begun comes before what is new, and what waits for longer before the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from fastbreak_service.store.tables import analyses, segments, work
from fastbreak_service.store.team_analyses import JOIN_CONTRACTS, SEGMENT_FORMS, TAKEN_CONTRACTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import CTE, ColumnElement, Select, Table
    from sqlalchemy.sql.selectable import LateralFromClause


def next_piece(place: str, served: Sequence[str], *, abandoned: bool) -> Select[Any]:
    """The piece of work to be taken, locked: its analysis, its segment or None, its contract and its team.

    `served` are teams that had their turns, the latest last; `abandoned`: also what a lease has run out of. What
    somebody else takes at the moment is passed over.
    """
    line = _line(place, served)
    segment, whole = _segment_of(line, abandoned), _whole_of(line, abandoned)
    # The lateral parts are run for one row of the line after the other, until one has found and locked a piece.
    rows = line.outerjoin(segment, sa.true()).outerjoin(whole, sa.true())
    analysis = sa.func.coalesce(segment.c.analysis_id, whole.c.analysis_id)
    columns = (line.c.analysis_id, segment.c.number, line.c.contract, line.c.team)
    return sa.select(*columns).select_from(rows).where(analysis.is_not(None)).limit(1)


def _segment_of(line: CTE, abandoned: bool) -> LateralFromClause:
    return (
        sa.select(segments.c.analysis_id, segments.c.number)
        .where(segments.c.analysis_id == line.c.analysis_id, line.c.contract.in_(SEGMENT_FORMS))
        .where(segments.c.ended_at.is_(None), *_free(segments, abandoned))
        .order_by(segments.c.available_at, segments.c.number)
        .limit(1)
        .with_for_update(skip_locked=True)
        .lateral("segment")
    )


def _whole_of(line: CTE, abandoned: bool) -> LateralFromClause:
    return (
        sa.select(work.c.analysis_id)
        .where(work.c.analysis_id == line.c.analysis_id, work.c.contract == line.c.contract)
        .where(work.c.contract.in_(TAKEN_CONTRACTS), work.c.dead_at.is_(None), *_free(work, abandoned))
        .limit(1)
        .with_for_update(skip_locked=True)
        .lateral("whole")
    )


def _line(place: str, served: Sequence[str]) -> CTE:
    """All analyses that there is work on, in their order."""
    unended = _unended(place)
    teams = _teams(unended, served)
    kind = sa.case(
        (unended.c.contract.in_(SEGMENT_FORMS), 0), (unended.c.contract.in_(JOIN_CONTRACTS.values()), 1), else_=2
    )
    order = (teams.c.busy, teams.c.turn.nulls_first(), kind, unended.c.available_at, unended.c.analysis_id)
    return sa.select(unended).join(teams, teams.c.team == unended.c.team).order_by(*order).cte("line")


def _unended(place: str) -> CTE:
    columns = (work.c.analysis_id, work.c.contract, work.c.available_at, work.c.lease_until, analyses.c.team)
    found = sa.select(*columns).join(analyses).where(work.c.place == place, work.c.dead_at.is_(None))
    return _once(found.cte("unended"))


def _teams(unended: CTE, served: Sequence[str]) -> CTE:
    """For how many pieces of a team a lease is kept, and when it had its turn; null before that."""
    now = sa.func.now()
    leased = _once(
        sa.select(segments.c.analysis_id, sa.func.count().label("pieces"))
        .where(segments.c.ended_at.is_(None), segments.c.lease_until > now)
        .group_by(segments.c.analysis_id)
        .cte("leased")
    )
    pieces = sa.func.coalesce(leased.c.pieces, 0) + sa.case((unended.c.lease_until > now, 1), else_=0)
    turn = sa.func.array_position(sa.cast(list(served), ARRAY(sa.Text)), unended.c.team)
    return (
        sa.select(unended.c.team, sa.func.sum(pieces).label("busy"), turn.label("turn"))
        .outerjoin(leased, leased.c.analysis_id == unended.c.analysis_id)
        .group_by(unended.c.team)
        .cte("teams")
    )


def _once(found: CTE) -> CTE:
    """Looked for once, and not for each row that it is joined to: right after a night's uploads no statistics help."""
    return found.prefix_with("MATERIALIZED")


def _free(table: Table, abandoned: bool) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What nobody has, or whose lease has run out, and which may be taken by now."""
    lapsed = sa.and_(sa.literal(abandoned), table.c.lease_until < sa.func.now())
    return table.c.available_at <= sa.func.now(), sa.or_(table.c.lease_until.is_(None), lapsed)
