# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many tasks target tracking policies ask for. Follows the user guide, "How target tracking scaling works".

As many as bring the metric to its target; more when any policy says so, fewer only when every policy does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import metric_math


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy's view: whether its alarms are in ALARM, what it measured, and whether its cooldowns are over."""

    high: bool
    low: bool
    may_scale_in: bool
    value: float | None
    target: float
    out_cooled: bool = True
    in_cooled: bool = True


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the scalable target allows."""

    minimum: int
    maximum: int
    out_suspended: bool = False
    in_suspended: bool = False


def wanted(running: int, policies: Sequence[Policy], bounds: Bounds) -> int:
    """The desired count that the policies ask for; `running`, the desired count now, when none asks for another."""
    more = [_ratio(running, policy) for policy in policies if policy.high and policy.out_cooled]
    highest = max((count for count in more if count is not None and count > running), default=running)
    if highest > running:
        return running if bounds.out_suspended else min(highest, max(bounds.maximum, running))
    voters = [policy for policy in policies if policy.may_scale_in]
    if bounds.in_suspended or not voters or not all(policy.low and policy.in_cooled for policy in voters):
        return running
    fewer = [_ratio(running, policy) for policy in voters]
    if any(count is None for count in fewer):
        return running
    return max(min(max(count or 0 for count in fewer), running), min(bounds.minimum, running))


def tracked(queries: Sequence[Mapping[str, Any]], told: Mapping[str, float]) -> float | None:
    """What the query that returns data comes to, by what is told of each metric now; None when that is not known."""
    series: dict[str, metric_math.Series] = {
        query["Id"]: {0.0: told[query["Id"]]} if query["Id"] in told else {} for query in queries
    }
    [returned] = [query for query in queries if query.get("ReturnData", True)]
    if expression := returned.get("Expression"):
        return metric_math.evaluate(expression, series, (0.0,)).get(0.0)
    return series[returned["Id"]].get(0.0)


def _ratio(running: int, policy: Policy) -> int | None:
    return None if policy.value is None else math.ceil(round(running * policy.value / policy.target, 6))
