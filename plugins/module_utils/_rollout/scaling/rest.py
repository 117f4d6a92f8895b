# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that may have no task: what wakes them, what puts them to rest, and how they are kept awake. Pure.

A policy that tracks a target multiplies the tasks there are, so that it adds none to none. A step scaling policy does,
which a CloudWatch alarm calls ("Step scaling policies" in the Application Auto Scaling user guide). CloudWatch calls it
once a minute for as long as the alarm is in ALARM.

What wakes takes a service of which Container Insights tells nothing for one without a task. Its figures may come late,
so that the newest minutes tell nothing of tasks that run: three minutes of four have to say so ("FILL" in the
CloudWatch user guide). The fourth is for what the service tells of its queue, which may be late as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .metrics import MARK
from .model import ALARM, STEPPING, Scaling
from .specification import BACKLOG, DESIRED, WAITING, Worker, measured

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The policies, which are called by alarms.
WAKE, REST = f"{MARK}wake", f"{MARK}rest"
_PERIOD = 60
# What has to say that nobody attends to the work, out of how many.
_WAKE_MINUTES, _WAKE_OF = 3, 4
# Longer than the alarm stays after a task was asked for: as many minutes, and two that Container Insights is late.
_WAKE_COOLDOWN_SECONDS = 360


def lowest(scaling: Scaling) -> int:
    """The fewest tasks that it may ever come to."""
    bounds = (action.get("ScalableTargetAction", {}) for action in scaling.actions.values())
    return min([scaling.minimum, *(int(bound["MinCapacity"]) for bound in bounds if "MinCapacity" in bound)])


def may_rest(scaling: Scaling | None) -> bool:
    """Whether it may leave a service without a task."""
    return scaling is not None and lowest(scaling) < 1


def resting(scaling: Scaling, worker: Worker, rest_after_seconds: int) -> Scaling:
    """*scaling* with what wakes the *worker* and puts it to rest, where it may rest and tells of its work."""
    if not may_rest(scaling):
        return scaling
    own = {WAKE: _wake(worker), REST: _rest(worker, rest_after_seconds)} if worker.namespace else {}
    return replace(scaling, policies={**scaling.policies, **own}, suspended=False)


def awake(scaling: Scaling) -> Scaling:
    """*scaling* while a release is judged: by one task at least, and without a schedule that takes it away."""
    return replace(scaling, minimum=max(1, scaling.minimum), maximum=max(1, scaling.maximum), suspended=True)


def _wake(worker: Worker) -> dict[str, Any]:
    """A task, for whatever is not done and has none: also for what a task that was killed had taken."""
    tasks, waiting, backlog = (measured(name, worker) for name in (DESIRED, WAITING, BACKLOG))
    expression = "IF(FILL(tasks, 0) < 1, waiting + FILL(backlog, 0), 0)"
    metrics = [tasks, waiting, backlog, {"Id": "unattended", "Expression": expression, "ReturnData": True}]
    step = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}
    alarm = _alarm(metrics, "GreaterThanOrEqualToThreshold", _WAKE_MINUTES, _WAKE_OF)
    return _stepping("ChangeInCapacity", step, _WAKE_COOLDOWN_SECONDS, alarm)


def _rest(worker: Worker, after_seconds: int) -> dict[str, Any]:
    """No task, once nothing waits and nothing is worked on for some time."""
    metrics = [{**measured(BACKLOG, worker), "ReturnData": True}]
    step = {"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": 0}
    minutes = max(1, after_seconds // _PERIOD)
    alarm = _alarm(metrics, "LessThanThreshold", minutes, minutes)
    return _stepping("ExactCapacity", step, 0, alarm)


def _stepping(kind: str, step: Mapping[str, Any], cooldown: int, alarm: dict[str, Any]) -> dict[str, Any]:
    steps = {"AdjustmentType": kind, "StepAdjustments": [dict(step)], "MetricAggregationType": "Maximum"}
    return {"PolicyType": "StepScaling", STEPPING: {**steps, "Cooldown": cooldown}, ALARM: alarm}


def _alarm(metrics: list[dict[str, Any]], comparison: str, points: int, periods: int) -> dict[str, Any]:
    """An alarm that is not in ALARM while nobody tells anything: by *points* out of *periods*."""
    queries = [
        {**query, "MetricStat": {**query["MetricStat"], "Period": _PERIOD}} if "MetricStat" in query else query
        for query in metrics
    ]
    return {
        "Metrics": queries,
        "ComparisonOperator": comparison,
        "Threshold": 1.0,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": points,
        "TreatMissingData": "notBreaching",
    }
