# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long to wait before a request is sent again: exponential, with full jitter, or as long as the server asks."""

from __future__ import annotations

from dataclasses import dataclass

from .http_date import parse_http_date


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """At most ``attempts`` in all. Before attempt *n* + 1 up to ``base_seconds`` times 2^(*n* - 1), at most the cap.

    A server that asks for more is obeyed up to ``longest_asked_seconds``: none can hold a run for ever.
    """

    attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 20.0
    longest_asked_seconds: float = 60.0


def delay_seconds(policy: BackoffPolicy, attempt: int, fraction: float, asked_seconds: float | None = None) -> float:
    """Seconds to wait after the failed *attempt* (1 is the first). *fraction* is random, from 0 to 1."""
    ceiling: float = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(attempt - 1, 30))
    drawn = ceiling * fraction
    if asked_seconds is None:
        return drawn
    # The jitter on top keeps those who were told the same time from coming back together.
    return min(asked_seconds, policy.longest_asked_seconds) + drawn


def parse_retry_after(text: str, date: str) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number, or a date; None for anything else. Never negative.

    *date* is the ``Date`` header of the same answer, which a date is held against; without it a date says nothing.
    """
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit() and len(stripped) < 10:
        return float(stripped)
    moment, now = parse_http_date(stripped), parse_http_date(date)
    return max(0.0, (moment - now).total_seconds()) if moment and now else None
