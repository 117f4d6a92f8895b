# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a target tracking policy names what it follows: a metric of AWS's, or what waits for the tasks. Pure.

What waits is the same however many tasks there are. A policy wants a metric that falls as tasks are added, so that it
follows how much waits for each of them ("Create a target tracking scaling policy using metric math" in the Application
Auto Scaling user guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .metrics import Metric

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
    told = {"Namespace": worker.namespace, "MetricName": metric.kind}
    if metric.option != "backlog_per_task":
        # Every replica that tells it tells the same.
        return {CUSTOMIZED: {**told, "Statistic": "Maximum"}}
    return {
        CUSTOMIZED: {
            "Metrics": [
                _measured("waiting", told, "Maximum"),
                _measured("tasks", _running(worker), "Average"),
                {"Id": "each", "Expression": "waiting / IF(tasks < 1, 1, tasks)", "ReturnData": True},
            ]
        }
    }


def metric_in_words(tracked: Mapping[str, Any]) -> str:
    """What the target tracking configuration *tracked* follows."""
    if predefined := tracked.get(PREDEFINED):
        return str(predefined.get("PredefinedMetricType", ""))
    customized = tracked.get(CUSTOMIZED) or {}
    if name := customized.get("MetricName"):
        return f"{customized.get('Namespace', '')} {name}"
    return next(
        (str(query["Expression"]) for query in customized.get("Metrics", ()) if query.get("Expression")),
        "(a metric of its own)",
    )


def _measured(name: str, metric: Mapping[str, Any], statistic: str) -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": dict(metric), "Stat": statistic}, "ReturnData": False}


def _running(worker: Worker) -> dict[str, Any]:
    dimensions = {"ClusterName": worker.cluster.rpartition("/")[2], "ServiceName": worker.service}
    return {
        "Namespace": "ECS/ContainerInsights",
        "MetricName": "RunningTaskCount",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
