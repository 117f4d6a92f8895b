# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time that judges: seconds in which a watch could look and measure. What held it up does not count."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._common.wait import Sleeper


class JudgedTime:
    """Seconds by *clock* since the start. Of a turn at most *longest* seconds count: more of it was no measuring."""

    def __init__(self, clock: Sleeper, longest: float) -> None:
        self._clock = clock
        self._longest = longest
        self._counted = 0.0
        self._counts = True
        self._turned = clock.monotonic()

    def now(self) -> float:
        """What counts until now."""
        passed = min(self._longest, self._clock.monotonic() - self._turned)
        return self._counted + (passed if self._counts else 0.0)

    def turn(self) -> None:
        """Begin the next turn."""
        self._counted = self.now()
        self._turned = self._clock.monotonic()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Nothing counts of what is done inside: it neither looks nor measures."""
        counted = self.now()
        try:
            yield
        finally:
            self._counted, self._turned = counted, self._clock.monotonic()

    def looked(self, *, seen: bool) -> None:
        """Time does not count from before a look in which nothing could be *seen*, until after the next that sees."""
        if seen:
            self.turn()
        self._turned = self._clock.monotonic()
        self._counts = seen
