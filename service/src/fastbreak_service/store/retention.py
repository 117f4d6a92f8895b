# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Until when a video is kept, by its row: from its arrival on, as a bucket's lifecycle counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


@dataclass(frozen=True, slots=True)
class Retention:
    """Videos of a place are kept for some days."""

    place: str
    days: int

    def until(self, row: RowMapping, now: datetime | None = None) -> datetime | None:
        """Until when an analysis's video is here; None when it is no more, or never was for longer than its work."""
        if row["footage_place"] != self.place:
            return None
        end: datetime = row["created_at"] + timedelta(days=self.days)
        return end if end > (now or datetime.now(UTC)) else None
