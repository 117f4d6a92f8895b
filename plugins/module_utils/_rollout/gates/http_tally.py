# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate ``http`` keeps of the answers that it gets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .latency_tally import LatencyTally

if TYPE_CHECKING:
    from collections.abc import Iterator

_BAD_SHOWN = 3
MOST_LATEST = 100
_GOOD, _SLOW, _FAILED = ".", "s", "x"


@dataclass(frozen=True, slots=True)
class HttpTally(LatencyTally):
    """Counts of one window. ``samples`` are the answers that count, ``others`` those of another release.

    ``fatal`` are those of which one is too many. ``bad`` are the ids of the latest requests whose answers failed or
    were slow, each with its answer. ``latest`` has a sign for each of the last answers, the newest last; a run that
    takes the release up begins it anew, for what was seen before a gap says nothing of now.
    """

    others: int = 0
    errors: int = 0
    errors_in_a_row: int = 0
    statuses: tuple[tuple[str, int], ...] = ()
    last_error: str = ""
    redirect: str = ""
    slow: int = 0
    fatal: int = 0
    bad: tuple[str, ...] = ()
    latest: str = field(default="", metadata={"begun_anew": True})

    def not_sent(self, problem: str) -> HttpTally:
        """The counts with a request that could not be sent."""
        return replace(self, errors=self.errors + 1, errors_in_a_row=self.errors_in_a_row + 1, last_error=problem)

    def answered(
        self, label: str, *, passed: bool, slow: bool = False, fatal: bool = False, request_id: str = ""
    ) -> HttpTally:
        """The counts with an answer that counts; *label* is what it is called in words."""
        statuses = Counter(dict(self.statuses))
        statuses[label] += 1
        return replace(
            self.add(passed=passed),
            errors_in_a_row=0,
            statuses=tuple(sorted(statuses.items())),
            slow=self.slow + slow,
            fatal=self.fatal + fatal,
            latest=(self.latest + (_FAILED if not passed else _SLOW if slow else _GOOD))[-MOST_LATEST:],
            bad=(*self.bad, f"{request_id} ({label})")[-_BAD_SHOWN:]
            if request_id and (slow or not passed)
            else self.bad,
        )

    def of_latest(self, count: int) -> tuple[int, int, int]:
        """Of the latest answers, *count* at most: how many there are, how many failed, how many were slow."""
        latest = self.latest[-count:]
        return len(latest), latest.count(_FAILED), latest.count(_SLOW)

    @property
    def told(self) -> str:
        """The answers that count by their status, in words."""
        counted = ", ".join(f"{count} x {label}" for label, count in self.statuses) or "no answer that counts"
        return f"{self.failures} of {self.samples} failed ({counted})"

    @property
    def beside(self) -> Iterator[str]:
        """What else came, in words."""
        if self.bad:
            yield f"requests that failed last, by their ids in the logs: {', '.join(self.bad)}"
        if self.redirect:
            yield (
                f"redirected to {self.redirect}, which is not followed: set the gate's path (and url) to what answers "
                "itself, or add the status to expected_status"
            )
        if self.others:
            yield f"{self.others} from another release not counted"
        if self.errors:
            yield f"{self.errors} could not be sent ({self.last_error})"
