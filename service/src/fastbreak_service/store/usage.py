# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a team has sent, what waits and what it keeps, against its quota.

Days and months are UTC's, and of the database's clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fastbreak_service.footage.ports import USUAL_DAYS
from fastbreak_service.store.callers import read_by_team
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.tables import analyses, person_erasures, uploads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Engine

    from fastbreak_service.quotas import Quota

UPLOAD_HOURS = 24
"""How long an upload may take: a bucket's lifecycle deletes its parts soon after."""
# Whoever asks for it has a turn after the other transactions that accept something for the same team.
_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('quota ' || :team, 0))")
# No month is longer, and work that waits for longer is given up by then.
_LOOKED_AT_DAYS = 32
_WAITING_SECONDS = 30
_SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"))


@dataclass(frozen=True, slots=True)
class Usage:
    """What waits or is analysed, what was sent in this day and month, and when these end.

    `stored_bytes` is what is in the storage or announced to come, and `stored_frees` when the first of it goes by
    itself, None where nobody knows.
    """

    now: datetime
    waiting: int
    day_bytes: int
    day_ends: datetime
    month_bytes: int
    month_ends: datetime
    stored_bytes: int = 0
    stored_frees: datetime | None = None


class QuotaError(Exception):
    """A video is more than the team may send: never (`heals_seconds` is None), or not yet."""

    def __init__(self, code: str, message: str, heals_seconds: int | None) -> None:
        super().__init__(message)
        self.code = code
        self.heals_seconds = heals_seconds


class TeamUsage:
    """The usage of one team, whose videos are kept for some days. Methods are transactions.

    All raise SQLAlchemy's errors.
    """

    def __init__(self, engine: Engine, team: str, quota: Quota, footage_days: int = USUAL_DAYS) -> None:
        self._engine = engine
        self._team = team
        self._footage_days = footage_days
        self.quota = quota

    @repeatable
    def now(self, but: UUID | None = None) -> Usage:
        """So far, without the upload of an id."""
        with read_by_team(self._engine, self._team) as connection:
            return _usage(connection, self._team, self._footage_days, but)

    def expect(self, size: int, identity: UUID | None = None) -> None:
        """Raise QuotaError when a video of this size, or an upload of it, would not be accepted at the moment."""
        refuse(self.now(identity), self.quota, size)


def hold_to(connection: Connection, team: str, quota: Quota, footage_days: int, recorded: tuple[UUID, int]) -> None:
    """Raise QuotaError, in the transaction that has `recorded` a video's id and size, when that is over the quota.

    Of transactions that do this at once for one team, the later sees what the earlier has committed.
    """
    connection.execute(_TURN, {"team": team})
    identity, size = recorded
    refuse(_usage(connection, team, footage_days, identity), quota, size)


def refuse(usage: Usage, quota: Quota, size: int) -> None:
    """Raise QuotaError when one more video of this size is over the quota; for what takes the longest to heal."""
    for most, what in (
        (quota.month_bytes, "send {} in a month"),
        (quota.day_bytes, "send {} in a day"),
        (quota.stored_bytes, "keep {}"),
    ):
        if size > most:
            may = what.format(_size(most))
            said = f"The video has {_size(size)}, and the team may {may}. Send a shorter part of it."
            raise QuotaError("over_quota", said, None)
    # Of two that take equally long, the first.
    problem = max(_used(usage, quota, size), key=lambda error: error.heals_seconds or 0, default=None)
    if problem is not None:
        raise problem


def _used(usage: Usage, quota: Quota, size: int) -> Iterator[QuotaError]:
    """What of the quota is used, so that the video has to wait."""
    for name, sent, most, ends in (
        ("month", usage.month_bytes, quota.month_bytes, usage.month_ends),
        ("day", usage.day_bytes, quota.day_bytes, usage.day_ends),
    ):
        if sent + size > most:
            said = (
                f"The team has sent {_size(sent)} of the {_size(most)} that it may send in this {name}, and the video "
                f"has {_size(size)}. Send it again when the next {name} has begun, at {_moment(ends)}."
            )
            yield QuotaError("quota_used", said, _seconds(usage.now, ends))
    if usage.stored_bytes + size > quota.stored_bytes:
        frees = usage.stored_frees
        said = (
            f"The team's videos, with what its uploads under way have announced, have {_size(usage.stored_bytes)} of "
            f"the {_size(quota.stored_bytes)} that it may keep, and this video has {_size(size)}. Erase analyses that "
            "are needed no more, or give uploads up (GET /v1/uploads lists yours, and administrators all of "
            f"them; DELETE /v1/uploads/{{id}}); {_goes(frees)}. Then send it again."
        )
        yield QuotaError("quota_stored", said, _seconds(usage.now, frees) if frees else _WAITING_SECONDS)
    if usage.waiting >= quota.waiting:
        said = (
            f"{usage.waiting} analyses of the team wait or are analysed, and {quota.waiting} may at once. Send the "
            "video again when one of them has ended."
        )
        yield QuotaError("quota_waiting", said, _WAITING_SECONDS)


