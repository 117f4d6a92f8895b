# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a service's fullest task, as CloudWatch has it for every service on Fargate, without any agent.

``MemoryUtilization`` in ``AWS/ECS`` is what tasks use of what their definition reserves, each minute; its ``Maximum``
is that of the task that uses most ("Amazon ECS service utilization metrics" in the developer guide). It does not tell
whose revision that task is of, so it says something of a release only once all users are on it: old tasks that nobody
asks do not grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._errors import OperationError
from ..metrics import MetricQuery, last_period, next_period, periods
from .series import series_seconds
from .statistics.trend import FEWEST, until_limit

if TYPE_CHECKING:
    from datetime import datetime

    from .model import Scene

_PERIOD_SECONDS, _LAG_SECONDS = 60, 120.0
_FULL = 100.0
# More minutes than a trend needs; all pairs of them are looked at.
_MOST_POINTS = 60
#: How long it takes at least until a trend could be seen.
LEAST_SECONDS = series_seconds(_PERIOD_SECONDS, _LAG_SECONDS, FEWEST)


@dataclass(frozen=True, slots=True)
class MemoryCourse:
    """``points`` are minutes and percent of what is reserved; ``missing`` are the latest minutes without any.

    ``until`` is the end of the last minute that was read; None before the first look.
    """

    points: tuple[tuple[float, float], ...] = ()
    missing: int = 0
    until: datetime | None = None

    def read(self, scene: Scene) -> MemoryCourse:
        """The course with the minutes that are old enough and were not read yet.

        Raises OperationError or UnavailableError when they cannot be read.
        """
        now = scene.ports.clock.now()
        if self.until is None:
            return replace(self, until=next_period(now, _PERIOD_SECONDS))
        end = last_period(now - timedelta(seconds=_LAG_SECONDS), _PERIOD_SECONDS)
        fresh = periods(self.until, end, _PERIOD_SECONDS)
        if not fresh:
            return self
        if scene.release is None:
            raise OperationError("There is no record of this release that says whose memory is to be read.")
        dimensions = (("ClusterName", scene.cluster.rpartition("/")[2]), ("ServiceName", scene.release.service))
        query = MetricQuery("AWS/ECS", "MemoryUtilization", dimensions, "Maximum", _PERIOD_SECONDS)
        (series,) = scene.ports.instruments.metric_series((query,), fresh[0], end)
        course = replace(self, until=end)
        for moment in fresh:
            course = course._with(moment, series.get(moment))  # noqa: SLF001 - of the same class
        return course

    def _with(self, moment: datetime, percent: float | None) -> MemoryCourse:
        if percent is None or not isfinite(percent):
            return replace(self, missing=self.missing + 1)
        points = (*self.points, (moment.timestamp() / _PERIOD_SECONDS, percent))
        return replace(self, points=points[-_MOST_POINTS:], missing=0)

    @property
    def is_known(self) -> bool:
        """Whether there are enough minutes, and the latest is among them."""
        return len(self.points) >= FEWEST and not self.missing

    def is_full_within(self, minutes: float) -> bool:
        """Whether the trend so far reaches the limit in so many *minutes*."""
        left = until_limit(self.points, _FULL)
        return left is not None and left <= minutes

    def __str__(self) -> str:
        if not self.points:
            return "no data of its memory (AWS/ECS MemoryUtilization) yet"
        gap = f", no data for the last {amount(self.missing, 'minute')}" if self.missing else ""
        left = until_limit(self.points, _FULL)
        course = (
            f"{self.points[0][1]:.1f} to {self.points[-1][1]:.1f} % of its memory in "
            f"{amount(len(self.points), 'minute')}"
        )
        full = "" if left is None else f", full in {amount(round(left), 'minute')}"
        return f"the fullest task used {course}{full}{gap}"
