# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only loop that waits: look, and look again until it is done or the time is up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .._errors import FastbreakError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._errors import FastbreakError

T = TypeVar("T")

_LEAST_SECONDS = 1e-6


class Sleeper(Protocol):
    """What waiting needs of time. A clock gives it; so does whatever is useful between two looks."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


def growing(shortest: float, longest: float, share: float = 0.1) -> Callable[[float], float]:
    """Pauses of a *share* of the time waited so far, between *shortest* and *longest* seconds."""
    return lambda elapsed: min(longest, max(shortest, elapsed * share))


def until(  # noqa: PLR0913, UP047 - each is a thing of its own; type parameters need a newer Python than the collection
    look: Callable[[], T],
    done: Callable[[T], bool],
    *,
    clock: Sleeper,
    seconds: float,
    pause: float | Callable[[float], float],
    on_timeout: Callable[[T, float], FastbreakError],
) -> T:
    """The first look that is *done*. There is always one look, however short the time.

    *pause* is how long to wait between two looks, or a function of the seconds waited so far; no pause goes beyond the
    end. *on_timeout* makes the error from the last look and the seconds waited. What *look* and *done* raise ends the
    wait. A time of *seconds* that is no number ends the wait after one look.
    """
    began = clock.monotonic()
    while True:
        seen = look()
        if done(seen):
            return seen
        elapsed = clock.monotonic() - began
        left = seconds - elapsed
        # What is left may be too little to move a clock of floating-point seconds.
        if not left > _LEAST_SECONDS:
            raise on_timeout(seen, elapsed)
        clock.sleep(min(left, pause(elapsed) if callable(pause) else pause))


def timed_out(message: str, **last: Any) -> WaitTimeoutError:
    """The error of a wait that ended before what it waited for did; *last* is what was seen last, as plain data."""
    return WaitTimeoutError(message, last=last)
