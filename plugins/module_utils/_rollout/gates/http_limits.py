# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many answers the gate ``http`` needs, and how many of them may be wrong or slow. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._common.verdict import Verdict, combine
from .http_tally import MOST_LATEST
from .model import Tally
from .statistics.latency import block_size, is_in_doubt, is_slower
from .statistics.mixture import mixed_p_value
from .statistics.proportion import is_above, p_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .http_tally import HttpTally

#: Limits of what a gate may let through or wait for: with more it would judge nothing.
_MOST_FAILURES = 0.9
_LONGEST_REQUEST_SECONDS = 3600
_LARGEST_INCREASE = 100.0
_LARGEST_BLOCK = 100


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """``maximum_latency_seconds`` None: it does not matter how long answers take.

    ``maximum_latency_increase`` None: nor how long those of the running version do at the same time.
    """

    minimum_samples: int
    maximum_failure_ratio: float
    maximum_latency_seconds: float | None
    latency_quantile: float
    maximum_latency_increase: float | None = None

    @property
    def _slow_ratio(self) -> float:
        # 1 - 0.9 comes out below 0.1, by which 1 slow answer of 10 would be too many.
        return round(1.0 - self.latency_quantile, 9)

    def needed_seconds(self, interval_seconds: float, successes: int) -> float:
        """How long so many samples take, each of the last *successes* of which is enough with those before it."""
        return interval_seconds * (self.minimum_samples + successes - 1)

    def problems(
        self,
        *,
        request_timeout_seconds: float,
        interval_seconds: float,
        deadline: float,
        delay: float = 0.0,
        successes: int = 1,
    ) -> Iterator[str]:
        """No sensible limits, or more samples than time."""
        longest = self.maximum_latency_seconds
        if longest is not None and not 0 < longest <= request_timeout_seconds:
            yield "maximum_latency_seconds must be above 0, and at most request_timeout_seconds."
        if not 1 - _MOST_FAILURES <= self.latency_quantile < 1:
            yield f"latency_quantile must be from {1 - _MOST_FAILURES:.1f} to below 1; 0.95 is the slowest in 20."
        yield from self._increase_problems()
        if not 0 <= self.maximum_failure_ratio <= _MOST_FAILURES:
            yield f"maximum_failure_ratio must be from 0 to {_MOST_FAILURES:g}; with more hardly anything could fail."
        if not 0 < request_timeout_seconds <= _LONGEST_REQUEST_SECONDS:
            yield f"request_timeout_seconds must be a number above 0, and at most {_LONGEST_REQUEST_SECONDS} (an hour)."
        if self.minimum_samples < 1 or not interval_seconds > 0:
            yield "minimum_samples must be at least 1 and interval_seconds above 0."
        elif delay + self.needed_seconds(interval_seconds, successes) > deadline:
            more = f" and consecutive_successes of {successes} after them" if successes > 1 else ""
            late = f", from initial_delay_seconds {delay:g} on" if delay else ""
            yield (
                f"its minimum_samples of {self.minimum_samples}{more}, every {interval_seconds:g} s{late}, do not fit "
                f"into its deadline of {deadline:g} s (deadline_seconds), so it could never pass."
            )

    def _increase_problems(self) -> Iterator[str]:
        increase = self.maximum_latency_increase
        if increase is None:
            return
        if not 0 <= increase <= _LARGEST_INCREASE:
            yield (
                f"maximum_latency_increase must be from 0 to {_LARGEST_INCREASE:g}: 1 lets answers take twice as long "
                "as the running version's."
            )
        if self.latency_quantile < 1 and block_size(self.latency_quantile) > _LARGEST_BLOCK:
            yield (
                f"latency_quantile {self.latency_quantile:g} is above 0.99: with maximum_latency_increase so many "
                "answers of the running version would be needed for each comparison that they are no longer of the "
                "same minutes."
            )

    def is_too_slow(self, tally: HttpTally) -> bool:
        """Whether more answers took too long than chance explains."""
        return self.maximum_latency_seconds is not None and is_above(tally.slow, tally.samples, self._slow_ratio)

    def verdict(self, tally: HttpTally, *, baked: bool) -> Verdict:
        """Requests that could not be sent are an ERROR, unless the answers are bad enough already.

        An answer of which one is too many is never explained by chance.
        """
        if tally.fatal:
            return Verdict.UNHEALTHY
        verdict = tally.verdict(self.minimum_samples, self.maximum_failure_ratio, baked=baked)
        if self.maximum_latency_seconds is not None:
            slow = Tally(tally.samples, tally.slow).verdict(self.minimum_samples, self._slow_ratio, baked=baked)
            verdict = combine((verdict, slow))
        if self.maximum_latency_increase is not None:
            verdict = combine((verdict, self._beside(tally, baked=baked)))
        if verdict is Verdict.HEALTHY and self._in_doubt_now(tally):
            verdict = Verdict.INCONCLUSIVE
        unsent = tally.errors_in_a_row or (tally.errors and tally.samples < self.minimum_samples)
        return Verdict.ERROR if unsent and verdict is not Verdict.UNHEALTHY else verdict

    def _in_doubt_now(self, tally: HttpTally) -> bool:
        """Whether the latest answers alone do not show a good release, however many good ones came before.

        A release that begins to fail late would be let in by what it answered earlier.
        """
        needed = min(self.minimum_samples, MOST_LATEST)
        there, failed, slow = tally.of_latest(needed)
        slowed = self.maximum_latency_seconds is not None and is_above(slow, there, self._slow_ratio)
        return there < needed or slowed or is_above(failed, there, self.maximum_failure_ratio)

    def _beside(self, tally: HttpTally, *, baked: bool) -> Verdict:
        """Slower than the running version is UNHEALTHY; HEALTHY needs as many answers compared as are needed at all."""
        if is_slower(tally.evidence):
            return Verdict.UNHEALTHY
        enough = tally.compared >= self.minimum_samples and not is_in_doubt(tally.evidence)
        return Verdict.HEALTHY if baked and enough else Verdict.INCONCLUSIVE

    def p_value(self, tally: HttpTally) -> float:
        """Of this many failures, and slow answers, when no more than the limits are."""
        if tally.fatal:
            return 0.0
        values = [p_value(tally.failures, tally.samples, self.maximum_failure_ratio)]
        if self.maximum_latency_seconds is not None:
            values.append(p_value(tally.slow, tally.samples, self._slow_ratio))
        if self.maximum_latency_increase is not None:
            values.append(mixed_p_value(tally.evidence))
        return min(1.0, len(values) * min(values))

    def seen(self, tally: HttpTally) -> str:
        """How many answers were slow, in words; empty when that does not matter."""
        told = []
        there, failed, _slow = tally.of_latest(min(self.minimum_samples, MOST_LATEST))
        if is_above(failed, there, self.maximum_failure_ratio):
            told.append(f"of the latest {there} {failed} failed")
        if self.maximum_latency_seconds is not None:
            told.append(f"{tally.slow} took longer than {self.maximum_latency_seconds:g} s")
        if self.maximum_latency_increase is not None:
            told.append(
                f"{tally.exceeding} of {tally.compared} that were compared took longer than the running version's "
                f"(at most {mixed_p_value(tally.evidence):.2g} by chance)"
            )
        return "; ".join(told)

    def wanted(self, right: str, bake_seconds: float) -> str:
        """What is asked for, in words; *right* is how an answer has to be."""
        slow, increase = self.maximum_latency_seconds, self.maximum_latency_increase
        latency = "" if slow is None else f"; {self.latency_quantile:.1%} of them within {slow:g} s"
        if increase is not None:
            latency += (
                f"; no more of them than of the running version's taking longer than {1 + increase:g} times what "
                f"{self.latency_quantile:.1%} of those take over the same minutes"
            )
        return (
            f"at least {amount(self.minimum_samples, 'answer')}, at most {self.maximum_failure_ratio:.1%} of them "
            f"other than {right}, over {bake_seconds:g} s{latency}"
        )
