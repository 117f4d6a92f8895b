# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An alarm as it was asked for: what it reads, and when it is in ALARM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import metric_math
from sandbox.services.cloudwatch.model.evaluation import Rule

Data = Mapping[str, Any]
_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")


@dataclass(frozen=True)
class Metric:
    """A metric with exactly these dimensions, and the statistic of each period."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


@dataclass(frozen=True)
class Watch:
    """Metrics and expressions by id, the id of the one that is compared, and the period in AWS's seconds."""

    metrics: Mapping[str, Metric]
    expressions: Mapping[str, str]
    returned: str
    period: float


def rule_of(alarm: Data) -> Rule:
    """When the alarm is in ALARM."""
    periods = int(alarm.get("EvaluationPeriods") or 1)
    return Rule(
        comparison=alarm["ComparisonOperator"],
        threshold=float(alarm["Threshold"]),
        evaluation_periods=periods,
        datapoints_to_alarm=int(alarm.get("DatapointsToAlarm") or periods),
        missing=alarm.get("TreatMissingData") or "missing",
    )


def watch_of(alarm: Data) -> Watch:
    """What the alarm reads."""
    queries = alarm.get("Metrics")
    if not queries:
        metric = _metric(alarm, alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average")
        return Watch({"m": metric}, {}, "m", float(alarm.get("Period") or 60))
    metrics, math = {}, {}
    for query in queries:
        if stat := query.get("MetricStat"):
            metrics[query["Id"]] = _metric(stat["Metric"], stat["Stat"])
        else:
            math[query["Id"]] = query["Expression"]
    periods = {float(query["MetricStat"]["Period"]) for query in queries if query.get("MetricStat")}
    [returned] = [query["Id"] for query in queries if _returned(query)]
    return Watch(metrics, math, returned, min(periods))


def refusal(alarm: Data) -> str | None:
    """Why PutMetricAlarm refuses these `Metrics`; None when it does not."""
    queries = alarm.get("Metrics") or []
    if both := [name for name in _ONE_METRIC if alarm.get(name)]:
        return f"{', '.join(both)} and Metrics parameters are mutually exclusive"
    if sum(map(_returned, queries)) != 1:
        return "Exactly one element of the metrics list should return data."
    known = {query["Id"] for query in queries}
    for query in queries:
        if not query.get("Expression"):
            continue
        try:
            unknown = metric_math.names(query["Expression"]) - known
        except metric_math.ExpressionError as error:
            return f"Error in expression '{query['Id']}': {error}"
        if unknown:
            return f"Error in expression '{query['Id']}': Unknown identifier {min(unknown)}"
    periods = {stat["Period"] for query in queries if (stat := query.get("MetricStat"))}
    if len(periods) != 1:
        return "Metrics list must contain metrics of one period alone."
    return None


def _returned(query: Data) -> bool:
    return str(query.get("ReturnData", True)).lower() == "true"


def _metric(data: Data, statistic: str) -> Metric:
    dimensions = {item["Name"]: item["Value"] for item in data.get("Dimensions") or []}
    return Metric(data.get("Namespace") or "", data.get("MetricName") or "", dimensions, statistic)
