# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``canary``: whether the release fails more of its requests than the running version at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.amount import amount
from ..stages import Stage
from .series import BALANCING, SERIES_OPTIONS, SeriesGate, SeriesTally, count_of, read_dimensions, series_seconds
from .settings import shared_fields
from .statistics.comparison import Comparison, Interval
from .statistics.exact import fewest_samples
from .statistics.proportion import FALSE_ALARM
from .unanswered import OTHER_ANSWERS, SECONDS, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._common.verdict import Verdict
    from .model import Scene

_ERRORS, _REQUESTS = "HTTPCode_Target_5XX_Count", "RequestCount"
_BESIDE = (*OTHER_ANSWERS, SECONDS)
_MOST_FALSE_ALARM = 0.2
_MOST_INCREASE = 0.5


@dataclass(frozen=True, slots=True)
class CanaryTally(SeriesTally):
    """``samples`` and ``failures`` are the canary's requests and errors; None: no period was compared yet.

    ``ours`` and ``base`` are the requests of both sides that no target answered; these are errors, too.
    """

    parts: ClassVar[tuple[type, ...]] = (Comparison, Unanswered)

    comparison: Comparison | None = None
    empty: int = 0
    ours: Unanswered = field(default_factory=Unanswered)
    base: Unanswered = field(default_factory=Unanswered)

    def see(self, interval: Interval, margin: float) -> CanaryTally:
        """The tally with another period; ``empty`` counts those in which a side had no request."""
        seen = (self.comparison or Comparison(margin)).see(interval)
        empty = self.empty + (not (interval.requests and interval.base_requests))
        return replace(self, samples=seen.requests, failures=seen.errors, comparison=seen, empty=empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryGate(SeriesGate[CanaryTally]):
    """Errors are spread over both versions by their requests when both fail alike; beyond chance they are not."""

    kind: ClassVar[str] = "canary"
    only_asks: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Any]] = {
        **SERIES_OPTIONS,
        "baseline_dimensions": {"type": "dict", "default": {}},
        "maximum_increase": {"type": "float", "default": 0.01},
        "false_alarm": {"type": "float", "default": FALSE_ALARM},
    }
    tally: ClassVar[type[CanaryTally]] = CanaryTally
    measured: ClassVar[str] = "share of failed requests above that of the running version"
    # Once all users reach the release, there is nothing to compare it with.
    possible_stages: ClassVar[tuple[Stage, ...]] = (Stage.EACH_STEP,)

    stages: tuple[Stage, ...] = (Stage.EACH_STEP,)
    metric: str = _ERRORS
    per_metric: str = _REQUESTS
    baseline_dimensions: tuple[tuple[str, str], ...] = ()
    maximum_increase: float = 0.01
    false_alarm: float = FALSE_ALARM

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> CanaryGate:
        """The gate that validated *options* stand for. Raises RequestError for a dimension that is no text."""
        least = series_seconds(options["period_seconds"], options["lag_seconds"], 1)
        shared = shared_fields(cls, options, cls.kind, least_seconds=least)
        given = {name: options[name] for name in cls.options}
        sides = {
            name: read_dimensions(shared["name"], name, options[name]) for name in ("dimensions", "baseline_dimensions")
        }
        metrics = {"metric": options["metric"] or _ERRORS, "per_metric": options["per_metric"] or _REQUESTS}
        return cls(**shared, **{**given, **sides, **metrics})

    def problems(self) -> Iterator[str]:
        """Nothing to compare with, or limits by which hardly anything could fail."""
        yield from self.series_problems()
        if bool(self.dimensions) is not bool(self.baseline_dimensions):
            yield "of dimensions (the release's) and baseline_dimensions (the running version's) write both or neither."
        elif self.dimensions and self.dimensions == self.baseline_dimensions:
            yield "dimensions and baseline_dimensions are the same, so that the release would be compared with itself."
        elif self.namespace != BALANCING and not self.dimensions:
            yield f"dimensions is empty, and namespace is not {BALANCING}, whose dimensions are known; write them."
        if self.namespace != BALANCING and (self.metric == _ERRORS or self.per_metric == _REQUESTS):
            yield f"metric and per_metric must be named in a namespace other than {BALANCING}."
        if not (isfinite(self.maximum_increase) and 0 < self.maximum_increase <= _MOST_INCREASE):
            yield (
                f"maximum_increase must be above 0, and at most {_MOST_INCREASE:g}: no number of requests shows that "
                "nothing differs, and with more hardly anything could fail."
            )
        if not (isfinite(self.false_alarm) and 0 < self.false_alarm <= _MOST_FALSE_ALARM):
            yield f"false_alarm must be above 0, and at most {_MOST_FALSE_ALARM:g}."
        yield from self.time_problems(1)

    def measure(self, tally: CanaryTally, scene: Scene) -> CanaryTally:
        """Read both sides of the periods that are old enough and were not read yet."""
        tally, fresh = self.new_periods(tally, scene)
        if not fresh or tally.until is None:
            return tally
        ours = self.dimensions or self.group_dimensions(scene.target_group_arn)
        base = self.baseline_dimensions or self.group_dimensions(scene.baseline_target_group_arn)
        counts = (self.per_metric, self.metric, *(_BESIDE if self._tells_answers else ()))
        queries = tuple(self.query(metric, "Sum", side) for side in (ours, base) for metric in counts)
        series = scene.ports.instruments.metric_series(queries, fresh[0], tally.until)
        sides = series[: len(counts)], series[len(counts) :]
        for period in fresh:
            tally = self._see(tally, [[each.get(period) for each in side] for side in sides])
        return tally

    @property
    def _tells_answers(self) -> bool:
        """Whether what it reads says which requests no target answered."""
        return (self.namespace, self.metric, self.per_metric) == (BALANCING, _ERRORS, _REQUESTS)

    def _see(self, tally: CanaryTally, sides: list[list[float | None]]) -> CanaryTally:
        """The tally with what both *sides* did in a period. What is no count is not known, and compares nothing."""
        counts: list[int] = []
        unanswered: list[Unanswered] = []
        for before, (sent, errors, *beside) in zip((tally.ours, tally.base), sides, strict=True):
            # Errors and answers are published only where there are any.
            known = [count_of(value or 0.0) for value in (errors, *beside[:-1])]
            requests, seconds = count_of(sent) or 0, beside[-1] if beside else None
            failed, *others = (value or 0 for value in known)
            if None in known:
                return tally.see(Interval(0, 0, 0, 0), self.maximum_increase)
            now = before
            if beside:
                under_way = (count_of(seconds) or 0) / self.period_seconds
                now = before.see(requests, failed + sum(others), under_way)
            unanswered.append(now)
            counts += [requests, min(requests, failed + now.failed - before.failed)]
        seen = tally.see(Interval(*counts), self.maximum_increase)
        return replace(seen, ours=unanswered[0], base=unanswered[1])

    def p_value(self, tally: CanaryTally) -> float:
        """Of the evidence against the release, on the scale on which every gate refuses at the same level."""
        value = tally.comparison.p_value if tally.comparison else 1.0
        return min(1.0, value * FALSE_ALARM / self.false_alarm)

    def assess(self, tally: CanaryTally, *, baked: bool) -> Verdict:
        """Worse beyond chance is UNHEALTHY at once; enough requests within the margin are HEALTHY."""
        comparison = tally.comparison or Comparison(self.maximum_increase)
        return comparison.verdict(baked=baked, false_alarm=self.false_alarm)

    def reading(self, tally: CanaryTally) -> float | None:
        """By how much more of its requests fail than of the running version's."""
        seen = tally.comparison
        if seen is None or not (seen.requests and seen.base_requests):
            return None
        return seen.errors / seen.requests - seen.base_errors / seen.base_requests

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The margin."""
        return None, self.maximum_increase

    def seen(self, tally: CanaryTally) -> str:
        """The errors of both sides, and how probable they are if both fail alike."""
        seen = tally.comparison
        if seen is None:
            return "no period compared yet"
        empty = f"; {amount(tally.empty, 'period')} without requests on a side" if tally.empty else ""
        none = f", {tally.ours.failed} of which no task answered," if tally.ours.failed else ""
        return (
            f"the release failed {seen.errors} of {amount(seen.requests, 'request')}{none or ','} the running version "
            f"{seen.base_errors} of {seen.base_requests} over the same minutes (at most {seen.p_value:.2g} by "
            f"chance){empty}"
        )

    def expected(self) -> str:
        """No more errors than the margin allows, over enough requests."""
        return (
            f"at most {self.maximum_increase:.2%} more of its requests failing than of the running version's, over at "
            f"least {fewest_samples(self.maximum_increase)} requests of each"
        )
