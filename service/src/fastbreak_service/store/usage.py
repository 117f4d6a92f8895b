# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a team has sent and what waits, against its quota. Days and months are UTC's, and of the database's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastbreak_service.store.callers import of_team
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine

    from fastbreak_service.quotas import Quota

# Whoever asks for it has a turn after the other transactions that accept something for the same team.
_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('quota ' || :team, 0))")
# No month is longer, and work that waits for longer is given up by then.
_LOOKED_AT = sa.text("interval '32 days'")
_WAITING_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Usage:
    """What waits or is analysed, what was sent in this day and month, and when these end."""

    now: datetime
    waiting: int
    day_bytes: int
    day_ends: datetime
    month_bytes: int
    month_ends: datetime


class QuotaError(Exception):
    """A video is more than the team may send: never (`heals_seconds` is None), or not yet."""

    def __init__(self, code: str, message: str, heals_seconds: int | None) -> None:
        super().__init__(message)
        self.code = code
        self.heals_seconds = heals_seconds


class TeamUsage:
    """The usage of one team. Methods are transactions; all raise SQLAlchemy's errors."""

    def __init__(self, engine: Engine, team: str, quota: Quota) -> None:
        self._engine = engine
        self._team = team
        self.quota = quota

    @repeatable
    def now(self) -> Usage:
        """So far."""
        with of_team(self._engine, self._team) as connection:
            return _usage(connection, self._team)

    def expect(self, size: int) -> None:
        """Raise QuotaError when a video of this size would not be accepted at the moment."""
        refuse(self.now(), self.quota, size)


def hold_to(connection: Connection, team: str, quota: Quota, size: int) -> None:
    """Raise QuotaError, in the transaction that has recorded a video of this size, when that is over the quota.

    Of transactions that do this at once for one team, the later sees what the earlier has committed.
    """
    connection.execute(_TURN, {"team": team})
    found = _usage(connection, team)
    before = Usage(
        found.now,
        found.waiting - 1,
        found.day_bytes - size,
        found.day_ends,
        found.month_bytes - size,
        found.month_ends,
    )
    refuse(before, quota, size)


def refuse(usage: Usage, quota: Quota, size: int) -> None:
    """Raise QuotaError when one more video of this size is over the quota; for what takes the longest to heal."""
    spans = (
        ("month", usage.month_bytes, quota.month_bytes, usage.month_ends),
        ("day", usage.day_bytes, quota.day_bytes, usage.day_ends),
    )
    for name, _sent, most, _ends in spans:
        if size > most:
            said = f"The video has {size} bytes, and the team may send {most} in a {name}. Send a shorter part of it."
            raise QuotaError("over_quota", said, None)
    for name, sent, most, ends in spans:
        if sent + size > most:
            said = (
                f"The team has sent {sent} of the {most} bytes that it may send in this {name}, and the video has "
                f"{size}. Send it again when the next {name} has begun, at {ends.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}."
            )
            raise QuotaError("quota_used", said, max(1, math.ceil((ends - usage.now).total_seconds())))
    if usage.waiting >= quota.waiting:
        said = (
            f"{usage.waiting} analyses of the team wait or are analysed, and {quota.waiting} may at once. Send the "
            "video again when one of them has ended."
        )
        raise QuotaError("quota_waiting", said, _WAITING_SECONDS)


def _usage(connection: Connection, team: str) -> Usage:
    now = sa.func.now()
    day, month = (sa.func.date_trunc(unit, now, "UTC") for unit in ("day", "month"))
    statement = sa.select(
        now.label("now"),
        sa.func.count().filter(analyses.c.finished_at.is_(None)).label("waiting"),
        _since(day).label("day_bytes"),
        (day + sa.text("interval '24 hours'")).label("day_ends"),
        _since(month).label("month_bytes"),
        sa.func.date_trunc("month", month + _LOOKED_AT, "UTC").label("month_ends"),
    ).where(analyses.c.team == team, analyses.c.created_at >= now - _LOOKED_AT)
    row = connection.execute(statement).mappings().one()
    return Usage(**{**row, "day_bytes": int(row["day_bytes"]), "month_bytes": int(row["month_bytes"])})


def _since(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Bytes sent since then."""
    sent = sa.func.sum(analyses.c.size_bytes).filter(analyses.c.created_at >= moment)
    return sa.func.coalesce(sent, 0)
