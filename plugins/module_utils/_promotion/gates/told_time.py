# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the time that the registries tell is good enough to judge by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..._common.time_span import UNKNOWN_TIME

if TYPE_CHECKING:
    from datetime import datetime

    from ..._common.time_span import TimeSpan

#: What clocks that are looked after differ by, with the time that an answer takes.
AGREEMENT = timedelta(minutes=5)


def time_problem(now: TimeSpan) -> str:
    """Why nothing that depends on the time can be judged at *now*; empty when it can."""
    if now == UNKNOWN_TIME:
        return (
            "neither registry has a usable `Date` header in its answers, so that the time is not known; look what "
            "stands between here and the registries"
        )
    if now.width > AGREEMENT:
        return (
            f"the `Date` headers of the registries' answers differ by {_words(now.width)}, between "
            f"{show_time(now.earliest)} and {show_time(now.latest)}, so that the time is not known; look at the clocks "
            "of both registries, and for a cache before them"
        )
    return ""


def show_time(moment: datetime) -> str:
    """*moment*, which is in UTC, to the second."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _words(width: timedelta) -> str:
    hours = width.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours < 48 else f"{width.days} days"
