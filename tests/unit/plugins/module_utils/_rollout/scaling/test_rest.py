# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services that may have no task: woken by what is not done, put to rest when all is, and by nothing else."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import (
    ALARM,
    STEPPING,
    Scaling,
    read_alarm,
    read_policy,
    view_scaling,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.rest import REST, WAKE, awake, may_rest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from sandbox import metric_math
from sandbox.services.application_autoscaling.model.steps import asked, settled
from sandbox.services.application_autoscaling.model.tracking import Bounds, Policy, tracked, wanted
from sandbox.services.cloudwatch.model import evaluation
from sandbox.services.cloudwatch.model.definition import rule_of
from tests.unit.plugins.module_utils._rollout.case import scaling

WORKER = {"cpu_percent": 0, "backlog_per_task": 2, "backlog_age_seconds": 600, "backlog_namespace": "Fastbreak/dev"}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "minimum": 0, "maximum": 0}
TRACKING = "TargetTrackingScalingPolicyConfiguration"


@pytest.mark.parametrize(
    ("made", "rests", "policies"),
    [
        (scaling(0, 4, **WORKER), True, {WAKE, REST}),
        (scaling(1, 4, **WORKER, scheduled_actions=[NIGHT]), True, {WAKE, REST}),
        (scaling(1, 4, **WORKER), False, set()),
        # As it could be said before: nothing wakes it but the schedule.
        (scaling(1, 4, scheduled_actions=[NIGHT]), True, set()),
    ],
)
def test_what_may_rest_is_woken_and_put_to_rest(made: Scaling, rests: bool, policies: set[str]) -> None:
    assert may_rest(made) is rests
    assert {WAKE, REST} & made.policies.keys() == policies
    assert made.suspended is (False if rests else None)


def test_a_release_keeps_a_task_and_no_schedule_takes_it() -> None:
    assert (awake(Scaling(0, 0)).minimum, awake(Scaling(0, 0)).maximum, awake(Scaling(0, 0)).suspended) == (1, 1, True)
    assert (awake(Scaling(2, 4)).minimum, awake(Scaling(2, 4)).maximum) == (2, 4)


def test_both_are_what_aws_takes() -> None:
    session = botocore.session.get_session()
    put_policy = session.get_service_model("application-autoscaling").operation_model("PutScalingPolicy").input_shape
    put_alarm = session.get_service_model("cloudwatch").operation_model("PutMetricAlarm").input_shape
    for name in (WAKE, REST):
        body = scaling(0, 4, **WORKER).policies[name]
        target = {
            "ServiceNamespace": "ecs",
            "ResourceId": "service/c/s",
            "ScalableDimension": "ecs:service:DesiredCount",
        }
        policy = {key: value for key, value in body.items() if key != ALARM}
        assert not ParamValidator().validate({"PolicyName": name, **target, **policy}, put_policy).has_errors()
        assert not ParamValidator().validate({"AlarmName": name, **body[ALARM]}, put_alarm).has_errors()


@pytest.mark.parametrize("name", [WAKE, REST])
def test_what_aws_answers_is_compared_without_its_own_and_with_other_actions(name: str) -> None:
    body = scaling(0, 4, **WORKER).policies[name]
    empty = {"Dimensions": []}
    answered = [
        {
            **query,
            "Label": None,
            **(
                {"MetricStat": {**query["MetricStat"], "Metric": {**empty, **query["MetricStat"]["Metric"]}}}
                if "MetricStat" in query
                else {}
            ),
        }
        for query in body[ALARM]["Metrics"]
    ]
    answer = {**body[ALARM], "Metrics": answered, "StateValue": "OK", "ActionsEnabled": True, "AlarmActions": ["arn"]}
    policy = {
        "PolicyARN": "arn",
        "PolicyName": name,
        **{key: body[key] for key in ("PolicyType", STEPPING)},
        "Alarms": [],
    }
    assert {**read_policy(policy), ALARM: read_alarm(answer, "arn")} == body
    for other in ({"ActionsEnabled": False}, {"AlarmActions": ["arn", "topic"]}, {"Threshold": 2.0}):
        assert read_alarm({**answer, **other}, "arn") != body[ALARM]


def test_a_person_sees_what_calls_them() -> None:
    shown = view_scaling(awake(scaling(0, 4, **WORKER)))
    assert shown["schedule_suspended"] is True
    assert shown["policies"][REST]["alarm"] == {
        "metric": "QueueBacklog", "when": "LessThanThreshold 1", "for_minutes": 15,
    }  # fmt: skip
    assert shown["policies"][WAKE]["by"] == [1]


def told(made: Scaling, figures: dict[str, float]) -> dict[str, float | None]:
    """What each policy measures, by *figures* of the metrics."""
    found: dict[str, float | None] = {}
    for name, body in made.policies.items():
        source = body.get(ALARM) or body[TRACKING]["CustomizedMetricSpecification"]
        queries = source["Metrics"]
        known = {
            query["Id"]: figures[metric]
            for query in queries
            if "MetricStat" in query and (metric := query["MetricStat"]["Metric"]["MetricName"]) in figures
        }
        found[name] = tracked(queries, known)
    return found


