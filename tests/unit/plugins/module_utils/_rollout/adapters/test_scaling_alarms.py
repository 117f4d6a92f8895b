# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The alarms that call scaling policies, against recorded answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.change import change_exactly
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import ALARM
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.rest import awake

from tests.unit.plugins.module_utils._rollout.adapters.test_scaling import (
    RESOURCE,
    TARGET,
    TARGETS,
    policy,
    scaling_client,
)
from tests.unit.plugins.module_utils._rollout.case import scaling

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber

CLOUDWATCH = ("fastbreak-scaling/c/web/rest", "fastbreak-scaling/c/web/wake")
RESTS = scaling(0, 6, cpu_percent=0, backlog_namespace="Fastbreak/dev")


def test_alarms_are_read_with_the_policies_that_they_call(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    alarms, told = stubbed("cloudwatch")
    target = {**TARGET, "MinCapacity": 0, "SuspendedState": {"ScheduledScalingSuspended": True}}
    stub.add_response("describe_scalable_targets", {"ScalableTargets": [target]}, TARGETS)
    policies = {
        name: {key: value for key, value in body.items() if key != ALARM} for name, body in RESTS.policies.items()
    }
    answer = {"ScalingPolicies": [policy(name, body) for name, body in policies.items()]}
    stub.add_response("describe_scaling_policies", answer, RESOURCE)
    stub.add_response("describe_scheduled_actions", {"ScheduledActions": []}, RESOURCE)
    rest = {**RESTS.policies["fastbreak-rest"][ALARM], "AlarmName": CLOUDWATCH[0], "AlarmActions": ["arn"]}
    told.add_response("describe_alarms", {"MetricAlarms": [rest]}, {"AlarmNames": list(CLOUDWATCH)})
    found = scaling_client(client, alarms).describe_scaling("c", "web")
    expected = {**RESTS.policies, "fastbreak-wake": policies["fastbreak-wake"]}
    assert found == replace(RESTS, policies=expected, suspended=True)


def test_policy_and_its_alarm_are_put_and_a_schedule_is_suspended(
    stubbed: Callable[[str], tuple[Any, Stubber]],
) -> None:
    client, stub = stubbed("application-autoscaling")
    alarms, told = stubbed("cloudwatch")
    bounds = {"MinCapacity": 1, "MaxCapacity": 6, "SuspendedState": {"ScheduledScalingSuspended": True}}
    stub.add_response("register_scalable_target", {"ScalableTargetARN": "arn"}, {**RESOURCE, **bounds})
    for name, body in sorted(RESTS.policies.items()):
        put = {key: value for key, value in body.items() if key != ALARM}
        stub.add_response(
            "put_scaling_policy", {"PolicyARN": f"arn-{name}", "Alarms": []}, {**RESOURCE, "PolicyName": name, **put}
        )
    for name, alarm in zip(sorted(RESTS.policies), CLOUDWATCH, strict=True):
        own = {"AlarmName": alarm, "AlarmDescription": ANY, "ActionsEnabled": True, "AlarmActions": [f"arn-{name}"]}
        told.add_response("put_metric_alarm", {}, {**own, **RESTS.policies[name][ALARM]})
    change = change_exactly(None, awake(RESTS))
    assert change
    scaling_client(client, alarms).change_scaling("c", "web", change)


def test_alarms_go_before_what_they_call(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    alarms, told = stubbed("cloudwatch")
    for there in (CLOUDWATCH, ()):
        answer = {"MetricAlarms": [{"AlarmName": name} for name in there]}
        told.add_response("describe_alarms", answer, {"AlarmNames": list(CLOUDWATCH)})
        if there:
            told.add_response("delete_alarms", {}, {"AlarmNames": list(CLOUDWATCH)})
            stub.add_response("deregister_scalable_target", {}, RESOURCE)
        else:
            stub.add_client_error("deregister_scalable_target", "ObjectNotFoundException")
        assert scaling_client(client, alarms).remove_scaling("c", "web") is bool(there)
