# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics of CloudWatch, as values: what is asked for, and the minutes that are judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """A metric of a namespace, by its dimensions; its *statistic* over each period."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_seconds: int


def next_period(moment: datetime, period_seconds: int) -> datetime:
    """The beginning of the first whole period that is not before *moment*."""
    return datetime.fromtimestamp(ceil(moment.timestamp() / period_seconds) * period_seconds, UTC)


def last_period(moment: datetime, period_seconds: int) -> datetime:
    """The end of the last whole period that is over at *moment*."""
    return datetime.fromtimestamp(floor(moment.timestamp() / period_seconds) * period_seconds, UTC)


def periods(begin: datetime, end: datetime, period_seconds: int) -> tuple[datetime, ...]:
    """The beginnings of the periods from *begin* to *end*."""
    count = max(0, int((end - begin).total_seconds() // period_seconds))
    return tuple(begin + timedelta(seconds=period_seconds * number) for number in range(count))


def load_balancer_dimensions(listener_arn: str, target_group_arn: str) -> tuple[tuple[str, str], ...]:
    """The dimensions of a target group behind a listener, as Elastic Load Balancing publishes its metrics."""
    balancer = "/".join(listener_arn.rpartition(":listener/")[2].split("/")[:3])
    return (("LoadBalancer", balancer), ("TargetGroup", target_group_arn.rpartition(":")[2]))
