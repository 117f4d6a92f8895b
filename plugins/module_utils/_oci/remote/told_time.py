# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What time it is where a registry stands, as its answers tell."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from ..._common.http_date import parse_http_date

if TYPE_CHECKING:
    from datetime import datetime

    from ..._common.clock import Clock
    from .wire import Response

# The calendar ends with the year after it, and time must be able to go on.
_LAST_YEAR = 9998


class ToldTime:
    """The time of the ``Date`` headers, which goes on between two answers. Safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock.monotonic()
        self._told_then: datetime | None = None

    def hear(self, response: Response) -> None:
        """Take note of an answer. The newest time counts: what comes from a cache was true when it was put there."""
        told = parse_http_date(response.header("Date"))
        if told is None or told.year > _LAST_YEAR:
            return
        with self._lock:
            then = told - self._passed()
            self._told_then = max(then, self._told_then or then)

    def now(self) -> datetime | None:
        """The time now, in UTC; None before any was told."""
        return None if self._told_then is None else self._told_then + self._passed()

    def _passed(self) -> timedelta:
        return timedelta(seconds=self._clock.monotonic() - self._began)