def _goes(frees: datetime | None) -> str:
    when = f"at {_moment(frees)}" if frees else "when its analysis has ended"
    return f"the first of them goes by itself {when}"


def _size(count: int) -> str:
    """A size in words that are as large as it is, rounded."""
    for unit, name in _SIZES:
        if count >= unit:
            return f"{count / unit:.2f}".rstrip("0").rstrip(".") + f" {name}"
    return f"{count} byte{'s' if count != 1 else ''}"


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _seconds(now: datetime, until: datetime) -> int:
    return max(1, math.ceil((until - now).total_seconds()))


def _usage(connection: Connection, team: str, footage_days: int, but: UUID | None) -> Usage:
    """A team's, without the analysis or the upload of an id."""
    now = sa.func.now()
    day, month = (sa.func.date_trunc(unit, now, "UTC") for unit in ("day", "month"))
    statement = sa.select(
        now.label("now"),
        sa.func.count().filter(analyses.c.finished_at.is_(None)).label("waiting"),
        _sent(analyses.c.created_at >= day).label("day_bytes"),
        (day + sa.text("interval '24 hours'")).label("day_ends"),
        _sent(analyses.c.created_at >= month).label("month_bytes"),
        sa.func.date_trunc("month", month + _days(_LOOKED_AT_DAYS), "UTC").label("month_ends"),
        *_kept(footage_days),
    ).where(
        analyses.c.team == team,
        analyses.c.id.is_distinct_from(but),
        analyses.c.created_at >= now - _days(max(_LOOKED_AT_DAYS, footage_days)),
    )
    row = connection.execute(statement).mappings().one()
    coming = connection.execute(_announced(team, but)).mappings().one()
    return Usage(
        row["now"],
        row["waiting"],
        int(row["day_bytes"]),
        row["day_ends"],
        int(row["month_bytes"]),
        row["month_ends"],
        int(row["bytes"]) + int(coming["bytes"]),
        min((moment for moment in (row["ends"], coming["ends"]) if moment is not None), default=None),
    )


def _kept(footage_days: int) -> tuple[ColumnElement[int], ColumnElement[datetime]]:
    """Bytes of videos that are in the storage, and until when the first of those that are kept for a time."""
    ends = analyses.c.created_at + _days(footage_days)
    # While somebody in it is being covered, the analysis names no place of its video, which comes back.
    covered = sa.exists(
        sa.select(person_erasures.c.analysis_id).where(
            person_erasures.c.analysis_id == analyses.c.id,
            person_erasures.c.erased_at.is_(None),
            person_erasures.c.how == "blurred",
        )
    )
    kept = sa.and_(sa.or_(analyses.c.footage_place.is_not(None), covered), ends > sa.func.now())
    # A video is there until its analysis has ended, whatever else is said of it.
    there = _sent(sa.or_(kept, analyses.c.finished_at.is_(None)))
    return there.label("bytes"), sa.func.min(ends).filter(kept).label("ends")


def _announced(team: str, but: UUID | None) -> sa.Select[tuple[int, datetime]]:
    """Bytes that uploads under way have announced, and when the first of these ends."""
    ends = uploads.c.created_at + sa.func.make_interval(0, 0, 0, 0, UPLOAD_HOURS)
    announced = sa.func.coalesce(sa.func.sum(uploads.c.size_bytes), 0).label("bytes")
    return sa.select(announced, sa.func.min(ends).label("ends")).where(
        uploads.c.team == team, uploads.c.id.is_distinct_from(but), uploads.c.error_code.is_(None), ends > sa.func.now()
    )


def _days(count: int) -> ColumnElement[datetime]:
    return sa.func.make_interval(0, 0, 0, count)


def _sent(which: ColumnElement[bool]) -> ColumnElement[int]:
    """Bytes of the videos of which this is true."""
    return sa.func.coalesce(sa.func.sum(analyses.c.size_bytes).filter(which), 0)
