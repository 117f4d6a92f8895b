# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application Auto Scaling against recorded answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.scaling import ScalingClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.scaling_alarms import ScalingAlarmsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.change import change_to
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.scaling.model import Scaling, labelled

from tests.unit.plugins.module_utils._rollout.case import scaling

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber

MADE = {"CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}
DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
RESOURCE = {**DIMENSION, "ResourceId": "service/c/web"}
TARGETS = {**DIMENSION, "ResourceIds": ["service/c/web"]}
TARGET = {**RESOURCE, "MinCapacity": 2, "MaxCapacity": 6, "RoleARN": "role", **MADE}
NIGHT = {"name": "night", "schedule": "cron(0 22 * * ? *)", "timezone": "Europe/Berlin", "maximum": 3}
WANTED = labelled(
    scaling(2, 6, memory_percent=70, requests_per_target=100, scheduled_actions=[NIGHT]), "app/a/1/targetgroup/b/2"
)


def scaling_client(client: Any, alarms: Any = None) -> ScalingClient:
    return ScalingClient(lambda: client, ScalingAlarmsClient(lambda: alarms))


def policy(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"PolicyARN": "arn", "PolicyName": name, **RESOURCE, **body, **MADE}


def action(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"ScheduledActionARN": "arn", "ScheduledActionName": name, **RESOURCE, **body, **MADE}


def test_what_is_ours_is_looked_for_on_every_page(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    ours = [policy(name, body) for name, body in WANTED.policies.items()]
    theirs = policy("web-cpu", WANTED.policies["fastbreak-cpu"])
    (night,) = (action(name, body) for name, body in WANTED.actions.items())
    other = action("night", WANTED.actions["fastbreak-night"])
    pages: tuple[tuple[str, str, list[Any], dict[str, Any]], ...] = (
        ("describe_scalable_targets", "ScalableTargets", [[], [], [TARGET]], TARGETS),
        ("describe_scaling_policies", "ScalingPolicies", [[theirs], ours[:2], ours[2:]], RESOURCE),
        ("describe_scheduled_actions", "ScheduledActions", [[other], [], [night]], RESOURCE),
    )
    for operation, key, (first, second, third), asked in pages:
        stub.add_response(operation, {key: first, "NextToken": "a"}, asked)
        stub.add_response(operation, {key: second, "NextToken": "b"}, {**asked, "NextToken": "a"})
        stub.add_response(operation, {key: third}, {**asked, "NextToken": "b"})
    assert scaling_client(client).describe_scaling("c", "web") == replace(WANTED, suspended=False)


def test_service_without_a_scalable_target_is_not_scaled(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    stub.add_response("describe_scalable_targets", {"ScalableTargets": []}, TARGETS)
    assert scaling_client(client).describe_scaling("c", "web") is None


def test_everything_is_written_for_a_service_that_is_not_scaled(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    bounds = {"MinCapacity": 2, "MaxCapacity": 6}
    stub.add_response("register_scalable_target", {"ScalableTargetARN": "arn"}, {**RESOURCE, **bounds})
    put = {"PolicyARN": "arn", "Alarms": []}
    for name, body in sorted(WANTED.policies.items()):
        stub.add_response("put_scaling_policy", put, {**RESOURCE, "PolicyName": name, **body})
    for name, body in WANTED.actions.items():
        stub.add_response("put_scheduled_action", {}, {**RESOURCE, "ScheduledActionName": name, **body})
    change = change_to(None, WANTED)
    assert change
    scaling_client(client).change_scaling("c", "web", change)


def test_only_what_differs_is_written_and_what_is_gone_already_is_no_error(
    stubbed: Callable[[str], tuple[Any, Stubber]],
) -> None:
    client, stub = stubbed("application-autoscaling")
    stub.add_response("delete_scaling_policy", {}, {**RESOURCE, "PolicyName": "fastbreak-memory"})
    stub.add_client_error(
        "delete_scaling_policy",
        "ObjectNotFoundException",
        expected_params={**RESOURCE, "PolicyName": "fastbreak-requests"},
    )
    stub.add_response("delete_scheduled_action", {}, {**RESOURCE, "ScheduledActionName": "fastbreak-night"})
    change = change_to(WANTED, scaling(2, 6))
    assert change
    scaling_client(client).change_scaling("c", "web", change)


def test_action_with_an_end_is_put_back_as_it_was(stubbed: Callable[[str], tuple[Any, Stubber]]) -> None:
    client, stub = stubbed("application-autoscaling")
    ends = {"Schedule": "rate(1 day)", "EndTime": "2027-01-01T00:00:00+00:00"}
    stub.add_response("put_scheduled_action", {}, {**RESOURCE, "ScheduledActionName": "fastbreak-x", **ends})
    change = change_to(Scaling(1, 2), Scaling(1, 2, {}, {"fastbreak-x": ends}))
    assert change
    scaling_client(client).change_scaling("c", "web", change)


@pytest.mark.parametrize("date", ["Thu, 26 Nov 2026 05:00:00 GMT", "Thu, 26 Nov 2026 05:00:00 -0000"])
def test_time_is_that_of_the_service(stubbed: Callable[[str], tuple[Any, Stubber]], date: str) -> None:
    client, stub = stubbed("application-autoscaling")
    answer = {"ScalableTargets": [], "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    stub.add_response("describe_scalable_targets", answer, {"ServiceNamespace": "ecs", "MaxResults": 1})
    assert scaling_client(client).service_time() == datetime(2026, 11, 26, 5, tzinfo=UTC)


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}])
def test_answer_without_a_time_is_no_answer_of_aws(
    stubbed: Callable[[str], tuple[Any, Stubber]], headers: dict[str, str]
) -> None:
    client, stub = stubbed("application-autoscaling")
    answer = {"ScalableTargets": [], "ResponseMetadata": {"HTTPHeaders": headers}}
    stub.add_response("describe_scalable_targets", answer, {"ServiceNamespace": "ecs", "MaxResults": 1})
    with pytest.raises(UnavailableError, match="was not Application Auto Scaling"):
        scaling_client(client).service_time()
