# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate ``metric``: a metric of CloudWatch that has to stay within limits, period by period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from ..._common.amount import amount
from ..._common.verdict import Verdict
from ..._errors import OperationError, UnavailableError
from ..metrics import last_period, periods
from .series import MOST_PERIODS, SERIES_OPTIONS, SeriesGate, SeriesTally, read_dimensions, series_seconds
from .settings import shared_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ..ports import Ports
    from .model import Beforehand, Scene


@dataclass(frozen=True, slots=True)
class MetricTally(SeriesTally):
    """Periods so far. ``missing`` are those without data in a row, up to the latest; ``latest`` is the last value."""

    missing: int = 0
    latest: float | None = None

    def see(self, value: float | None, *, passed: bool) -> MetricTally:
        """The tally with another period; None and what is no number are no data."""
        if value is None or not isfinite(value):
            return replace(self, missing=self.missing + 1)
        return replace(self.add(passed=passed), missing=0, latest=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricGate(SeriesGate[MetricTally]):
    """``per_metric``: the sum of ``metric`` over that of another, such as errors per request."""

    kind: ClassVar[str] = "metric"
    only_asks: ClassVar[bool] = True
    options: ClassVar[Mapping[str, Any]] = {
        **SERIES_OPTIONS,
        "statistic": {"type": "str", "default": "Sum"},
        "minimum": {"type": "float"},
        "maximum": {"type": "float"},
        "minimum_periods": {"type": "int", "default": 3},
        "maximum_bad_periods": {"type": "int", "default": 0},
    }
    tally: ClassVar[type[MetricTally]] = MetricTally
    measured: ClassVar[str] = "value of the metric"

    statistic: str = "Sum"
    minimum: float | None = None
    maximum: float | None = None
    minimum_periods: int = 3
    maximum_bad_periods: int = 0

    @classmethod
    def read(cls, options: Mapping[str, Any], _url: str) -> MetricGate:
        """The gate that validated *options* stand for. Raises RequestError for a dimension that is no text."""
        least = series_seconds(options["period_seconds"], options["lag_seconds"], options["minimum_periods"])
        metric = options["metric"] or ""
        shared = shared_fields(cls, options, f"metric {metric}".strip(), least_seconds=least)
        given = {name: options[name] for name in cls.options}
        dimensions = read_dimensions(shared["name"], "dimensions", options["dimensions"])
        read = {"metric": metric, "per_metric": options["per_metric"] or "", "dimensions": dimensions}
        return cls(**shared, **{**given, **read})

    def problems(self) -> Iterator[str]:
        """No metric, or limits that contradict each other or let everything pass."""
        yield from self.series_problems()
        limits = [limit for limit in (self.minimum, self.maximum) if limit is not None]
        if not limits:
            yield "neither minimum nor maximum is given, so that nothing could fail; set one of them."
        elif not all(map(isfinite, limits)):
            yield "minimum and maximum must be numbers that end."
        elif len(limits) > 1 and limits[0] > limits[1]:
            yield f"minimum {limits[0]:g} is above maximum {limits[1]:g}, so that nothing could pass."
        if self.per_metric and self.statistic != "Sum":
            yield f"statistic is {self.statistic}, and only sums can be divided by per_metric; leave it out."
        if not self.statistic.strip():
            yield "statistic is empty; write Sum, Average, Maximum, p99 or another that CloudWatch knows."
        if not 1 <= self.minimum_periods <= MOST_PERIODS:
            yield f"minimum_periods must be from 1 to {MOST_PERIODS}; with fewer nothing would be looked at."
        else:
            yield from self.time_problems(self.minimum_periods)
        if not 0 <= self.maximum_bad_periods < max(1, self.minimum_periods):
            yield "maximum_bad_periods must be from 0 to below minimum_periods; with more hardly anything could fail."

    def measure(self, tally: MetricTally, scene: Scene) -> MetricTally:
        """Read the periods that are old enough and were not read yet."""
        tally, fresh = self.new_periods(tally, scene)
        if not fresh or tally.until is None:
            return tally
        return self._read(tally, scene.ports, scene.target_group_arn, fresh[0], tally.until)

    def _read(
        self, tally: MetricTally, ports: Ports, target_group_arn: str, begin: datetime, end: datetime
    ) -> MetricTally:
        dimensions = self.dimensions_of(target_group_arn)
        queries = [self.query(self.metric, self.statistic, dimensions)]
        if self.per_metric:
            queries.append(self.query(self.per_metric, "Sum", dimensions))
        series = ports.instruments.metric_series(tuple(queries), begin, end)
        for period in periods(begin, end, self.period_seconds):
            value = self._value(series, period)
            tally = tally.see(value, passed=value is not None and self._is_within(value))
        return tally

    def beforehand(self, seen: Beforehand) -> Iterator[str]:
        """That the running version is beyond the limits: the last periods would have refused it."""
        if not seen.running_version:
            return
        end = last_period(seen.ports.clock.now() - timedelta(seconds=self.lag_seconds), self.period_seconds)
        begin = end - timedelta(seconds=self.period_seconds * self.minimum_periods)
        try:
            tally = self._read(MetricTally(), seen.ports, seen.target_group_arn, begin, end)
        except (OperationError, UnavailableError):
            # What cannot be read now says nothing; the release finds out, and does not pass without it.
            return
        if tally.samples == self.minimum_periods and tally.failures > self.maximum_bad_periods:
            yield (
                f"fails on the running version {seen.running_version} too: {self.seen(tally)}; expected "
                f"{self.expected()}. Correct minimum and maximum, or set the gate's running_version_may_fail, for a "
                "release that mends that."
            )

    def _value(self, series: tuple[Mapping[datetime, float], ...], period: datetime) -> float | None:
        if not self.per_metric:
            return series[0].get(period)
        whole = series[1].get(period)
        # What counts errors is published only where there are any; what counts requests says that there was anything.
        return series[0].get(period, 0.0) / whole if whole and whole > 0 else None

    def _is_within(self, value: float) -> bool:
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def assess(self, tally: MetricTally, *, baked: bool) -> Verdict:
        """More periods beyond the limits than may be are UNHEALTHY at once. Without data nothing passes."""
        if tally.failures > self.maximum_bad_periods:
            return Verdict.UNHEALTHY
        passes = baked and tally.samples >= self.minimum_periods and not tally.missing
        return Verdict.HEALTHY if passes else Verdict.INCONCLUSIVE

    def reading(self, tally: MetricTally) -> float | None:
        """The latest value."""
        return tally.latest

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The limits."""
        return self.minimum, self.maximum

    def seen(self, tally: MetricTally) -> str:
        """How many periods were beyond the limits, and the latest value."""
        latest = "none" if tally.latest is None else f"{tally.latest:g}"
        gap = f"; no data for the last {amount(tally.missing, 'period')}" if tally.missing else ""
        return (
            f"{self._called}: {tally.failures} of {amount(tally.samples, 'period')} beyond the limits, "
            f"the latest {latest}{gap}"
        )

    def expected(self) -> str:
        """Enough periods within the limits."""
        low = "" if self.minimum is None else f" at least {self.minimum:g}"
        high = "" if self.maximum is None else f" at most {self.maximum:g}"
        limits = " and".join(filter(None, (low, high)))
        return f"{self._called}{limits} in {amount(self.minimum_periods, 'period')} of {self.period_seconds} s"

    @property
    def _called(self) -> str:
        return f"{self.metric} per {self.per_metric}" if self.per_metric else f"{self.metric} ({self.statistic})"
