# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a canary fails more of its requests than the running version does, asked again and again.

Given all errors of an interval, those of the canary are spread by its share of that interval's requests if both fail
alike. So ``exp(d * x - X * log(1 - t + t * e^d))``, for x of X errors at a share t and any d above 0, is a martingale
over the intervals. What the canary may fail beyond the running version, its margin, is taken off as a Poisson variable
is bounded. The mean over several d reaches ``1 / false_alarm`` at any look at all with a probability of at most
``false_alarm`` (Ville's inequality). Requests are taken to fail independently of each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log
from typing import TYPE_CHECKING

from ...._common.verdict import Verdict
from .exact import fewest_samples
from .mixture import mixed_p_value
from .proportion import FALSE_ALARM

if TYPE_CHECKING:
    from collections.abc import Sequence

# Rates of the canary's errors over the running version's: from slightly worse to all but dead.
_RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
_LOGS = tuple(log(ratio) for ratio in _RATIOS)


@dataclass(frozen=True, slots=True)
class Interval:
    """What both sides did over the same minutes."""

    requests: int
    errors: int
    base_requests: int
    base_errors: int

    def problem(self) -> str:
        """Why there cannot be such counts; empty when there can."""
        counts = (self.requests, self.errors, self.base_requests, self.base_errors)
        if min(counts) < 0:
            return "a count is below 0"
        if self.errors > self.requests or self.base_errors > self.base_requests:
            return "more errors than requests"
        return ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The evidence so far that the canary fails more than *margin* (a share, 0 to below 1) beyond the running version.

    ``evidence`` are logarithms of likelihood ratios, one for each of several alternatives.
    """

    margin: float
    requests: int = 0
    errors: int = 0
    base_requests: int = 0
    base_errors: int = 0
    evidence: Sequence[float] = field(default=(0.0,) * len(_RATIOS))

    def see(self, interval: Interval) -> Comparison:
        """The comparison with another interval. Raises ValueError for counts that there cannot be.

        An interval in which one side had no request compares nothing, and adds no evidence.
        """
        if problem := interval.problem():
            raise ValueError(f"{interval}: {problem}")
        return replace(
            self,
            requests=self.requests + interval.requests,
            errors=self.errors + interval.errors,
            base_requests=self.base_requests + interval.base_requests,
            base_errors=self.base_errors + interval.base_errors,
            evidence=self._with(interval),
        )

    def _with(self, interval: Interval) -> Sequence[float]:
        if not (interval.requests and interval.base_requests):
            return self.evidence
        share = interval.requests / (interval.requests + interval.base_requests)
        errors, allowed = interval.errors + interval.base_errors, self.margin * interval.requests
        return tuple(
            so_far + each * interval.errors - errors * log(1.0 - share + share * ratio) - allowed * (ratio - 1.0)
            for so_far, each, ratio in zip(self.evidence, _LOGS, _RATIOS, strict=True)
        )

    @property
    def p_value(self) -> float:
        """How probably evidence like this comes, at any look, of a canary within the margin; at most."""
        return mixed_p_value(self.evidence)

    def is_worse(self, false_alarm: float = FALSE_ALARM) -> bool:
        """Whether the canary fails more than the margin allows."""
        return self.p_value <= false_alarm

    @property
    def is_within(self) -> bool:
        """Whether the canary's share of errors, as it was seen, is within the margin. Without requests: no."""
        if not (self.requests and self.base_requests):
            return False
        return self.errors / self.requests <= self.base_errors / self.base_requests + self.margin

    def verdict(self, *, baked: bool, false_alarm: float = FALSE_ALARM) -> Verdict:
        """Worse is UNHEALTHY at once; within the margin, over enough requests of both, is HEALTHY once *baked*.

        The margin has to be above 0: no number of requests shows that there is no difference at all.
        """
        if self.is_worse(false_alarm):
            return Verdict.UNHEALTHY
        enough = min(self.requests, self.base_requests) >= fewest_samples(self.margin)
        return Verdict.HEALTHY if baked and enough and self.is_within else Verdict.INCONCLUSIVE