def scaled(made: Scaling, tasks: int, figures: dict[str, float]) -> int:
    """How many tasks there are after each alarm was in the state for long that the *figures* ask for."""
    values = told(made, {"DesiredTaskCount": tasks, "RunningTaskCount": tasks, **figures})
    followed = [
        Policy(high=value > target, low=value < 0.9 * target, may_scale_in=True, value=value, target=target)
        for name, body in made.policies.items()
        if TRACKING in body and (value := values[name]) is not None
        for target in [body[TRACKING]["TargetValue"]]
    ]
    steps = [
        asked(tasks, made.policies[name][STEPPING], value - 1)
        for name, rings in ((WAKE, lambda value: value >= 1), (REST, lambda value: value < 1))
        if (value := values[name]) is not None and rings(value)
    ]
    bounds = Bounds(minimum=made.minimum, maximum=made.maximum)
    return settled(tasks, wanted(tasks, followed, bounds), steps, bounds.minimum, bounds.maximum)


@given(tasks=st.integers(1, 4), taken=st.integers(1, 50), waiting=st.integers(0, 50), age=st.integers(0, 10_000))
def test_the_last_task_is_not_taken_from_what_it_is_at(tasks: int, taken: int, waiting: int, age: int) -> None:
    """A video may take hours: nothing waits meanwhile, and no age is told."""
    figures = {
        "QueueBacklog": float(taken + waiting),
        "QueueWaiting": float(waiting),
        "QueueAgeSeconds": float(age if waiting else 0),
    }
    assert scaled(scaling(0, 4, **WORKER), tasks, figures) >= 1


def test_what_is_told_of_nothing_leaves_no_task_and_what_is_told_of_something_wakes_one() -> None:
    made = scaling(0, 4, **WORKER)
    nothing = {"QueueBacklog": 0.0, "QueueWaiting": 0.0, "QueueAgeSeconds": 0.0}
    assert scaled(made, 4, nothing) == 0
    assert scaled(made, 0, nothing) == 0
    assert scaled(made, 0, {**nothing, "QueueBacklog": 9.0, "QueueWaiting": 9.0}) == 1
    # What a task had taken that was killed: nobody else has it.
    assert scaled(made, 0, {**nothing, "QueueBacklog": 1.0}) == 1


def test_a_service_of_before_tells_what_waits_alone_and_is_not_put_to_rest() -> None:
    made = scaling(0, 4, **WORKER)
    assert scaled(made, 0, {"QueueWaiting": 1.0, "QueueAgeSeconds": 9.0}) == 1
    assert told(made, {"QueueWaiting": 6.0, "RunningTaskCount": 2.0})["fastbreak-backlog"] == 3.0
    assert told(made, {"QueueWaiting": 0.0})[REST] is None


@pytest.mark.parametrize("tasks", [{}, {"DesiredTaskCount": 0.0, "RunningTaskCount": 0.0}, {"RunningTaskCount": 4.0}])
def test_a_silent_queue_neither_wakes_nor_removes_a_task(tasks: dict[str, float]) -> None:
    """An API that tells nothing is no API that has nothing to tell."""
    values = told(scaling(0, 4, **WORKER), tasks)
    assert not values.pop(WAKE)
    assert set(values.values()) == {None}


def test_silence_about_tasks_is_no_task_to_a_target() -> None:
    assert told(scaling(0, 4, **WORKER), {"QueueBacklog": 6.0, "QueueWaiting": 6.0})["fastbreak-backlog"] is None


def rings(tasks: str, waiting: str) -> bool:
    """Whether the alarm calls `wake`, by digits of minutes that a metric tells, the newest on the right."""
    alarm = scaling(0, 4, **WORKER).policies[WAKE][ALARM]
    periods = tuple(60.0 * minute for minute in range(len(tasks)))
    series: dict[str, metric_math.Series] = {
        name: {period: float(digit) for period, digit in zip(periods, digits, strict=True) if digit != "-"}
        for name, digits in (("tasks", tasks), ("waiting", waiting), ("backlog", waiting))
    }
    (expression,) = (query["Expression"] for query in alarm["Metrics"] if "Expression" in query)
    values = metric_math.evaluate(expression, series, periods)
    return evaluation.evaluate(rule_of(alarm), [values.get(period) for period in periods], "OK").value == "ALARM"


@pytest.mark.parametrize(
    ("tasks", "waiting", "wakes"),
    [
        ("000000", "000555", True),
        # Container Insights need not tell of a service that has no task.
        ("------", "000555", True),
        # What the service tells comes a minute late, and so does Container Insights.
        ("00000-", "00555-", True),
        ("000000", "000055", False),
        # Tasks run, of which it is told a minute late, or two.
        ("33333-", "999999", False),
        ("3333--", "999999", False),
        ("000333", "555555", False),
        ("------", "------", False),
    ],
)
def test_what_is_told_late_wakes_nothing_beside_tasks_that_run(tasks: str, waiting: str, wakes: bool) -> None:
    assert rings(tasks, waiting) is wakes


def test_every_expression_is_known_to_the_sandbox() -> None:
    bodies: list[dict[str, Any]] = list(scaling(0, 4, **WORKER).policies.values())
    for body in bodies:
        source = body.get(ALARM) or body[TRACKING]["CustomizedMetricSpecification"]
        for query in source["Metrics"]:
            if "Expression" in query:
                assert metric_math.names(query["Expression"]) < {other["Id"] for other in source["Metrics"]}
