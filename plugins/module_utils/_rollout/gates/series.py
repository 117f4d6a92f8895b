# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gates on CloudWatch's metrics share: their options, and the minutes that they read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from ..._common.amount import amount
from ..._common.given import value_problem
from ..._errors import OperationError, RequestError
from ..metrics import MetricQuery, last_period, load_balancer_dimensions, next_period, periods
from ..stages import Stage
from .model import Gate, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from ..values import ListenerRule
    from .model import Scene

BALANCING = "AWS/ApplicationELB"
#: Periods that CloudWatch keeps metrics of: those of high resolution, and minutes.
_PERIODS = (1, 5, 10, 20, 30)
_LONGEST_PERIOD = 3600
_LONGEST_LAG = 3600
#: More periods than any release is watched for.
MOST_PERIODS = 1000

SERIES_OPTIONS: Mapping[str, Any] = {
    "namespace": {"type": "str", "default": BALANCING},
    "metric": {"type": "str"},
    "per_metric": {"type": "str"},
    "dimensions": {"type": "dict", "default": {}},
    "period_seconds": {"type": "int", "default": 60},
    "lag_seconds": {"type": "float", "default": 120},
}


@dataclass(frozen=True, slots=True)
class SeriesTally(Tally):
    """``until`` is the end of the last period that was read; None before the first measuring."""

    until: datetime | None = None


S = TypeVar("S", bound=SeriesTally)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesGate(Gate[S]):
    """Reads whole periods that began after its first measuring, once they are ``lag_seconds`` old.

    CloudWatch gets metrics late; what is read too early is too little. ``dimensions`` empty, in the namespace of
    Application Load Balancers: those of the target group of the judged release. In another: the metric that has none.
    """

    possible_stages: ClassVar[tuple[Stage, ...]] = (Stage.EACH_STEP, Stage.AFTER_TRAFFIC)
    needs_traffic: ClassVar[bool] = True
    repeats: ClassVar[bool] = False

    stages: tuple[Stage, ...] = (Stage.EACH_STEP, Stage.AFTER_TRAFFIC)
    metric: str
    namespace: str = BALANCING
    per_metric: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    period_seconds: int = 60
    lag_seconds: float = 120.0
    listener_arn: str = ""

    def aimed(self, rules: Iterable[ListenerRule]) -> Self:
        """The gate for the load balancer that these rules are of."""
        return replace(self, listener_arn=next((rule.listener_arn for rule in rules), ""))

    @property
    def needs_load_balancer(self) -> bool:
        """It reads the metrics of a target group, unless others are written."""
        return not self.dimensions and self.namespace == BALANCING

    def series_problems(self) -> Iterator[str]:
        """What is wrong with where it reads."""
        if not self.metric.strip() or not self.namespace.strip():
            yield "metric and namespace must not be empty; name the metric as CloudWatch does."
        if self.period_seconds not in _PERIODS and (
            self.period_seconds < 1 or self.period_seconds % 60 or self.period_seconds > _LONGEST_PERIOD
        ):
            yield f"period_seconds is 1, 5, 10, 20, 30, or minutes up to {_LONGEST_PERIOD} (an hour)."
        if not (isfinite(self.lag_seconds) and 0 <= self.lag_seconds <= _LONGEST_LAG):
            yield f"lag_seconds must be a number from 0 to {_LONGEST_LAG} (an hour)."

    def time_problems(self, least_periods: int) -> Iterator[str]:
        """Why so many periods could not be read by the deadline."""
        least = series_seconds(self.period_seconds, self.lag_seconds, least_periods) + self.initial_delay_seconds
        if self.deadline_seconds < least:
            yield (
                f"deadline_seconds {self.deadline_seconds:g} is below the {least:g} s that "
                f"{amount(least_periods, 'whole period')} of {self.period_seconds} s and {self.lag_seconds:g} s until "
                "CloudWatch has them take, so it could never pass."
            )

    def dimensions_of(self, target_group_arn: str) -> tuple[tuple[str, str], ...]:
        """Those that are written, or else of the namespace. Raises OperationError when the group is not known."""
        return self.group_dimensions(target_group_arn) if self.needs_load_balancer else self.dimensions

    def group_dimensions(self, target_group_arn: str) -> tuple[tuple[str, str], ...]:
        """The dimensions of a target group. Raises OperationError when it is not known."""
        if not (target_group_arn and self.listener_arn):
            raise OperationError(f"The target group whose {self.metric} is to be read is not known.")
        return load_balancer_dimensions(self.listener_arn, target_group_arn)

    def query(self, metric: str, statistic: str, dimensions: tuple[tuple[str, str], ...]) -> MetricQuery:
        """A query of a metric of its namespace."""
        return MetricQuery(self.namespace, metric, dimensions, statistic, self.period_seconds)

    def new_periods(self, tally: S, scene: Scene) -> tuple[S, tuple[datetime, ...]]:
        """The tally with the end of what can be read now, and the periods up to there that were not read yet."""
        now = scene.ports.clock.now()
        if tally.until is None:
            return replace(tally, until=next_period(now, self.period_seconds)), ()
        end = last_period(now - timedelta(seconds=self.lag_seconds), self.period_seconds)
        fresh = periods(tally.until, end, self.period_seconds)
        return (replace(tally, until=end) if fresh else tally), fresh


def series_seconds(period_seconds: int, lag_seconds: float, count: int) -> float:
    """After how many seconds so many whole periods, begun at any time, are old enough."""
    # What is beyond these is refused by its name; a number of hundreds of digits fits into no time.
    return min(period_seconds, _LONGEST_PERIOD) * (min(count, MOST_PERIODS) + 1) + lag_seconds


def count_of(value: float | None) -> int | None:
    """A metric's value as a count; None for one that is missing or no count."""
    return int(value) if value is not None and isfinite(value) and value >= 0 else None


def read_dimensions(name: str, option: str, given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Dimensions as options give them. Raises RequestError for a value that is no text."""
    for dimension, value in given.items():
        if problem := value_problem(value):
            raise RequestError(f"Gate {name}: {option}.{dimension} {problem}.")
    return tuple(sorted((str(dimension), str(value)) for dimension, value in given.items()))
