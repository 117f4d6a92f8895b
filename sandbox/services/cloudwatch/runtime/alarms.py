# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Alarms looked at again and again, each by whole periods of its own metrics."""

import logging
import math
import time
from collections.abc import Callable
from typing import Any

from sandbox import metric_math
from sandbox.metric_math import Series
from sandbox.ministack import cloudwatch, responses
from sandbox.services.cloudwatch.model import evaluation
from sandbox.services.cloudwatch.model.definition import Metric, Watch, rule_of, watch_of

logger = logging.getLogger("sandbox.cloudwatch")
Alarm = dict[str, Any]


class Evaluator:
    """Evaluates alarms in periods of `scaled` seconds; a state set by hand stays for a period."""

    def __init__(self, scaled: Callable[[float], float]) -> None:
        self._scaled = scaled
        self._held: dict[str, float] = {}

    def hold(self, alarm: Alarm) -> None:
        """Leave the alarm's state for a period, for someone has set it."""
        self._held[alarm["AlarmArn"]] = time.time() + self._scaled(watch_of(alarm).period)

    def forget(self) -> None:
        """Forget what was set by hand."""
        self._held.clear()

    def evaluate_everywhere(self) -> None:
        """Evaluate every account's alarms."""
        for account, region in {key[:2] for key in cloudwatch._alarms.to_dict()}:
            with responses.request_scope(account, region):
                self.evaluate_all()

    def evaluate_all(self) -> None:
        """Evaluate the account's alarms; a fault in an alarm is logged and leaves the others alone."""
        for alarm in list(cloudwatch._alarms.values()):
            try:
                self.evaluate(alarm)
            except Exception:
                logger.exception("evaluating the alarm %s failed", alarm["AlarmName"])

    def evaluate(self, alarm: Alarm) -> None:
        """Compare the alarm with its metrics, and carry out what a change of its state asks for."""
        now = time.time()
        if self._held.get(alarm["AlarmArn"], 0) > now or not (alarm.get("Metrics") or alarm.get("MetricName")):
            return
        self._held.pop(alarm["AlarmArn"], None)
        rule, watch, old = rule_of(alarm), watch_of(alarm), alarm["StateValue"]
        periods = self.periods(watch, rule.evaluation_periods + evaluation.BEYOND, now)
        values = self.read(watch, periods)
        state = evaluation.evaluate(rule, [values.get(period) for period in periods], old)
        if state.value != old:
            _change(alarm, old, state)

    def periods(self, watch: Watch, count: int, now: float) -> tuple[float, ...]:
        """The starts of the last `count` periods that are over, the oldest first."""
        length = self._scaled(watch.period)
        current = math.floor(now / length)
        return tuple((current - back) * length for back in range(count, 0, -1))

    def read(self, watch: Watch, periods: tuple[float, ...]) -> Series:
        """What the alarm compares with its threshold, in each of `periods` that has a value."""
        length = self._scaled(watch.period)
        series = {name: _statistics(metric, periods, length) for name, metric in watch.metrics.items()}
        left = dict(watch.expressions)
        while left:
            ready = [name for name, text in left.items() if metric_math.names(text) <= set(series)]
            if not ready:
                raise metric_math.ExpressionError(f"Expressions wait for each other: {', '.join(sorted(left))}")
            for name in ready:
                series[name] = metric_math.evaluate(left.pop(name), series, periods)
        return series[watch.returned]


def _statistics(metric: Metric, periods: tuple[float, ...], length: float) -> Series:
    key = (metric.namespace, metric.name, cloudwatch._dims_key(dict(metric.dimensions)))
    first, end = periods[0], periods[-1] + length
    found: dict[float, list[Any]] = {}
    for point in cloudwatch._metrics.get(key) or ():
        if not first <= point["Timestamp"] < end:
            continue  # what most points are after a while
        index = math.floor((point["Timestamp"] - first) / length)
        if 0 <= index < len(periods):
            found.setdefault(periods[index], []).append(point)
    values = {
        period: cloudwatch._stat_value(cloudwatch._calc_stats(points), metric.statistic, points)
        for period, points in found.items()
    }
    return {period: value for period, value in values.items() if value is not None}


def _change(alarm: Alarm, old: str, state: evaluation.State) -> None:
    now = int(time.time())
    alarm.update(StateValue=state.value, StateReason=state.reason, StateUpdatedTimestamp=now)
    alarm["StateTransitionedTimestamp"] = now
    cloudwatch._record_history(alarm["AlarmName"], old, state.value, state.reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state.value, state.reason)
    cloudwatch._evaluate_parent_alarms(alarm)
