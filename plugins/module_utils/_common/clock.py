# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time: wall time for records, monotonic time for durations."""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Clock(Protocol):
    """Time, as a flow asks for it."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class TickingClock(Clock, Protocol):
    """A clock that also has something done again and again while its caller is busy."""

    def every(self, seconds: float, work: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
        """Do *work* every so many seconds until the context ends, whatever is done inside it.

        *work* may run in a thread of its own. It has to end in bounded time and must not raise.
        """


def _nobody() -> None:
    """Nobody waits for the result but the caller itself."""


class SystemClock:
    """The machine's time. *awake* is called after each sleep; it raises when nobody waits for the result any more."""

    def __init__(self, awake: Callable[[], None] = _nobody) -> None:
        self._awake = awake

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
        self._awake()

    @contextlib.contextmanager
    def every(self, seconds: float, work: Callable[[], None]) -> Iterator[None]:
        """Do *work* in a thread of its own. The thread has ended when the context has, however that ends."""
        ended, context = threading.Event(), contextvars.copy_context()

        def run() -> None:
            while not ended.wait(seconds):
                work()

        thread = threading.Thread(target=context.run, args=(run,), daemon=True, name="every few seconds")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
