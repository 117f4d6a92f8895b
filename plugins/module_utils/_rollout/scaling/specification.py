# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a target tracking policy names what it follows: a metric of AWS's, or what waits for the tasks. Pure.

What waits is the same however many tasks there are. A policy wants a metric that falls as tasks are added, so that it
follows how much there is for each of them ("Create a target tracking scaling policy using metric math" in the
Application Auto Scaling user guide).

Work that is taken counts like work that waits, and its age is never 0: otherwise no task would stay for the last
pieces. That is how many stay; which ones go is for ECS to choose, and a busy one hands back what it had taken. A
service of before tells only what waits, which then has to do.

CloudWatch takes a silent series for 0 in arithmetic, and drops a quotient by 0 ("Metric math syntax and functions" in
the CloudWatch user guide). So what tells nothing has to be the divisor, or it would be an empty queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .metrics import Metric

#: What a service tells, and what Container Insights counts.
BACKLOG, WAITING, AGE, RUNNING, DESIRED = (
    "QueueBacklog",
    "QueueWaiting",
    "QueueAgeSeconds",
    "RunningTaskCount",
    "DesiredTaskCount",
)
_QUERIES = {
    BACKLOG: ("backlog", "Maximum"),
    WAITING: ("waiting", "Maximum"),
    AGE: ("age", "Maximum"),
    RUNNING: ("tasks", "Average"),
    DESIRED: ("tasks", "Maximum"),
}
PREDEFINED, CUSTOMIZED = "PredefinedMetricSpecification", "CustomizedMetricSpecification"


@dataclass(frozen=True, slots=True)
class Worker:
    """Whose tasks there are, and the CloudWatch namespace in which it is told what waits for them."""

    cluster: str = ""
    service: str = ""
    namespace: str = ""


def specification(metric: Metric, worker: Worker) -> dict[str, Any]:
    """The member of a policy's configuration that names *metric*; its target group is not known yet."""
    if not metric.of_backlog:
        label = {"ResourceLabel": ""} if metric.of_target_group else {}
        return {PREDEFINED: {"PredefinedMetricType": metric.kind, **label}}
    if metric.option != "backlog_per_task":
        return _math([BACKLOG, AGE], "IF(FILL(backlog, 0) > 0 AND age < 1, 1, age)", worker)
    return _math(
        [BACKLOG, WAITING, RUNNING],
        "IF(FILL(backlog, 0) > waiting, backlog, waiting) / IF(waiting >= 0, IF(tasks < 1, 1, tasks))",
        worker,
    )


def _math(metrics: list[str], expression: str, worker: Worker) -> dict[str, Any]:
    queries = [measured(name, worker) for name in metrics]
    return {CUSTOMIZED: {"Metrics": [*queries, {"Id": "followed", "Expression": expression, "ReturnData": True}]}}


def metric_in_words(tracked: Mapping[str, Any]) -> str:
    """What the target tracking configuration *tracked* follows."""
    if predefined := tracked.get(PREDEFINED):
        return str(predefined.get("PredefinedMetricType", ""))
    customized = tracked.get(CUSTOMIZED) or {}
    if name := customized.get("MetricName"):
        return f"{customized.get('Namespace', '')} {name}"
    queries = customized.get("Metrics", ())
    expressions = (str(query["Expression"]) for query in queries if query.get("Expression"))
    alone = (str(query["MetricStat"]["Metric"].get("MetricName")) for query in queries if query.get("MetricStat"))
    return next(expressions, next(alone, "(a metric of its own)"))


def measured(name: str, worker: Worker) -> dict[str, Any]:
    """The query of the metric *name*, of a service or of its tasks."""
    query, statistic = _QUERIES[name]
    # Every replica that tells it tells the same.
    metric: dict[str, Any] = {"Namespace": worker.namespace, "MetricName": name}
    if name in (RUNNING, DESIRED):
        dimensions = {"ClusterName": worker.cluster.rpartition("/")[2], "ServiceName": worker.service}
        metric["Namespace"] = "ECS/ContainerInsights"
        metric["Dimensions"] = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Id": query, "MetricStat": {"Metric": metric, "Stat": statistic}, "ReturnData": False}
