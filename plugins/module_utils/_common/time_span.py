# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of day as far as others tell it: between two times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Now is not before ``earliest`` and not after ``latest``, both in UTC."""

    earliest: datetime
    latest: datetime

    @property
    def width(self) -> timedelta:
        """How far apart they are."""
        return self.latest - self.earliest


#: What is known of a time that nobody tells.
UNKNOWN_TIME = TimeSpan(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def span_of(told: Iterable[TimeSpan | None]) -> TimeSpan:
    """The span that holds all that was *told*; None tells nothing, and nothing told is `UNKNOWN_TIME`."""
    spans = [span for span in told if span is not None]
    if not spans:
        return UNKNOWN_TIME
    return TimeSpan(min(span.earliest for span in spans), max(span.latest for span in spans))
