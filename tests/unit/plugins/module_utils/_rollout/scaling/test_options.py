# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scaling that options stand for."""

from __future__ import annotations

import botocore.session
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.metrics import METRICS
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import labelled
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.options import read_scaling
from botocore.validate import ParamValidator

from tests.unit.plugins.module_utils._rollout.case import scaling

ALL = {
    "cpu_percent": 60,
    "memory_percent": 70,
    "requests_per_target": 500,
    "backlog_per_task": 2,
    "backlog_age_seconds": 300,
    "backlog_namespace": "Fastbreak/dev",
}
TRACKING = "TargetTrackingScalingPolicyConfiguration"


def test_each_metric_is_a_policy_of_its_own_and_marked() -> None:
    made = scaling(2, 4, **ALL)
    assert sorted(made.policies) == sorted(metric.policy for metric in METRICS)
    assert all(name.startswith("fastbreak-") for name in made.policies)
    assert made.policies["fastbreak-requests"] == {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 500.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": ""},
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 60,
        },
    }
    for metric in METRICS:
        assert sorted(scaling(2, 4, **{**ALL, metric.option: 0}).policies) == sorted(
            other.policy for other in METRICS if other != metric
        )


def test_what_waits_is_followed_for_each_running_task_and_by_its_age() -> None:
    made = scaling(1, 4, **ALL)
    backlog, age = (made.policies[name][TRACKING] for name in ("fastbreak-backlog", "fastbreak-backlog-age"))
    undone, waiting, tasks, each = backlog["CustomizedMetricSpecification"]["Metrics"]
    assert undone["MetricStat"]["Metric"] == {"Namespace": "Fastbreak/dev", "MetricName": "QueueBacklog"}
    assert waiting["MetricStat"]["Metric"] == {"Namespace": "Fastbreak/dev", "MetricName": "QueueWaiting"}
    assert tasks["MetricStat"]["Metric"]["Dimensions"] == [
        {"Name": "ClusterName", "Value": "fastbreak-dev"},
        {"Name": "ServiceName", "Value": "inference"},
    ]
    assert [query["ReturnData"] for query in (undone, waiting, tasks, each)] == [False, False, False, True]
    measured = age["CustomizedMetricSpecification"]["Metrics"]
    assert [query["MetricStat"]["Metric"]["MetricName"] for query in measured[:-1]] == [
        "QueueBacklog",
        "QueueAgeSeconds",
    ]
    assert (backlog["TargetValue"], age["TargetValue"]) == (2.0, 300.0)


def test_what_is_followed_is_what_the_service_may_send_to_aws() -> None:
    model = botocore.session.get_session().get_service_model("application-autoscaling")
    for name, body in labelled(scaling(1, 4, **ALL), "app/alb/1/targetgroup/blue/2").policies.items():
        parameters = {"PolicyName": name, "ServiceNamespace": "ecs", "ResourceId": "service/c/s", **body}
        parameters["ScalableDimension"] = "ecs:service:DesiredCount"
        shape = model.operation_model("PutScalingPolicy").input_shape
        assert not ParamValidator().validate(parameters, shape).has_errors()


def test_scheduled_actions_are_marked_and_hold_what_they_set() -> None:
    night = {"name": "night", "schedule": "cron( 0  22 * * ? * )", "timezone": "Europe/Berlin", "maximum": 2}
    hourly = {"name": "hourly", "schedule": "rate(1 hour)", "minimum": 3}
    assert scaling(1, 4, scheduled_actions=[night, hourly]).actions == {
        "fastbreak-night": {
            "Schedule": "cron(0 22 * * ? *)",
            "Timezone": "Europe/Berlin",
            "ScalableTargetAction": {"MaxCapacity": 2},
        },
        "fastbreak-hourly": {"Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 3}},
    }


def test_timezone_with_nothing_behind_it_is_utc() -> None:
    action = {"name": "night", "schedule": "cron(0 22 * * ? *)", "maximum": 2}
    made = scaling(1, 4, scheduled_actions=[{**action, "timezone": None}])
    assert made == scaling(1, 4, scheduled_actions=[action])


def test_no_options_are_no_scaling() -> None:
    assert read_scaling(None, cluster="c", service="s") is None
