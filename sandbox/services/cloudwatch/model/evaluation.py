# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What state an alarm is in. Follows the CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch
alarms treat missing data".
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

BEYOND: Final = 2
"""Periods that are looked at besides those evaluated, so that a late point is no gap; AWS does not tell how many."""
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When an alarm is in ALARM: M of the last N points breach the threshold."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: str
    """missing, ignore, breaching or notBreaching."""


@dataclass(frozen=True)
class State:
    """OK, ALARM or INSUFFICIENT_DATA, and why."""

    value: str
    reason: str


def evaluate(rule: Rule, points: Sequence[float | None], current: str) -> State:
    """The state by `points`, the oldest first, None for a period without data; `current` is the state until now."""
    real = [value for value in points if value is not None][-rule.evaluation_periods :]
    if not real and rule.missing == "missing":
        return State("INSUFFICIENT_DATA", f"Insufficient Data: {_points(rule.evaluation_periods)} unknown.")
    value = _value(rule, points, real, current)
    return State(value, _reason(rule, real, value))


def _value(rule: Rule, points: Sequence[float | None], real: Sequence[float], current: str) -> str:
    breaching = sum(_breaches(rule, value) for value in real)
    absent = rule.evaluation_periods - len(real)
    if rule.missing == "breaching":
        breaching += absent
    if breaching >= rule.datapoints_to_alarm:
        return "ALARM"
    if not absent or breaching < len(real):
        return "OK"
    if rule.missing == "ignore":
        return current
    return "ALARM" if rule.missing == "missing" and _age_of_oldest(points) >= rule.datapoints_to_alarm else "OK"


def _age_of_oldest(points: Sequence[float | None]) -> int:
    """How many periods ago the oldest point is; the newest period is the first."""
    return next(len(points) - index for index, value in enumerate(points) if value is not None)


def _breaches(rule: Rule, value: float) -> bool:
    return _COMPARE[rule.comparison](value, rule.threshold)


def _reason(rule: Rule, real: Sequence[float], value: str) -> str:
    if not real:
        return (
            f"Threshold Crossed: no datapoints were received for {rule.evaluation_periods} periods and they were "
            f"treated as [{'Breaching' if value == 'ALARM' else 'NonBreaching'}]."
        )
    shown = ", ".join(str(number) for number in reversed(real))
    count = sum(_breaches(rule, number) for number in real)
    told = count if value == "ALARM" else len(real) - count
    be = ("was" if told == 1 else "were") + ("" if value == "ALARM" else " not")
    return (
        f"Threshold Crossed: {told} out of the last {_number(rule.evaluation_periods)} [{shown}] {be} "
        f"{_WORDS[rule.comparison]} the threshold ({rule.threshold})."
    )


def _number(count: int) -> str:
    return f"{count} datapoint" + ("" if count == 1 else "s")


def _points(count: int) -> str:
    return _number(count) + (" was" if count == 1 else " were")
