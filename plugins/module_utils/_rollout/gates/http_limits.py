# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many answers the gate ``http`` needs, and how many of them may be wrong or slow. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.verdict import Verdict, combine
from .model import Tally
from .statistics.proportion import p_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .http_tally import HttpTally

#: Limits of what a gate may let through or wait for: with more it would judge nothing.
_MOST_FAILURES = 0.9
_LONGEST_REQUEST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """``maximum_latency_seconds`` None: it does not matter how long answers take."""

    minimum_samples: int
    maximum_failure_ratio: float
    maximum_latency_seconds: float | None
    latency_quantile: float

    @property
    def _slow_ratio(self) -> float:
        # 1 - 0.9 comes out below 0.1, by which 1 slow answer of 10 would be too many.
        return round(1.0 - self.latency_quantile, 9)

    def problems(self, *, request_timeout_seconds: float, interval_seconds: float, deadline: float) -> Iterator[str]:
        """No sensible limits, or more samples than time."""
        longest = self.maximum_latency_seconds
        if longest is not None and not 0 < longest <= request_timeout_seconds:
            yield "maximum_latency_seconds must be above 0, and at most request_timeout_seconds."
        if not 1 - _MOST_FAILURES <= self.latency_quantile < 1:
            yield f"latency_quantile must be from {1 - _MOST_FAILURES:.1f} to below 1; 0.95 is the slowest in 20."
        if not 0 <= self.maximum_failure_ratio <= _MOST_FAILURES:
            yield f"maximum_failure_ratio must be from 0 to {_MOST_FAILURES:g}; with more hardly anything could fail."
        if not 0 < request_timeout_seconds <= _LONGEST_REQUEST_SECONDS:
            yield f"request_timeout_seconds must be a number above 0, and at most {_LONGEST_REQUEST_SECONDS} (an hour)."
        if self.minimum_samples < 1 or not interval_seconds > 0:
            yield "minimum_samples must be at least 1 and interval_seconds above 0."
        elif self.minimum_samples * interval_seconds > deadline:
            yield (
                f"{self.minimum_samples} samples every {interval_seconds:g} s do not fit into its deadline of "
                f"{deadline:g} s, so it could never pass."
            )

    def verdict(self, tally: HttpTally, *, baked: bool) -> Verdict:
        """Requests that could not be sent are an ERROR, unless the answers are bad enough already."""
        verdict = tally.verdict(self.minimum_samples, self.maximum_failure_ratio, baked=baked)
        if self.maximum_latency_seconds is not None:
            slow = Tally(tally.samples, tally.slow).verdict(self.minimum_samples, self._slow_ratio, baked=baked)
            verdict = combine((verdict, slow))
        unsent = tally.errors_in_a_row or (tally.errors and tally.samples < self.minimum_samples)
        return Verdict.ERROR if unsent and verdict is not Verdict.UNHEALTHY else verdict

    def p_value(self, tally: HttpTally) -> float:
        """Of this many failures, and slow answers, when no more than the limits are."""
        failed = p_value(tally.failures, tally.samples, self.maximum_failure_ratio)
        if self.maximum_latency_seconds is None:
            return failed
        return min(1.0, 2 * min(failed, p_value(tally.slow, tally.samples, self._slow_ratio)))

    def seen(self, tally: HttpTally) -> str:
        """How many answers were slow, in words; empty when that does not matter."""
        if self.maximum_latency_seconds is None:
            return ""
        return f"{tally.slow} took longer than {self.maximum_latency_seconds:g} s"

    def wanted(self, right: str, bake_seconds: float) -> str:
        """What is asked for, in words; *right* is how an answer has to be."""
        slow = self.maximum_latency_seconds
        latency = "" if slow is None else f"; {self.latency_quantile:.1%} of them within {slow:g} s"
        return (
            f"at least {self.minimum_samples} answers, at most {self.maximum_failure_ratio:.1%} of them other than "
            f"{right}, over {bake_seconds:g} s{latency}"
        )
