# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How policies name what they follow."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.metrics import METRICS
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.specification import (
    Worker,
    metric_in_words,
    specification,
)

WORKER = Worker("arn:aws:ecs:eu-central-1:1:cluster/dev", "worker", "Fastbreak/dev")
WORDS = {
    "cpu_percent": "ECSServiceAverageCPUUtilization",
    "memory_percent": "ECSServiceAverageMemoryUtilization",
    "requests_per_target": "ALBRequestCountPerTarget",
    "backlog_per_task": (
        "IF(FILL(backlog, 0) > waiting, backlog, waiting) / IF(waiting >= 0, IF(tasks < 1, 1, tasks))"
    ),
    "backlog_age_seconds": "IF(FILL(backlog, 0) > 0 AND age < 1, 1, age)",
}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.option)
def test_what_is_followed_can_be_said(metric):
    assert metric_in_words(specification(metric, WORKER)) == WORDS[metric.option]


def test_what_somebody_else_follows_is_said_to_be_his_own():
    assert metric_in_words({}) == "(a metric of its own)"


def test_tasks_are_counted_in_the_cluster_by_its_name():
    (backlog,) = (metric for metric in METRICS if metric.option == "backlog_per_task")
    _backlog, _waiting, tasks, _each = specification(backlog, WORKER)["CustomizedMetricSpecification"]["Metrics"]
    dimensions = {each["Name"]: each["Value"] for each in tasks["MetricStat"]["Metric"]["Dimensions"]}
    assert dimensions == {"ClusterName": "dev", "ServiceName": "worker"}
