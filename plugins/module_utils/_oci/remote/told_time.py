# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What time it is where a registry stands, as its answers tell."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from ..._common.http_date import parse_http_date
from ..._common.time_span import TimeSpan, span_of

if TYPE_CHECKING:
    from datetime import datetime

    from ..._common.clock import Clock
    from .wire import Response

# The calendar ends with the year after it, and time must be able to go on.
_LAST_YEAR = 9998
_AGE = re.compile(r"[0-9]{1,9}", re.ASCII)


class ToldTime:
    """The times of the ``Date`` headers, which go on between two answers. Safe to use from many threads.

    A registry, or who stands before it, may tell several times. None of them is believed more than another, but what
    comes from a cache counts only where nothing else does: some caches write ``Date`` anew and leave ``Age``.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock.monotonic()
        self._direct: TimeSpan | None = None
        self._cached: TimeSpan | None = None

    def hear(self, response: Response) -> None:
        """Take note of an answer. One from a cache was made as long ago as its ``Age`` says."""
        passed, age = self._passed(), _age(response.values("Age"))
        if age is None:
            return
        for text in response.values("Date"):
            told = parse_http_date(text)
            if told is not None and told.year < _LAST_YEAR:
                self._note(told + age - passed, cached=age > timedelta(0))

    def _note(self, then: datetime, *, cached: bool) -> None:
        heard = TimeSpan(then, then)
        with self._lock:
            if cached:
                self._cached = span_of((self._cached, heard))
            else:
                self._direct = span_of((self._direct, heard))

    def now(self) -> TimeSpan | None:
        """The earliest and the latest time that it may be; None before any was told."""
        told, passed = self._direct or self._cached, self._passed()
        return None if told is None else TimeSpan(told.earliest + passed, told.latest + passed)

    def _passed(self) -> timedelta:
        return timedelta(seconds=self._clock.monotonic() - self._began)


def _age(values: list[str]) -> timedelta | None:
    """How long an answer lay in a cache; None when that cannot be read."""
    if not values:
        return timedelta(0)
    text = values[0].strip()
    return timedelta(seconds=int(text)) if len(values) == 1 and _AGE.fullmatch(text) else None
