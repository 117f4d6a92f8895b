# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS against recorded answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs import EcsClient
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.ecs_requests import write_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.comparison import changed_settings
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.writes import OneOffTask, ServiceChange
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import (
    CapacityProvider,
    DeploymentSettings,
    Network,
    ServiceEvent,
    ServiceSettings,
    TargetBinding,
)

from tests.unit.plugins.module_utils._rollout.definitions import ANSWER_ONLY, definition
from tests.unit.plugins.module_utils._rollout.definitions import described as definition_as_described

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.stub import Stubber

    Stubbed = Callable[[str], tuple[Any, Stubber]]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = ServiceSettings(
    network=Network(frozenset({"subnet-1"}), frozenset({"sg-1"})),
    target_bindings=frozenset({TargetBinding("group", "app", 8080)}),
    propagate_tags="SERVICE",
    tags=frozenset({("a", "b")}),
)


@pytest.fixture
def api(stubbed: Stubbed) -> tuple[EcsClient, Stubber]:
    client, stub = stubbed("ecs")
    return EcsClient(lambda: client), stub


def described(settings: ServiceSettings) -> dict[str, Any]:
    """A service as DescribeServices answers after it was created with *settings*."""
    return {
        "serviceArn": "arn:service",
        "serviceName": "web",
        "status": "ACTIVE",
        "taskDefinition": "web:1",
        "desiredCount": 2,
        "runningCount": 2,
        **write_settings(settings),
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": NOW, "rolloutState": "COMPLETED"}],
    }


def test_events_and_what_no_rollout_manages_are_read_with_the_service(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    event = {"id": "1", "createdAt": NOW, "message": "(service web) has reached a steady state."}
    connect = {"serviceConnectConfiguration": {"enabled": True}}
    answer = described(ServiceSettings())
    answer["deployments"][0] |= connect
    stub.add_response("describe_services", {"services": [{**answer, "events": [event]}]})
    service = ecs.describe_service("c", "web")
    assert service
    assert service.events == (ServiceEvent(NOW, "(service web) has reached a steady state."),)
    assert service.unmanaged == {("Service Connect", '{"enabled": true}')}


def test_the_capacity_providers_of_a_cluster_are_told_by_name(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    arn = "arn:aws:ecs:us-east-1:111111111111:capacity-provider/instances"
    stub.add_response("describe_clusters", {"clusters": [{"capacityProviders": ["FARGATE", arn]}]}, {"clusters": ["c"]})
    assert ecs.cluster_providers("c") == {"FARGATE", "instances"}
    stub.add_response("describe_clusters", {"clusters": []})
    assert ecs.cluster_providers("c") == frozenset()


def test_what_is_described_can_be_registered_again(api: tuple[EcsClient, Stubber]) -> None:
    """The stub checks the request with botocore's model, as the client does before it sends one."""
    ecs, stub = api
    document = definition_as_described(definition())
    stub.add_response("describe_task_definition", {"taskDefinition": {**document, **ANSWER_ONLY}})
    found = ecs.describe_task_definition("web:3")
    assert found
    assert not found.active
    assert found.document == document
    registered = {**ANSWER_ONLY, "revision": 4, "status": "ACTIVE", **document}
    stub.add_response("register_task_definition", {"taskDefinition": registered}, document)
    assert ecs.register_task_definition(found.document, {}).revision == 4


def test_no_member_that_only_an_answer_holds_is_ever_registered(api: tuple[EcsClient, Stubber]) -> None:
    ecs, _stub = api
    model = ecs._client.meta.service_model
    taken = model.operation_model("RegisterTaskDefinition").input_shape.members
    given = model.operation_model("DescribeTaskDefinition").output_shape.members["taskDefinition"].members
    assert set(ecs.registrable(dict.fromkeys(given))) == set(given) & set(taken)
    assert ecs.registrable({"famly": "web"}) == {"famly": "web"}


def test_definition_that_does_not_fit_the_api_is_not_blamed_on_the_network(stubbed: Stubbed) -> None:
    client, stub = stubbed("ecs")
    stub.deactivate()
    ecs = EcsClient(lambda: client)
    with pytest.raises(ApiRefusedError, match='Unknown parameter in input: "famly"') as refused:
        ecs.register_task_definition({**definition(), "famly": "web"}, {})
    assert "Check the network" not in refused.value.message
    assert "Nothing was changed" in refused.value.message


@pytest.mark.parametrize("alarms", [frozenset(), frozenset({"errors"})])
def test_what_was_created_is_read_back_without_a_difference(
    api: tuple[EcsClient, Stubber], alarms: frozenset[str]
) -> None:
    ecs, stub = api
    fields = {name: getattr(SETTINGS, name) for name in SETTINGS.__dataclass_fields__}
    settings = ServiceSettings(**{**fields, "deployment": DeploymentSettings(alarms=alarms)})
    stub.add_response("describe_services", {"services": [described(settings)]})
    service = ecs.describe_service("c", "web")
    assert service
    assert changed_settings(service.settings, settings) == ()


def test_members_of_a_strategy_are_sent_as_they_are_and_read_back_unless_they_are_empty(
    api: tuple[EcsClient, Stubber],
) -> None:
    ecs, stub = api
    own = {"linearConfiguration": {"stepPercent": 20.0}, "bakeTimeInMinutes": 5}
    settings = replace(SETTINGS, deployment=DeploymentSettings(strategy="LINEAR", own=own))
    answer = described(settings)
    sent = answer["deploymentConfiguration"]
    assert {name: sent[name] for name in ("strategy", *own)} == {"strategy": "LINEAR", **own}
    answer["deploymentConfiguration"] = {**sent, "lifecycleHooks": [], "canaryConfiguration": {"canaryPercent": 1.0}}
    stub.add_response("describe_services", {"services": [answer]})
    service = ecs.describe_service("c", "web")
    assert service
    assert service.settings.deployment.own == {**own, "canaryConfiguration": {"canaryPercent": 1.0}}
    assert changed_settings(service.settings, settings) == ()


def test_update_sends_only_what_changed_and_never_the_desired_count(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    stub.add_response(
        "update_service",
        {"service": described(SETTINGS)},
        {"cluster": "c", "service": "web", "taskDefinition": "web:2", "healthCheckGracePeriodSeconds": 0},
    )
    ecs.update_service("c", "web", ServiceChange(SETTINGS, ("health_check_grace_period_seconds", "tags"), "web:2"))


ON_SPOT = replace(
    SETTINGS,
    launch_type="",
    capacity_providers=frozenset({CapacityProvider("FARGATE_SPOT", 2), CapacityProvider("FARGATE", 1, 1)}),
    enable_execute_command=True,
)
ON_INSTANCES = replace(ON_SPOT, capacity_providers=frozenset({CapacityProvider("instances")}))
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            SETTINGS,
            {"launchType": "FARGATE", "platformVersion": "LATEST", "tags": [{"key": "a", "value": "b"}]},
        ),
        (replace(SETTINGS, propagate_tags="TASK_DEFINITION", launch_type="EC2"), {"launchType": "EC2"}),
        (
            replace(ON_SPOT, propagate_tags="NONE", platform_version="1.4.0"),
            {
                "capacityProviderStrategy": [
                    {"capacityProvider": "FARGATE", "weight": 1, "base": 1},
                    {"capacityProvider": "FARGATE_SPOT", "weight": 2, "base": 0},
                ],
                "platformVersion": "1.4.0",
            },
        ),
        (
            replace(ON_INSTANCES, propagate_tags="NONE"),
            {"capacityProviderStrategy": [{"capacityProvider": "instances", "weight": 1, "base": 0}]},
        ),
    ],
)
def test_task_that_is_run_once_runs_as_the_services_do(
    api: tuple[EcsClient, Stubber], settings: ServiceSettings, expected: dict[str, Any]
) -> None:
    ecs, stub = api
    asked = {
        "cluster": "c",
        "taskDefinition": "web:2",
        "overrides": {"containerOverrides": [{"name": "app", "command": ["migrate"]}]},
        "startedBy": "mark",
        "count": 1,
        "networkConfiguration": NETWORK,
        "enableExecuteCommand": settings.enable_execute_command,
        "enableECSManagedTags": settings.enable_ecs_managed_tags,
        **expected,
    }
    if settings.propagate_tags == "TASK_DEFINITION":
        asked["propagateTags"] = "TASK_DEFINITION"
    answer = {"taskArn": "arn:task/1", "taskDefinitionArn": "web:2", "lastStatus": "PENDING", "createdAt": NOW}
    stub.add_response("run_task", {"tasks": [answer]}, asked)
    ecs.run_task(OneOffTask("c", "web:2", "app", ("migrate",), settings, "mark"))
    # What creates the service says the same of capacity and platform.
    created = write_settings(settings)
    for name in ("launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration"):
        assert created.get(name) == asked.get(name)


def test_a_task_may_have_a_size_variables_and_a_role_of_its_own(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    override = {"name": "app", "command": ["migrate"], "environment": [{"name": "A", "value": "1"}]}
    asked = {
        "cluster": "c",
        "taskDefinition": "web:2",
        "overrides": {"containerOverrides": [override], "cpu": "2048", "memory": "4096", "taskRoleArn": "role"},
        "startedBy": "mark",
        "count": 1,
        "launchType": "EC2",
        "enableExecuteCommand": False,
        "enableECSManagedTags": False,
    }
    answer = {"taskArn": "arn:task/1", "taskDefinitionArn": "web:2", "createdAt": NOW}
    stub.add_response("run_task", {"tasks": [answer]}, asked)
    settings = ServiceSettings(launch_type="EC2")
    ecs.run_task(OneOffTask("c", "web:2", "app", ("migrate",), settings, "mark", 2048, 4096, (("A", "1"),), "role"))


def test_platform_version_is_neither_sent_nor_compared_where_ecs_refuses_it() -> None:
    assert write_settings(ON_INSTANCES, only=("platform_version",)) == {}
    assert changed_settings(replace(ON_INSTANCES, platform_version=""), ON_INSTANCES) == ()
    assert changed_settings(replace(ON_SPOT, platform_version="1.4.0"), ON_SPOT) == ("platform_version",)


def test_tasks_of_a_mark_are_those_that_have_not_stopped(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    for status, arns in (("RUNNING", ["arn:task/1"]), ("STOPPED", ["arn:task/2", "arn:task/3"])):
        asked = {"cluster": "c", "startedBy": "mark", "desiredStatus": status}
        stub.add_response("list_tasks", {"taskArns": arns}, asked)
    answers = [
        {"taskArn": f"arn:task/{number}", "taskDefinitionArn": "web:2", "lastStatus": status, "createdAt": NOW}
        for number, status in enumerate(("RUNNING", "STOPPING", "STOPPED"), 1)
    ]
    stub.add_response("describe_tasks", {"tasks": answers})
    assert [task.id for task in ecs.running_tasks("c", "mark")] == ["1", "2"]
    stub.add_response("stop_task", {}, {"cluster": "c", "task": "arn:task/1", "reason": "too long"})
    ecs.stop_task("c", "arn:task/1", "too long")


def test_alarms_that_are_no_longer_wanted_are_switched_off() -> None:
    written = write_settings(SETTINGS, only=("deployment",))["deploymentConfiguration"]
    assert written["alarms"] == {"alarmNames": [], "enable": False, "rollback": False}


@pytest.mark.parametrize("code", ["ConflictException", "ServiceDeploymentNotFoundException"])
def test_deployment_that_cannot_be_stopped_any_more_is_no_error(api: tuple[EcsClient, Stubber], code: str) -> None:
    ecs, stub = api
    stub.add_client_error("stop_service_deployment", code)
    assert not ecs.stop_service_deployment("arn")


@pytest.mark.parametrize(("answer", "action"), [("continue", "CONTINUE"), ("refuse", "ROLLBACK")])
def test_a_hook_is_answered_with_its_action_for_ecs_takes_none_for_continue(
    api: tuple[EcsClient, Stubber], answer: str, action: str
) -> None:
    ecs, stub = api
    asked = {"serviceDeploymentArn": "arn", "hookId": "hook", "action": action}
    stub.add_response("continue_service_deployment", {"serviceDeploymentArn": "arn"}, asked)
    stub.add_client_error("continue_service_deployment", "InvalidParameterException", expected_params=asked)
    stub.add_client_error("continue_service_deployment", "AccessDeniedException", expected_params=asked)
    call = getattr(ecs, f"{answer}_deployment")
    assert call("arn", "hook")
    assert not call("arn", "hook"), "it awaits nothing any more"
    with pytest.raises(OperationError, match=f"answer {action} to hook hook"):
        call("arn", "hook")


def test_definition_is_checked_against_the_model_without_a_call(api: tuple[EcsClient, Stubber]) -> None:
    ecs, _stub = api
    made, problems = ecs.conform_definition({"family": "f", "containerDefinitions": [{"name": "a", "cpu": "1"}]})
    assert (made["containerDefinitions"], problems) == ([{"name": "a", "cpu": 1}], [])
    _made, problems = ecs.conform_definition({"containerDefinitions": [{"name": 1, "nonsense": True}]})
    assert any("family" in problem for problem in problems)
    assert any("nonsense" in problem for problem in problems)


# Listings that come in pages


def add_pages(stub: Stubber, operation: str, key: str, pages: list[list[Any]], **asked: Any) -> None:
    """Record *pages* of a listing, each asked for with the token that the page before it gave."""
    for number, page in enumerate(pages):
        token = {"nextToken": f"page {number}"} if number else {}
        more = {"nextToken": f"page {number + 1}"} if number + 1 < len(pages) else {}
        stub.add_response(operation, {key: page, **more}, {**asked, **token})


def brief(number: int) -> dict[str, Any]:
    return {
        "serviceDeploymentArn": f"deployment {number}",
        "status": "SUCCESSFUL",
        "createdAt": NOW + timedelta(minutes=number),
    }


def test_newest_deployment_is_found_on_whatever_page_it_stands(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    pages = [[brief(number) for number in range(start, start + 100)] for start in (0, 100, 200)]
    add_pages(
        stub,
        "list_service_deployments",
        "serviceDeployments",
        [pages[1], pages[2], pages[0]],
        cluster="c",
        service="web",
        maxResults=100,
    )
    listed = ecs.list_service_deployments("c", "web")
    assert [deployment.arn for deployment in listed] == [f"deployment {number}" for number in reversed(range(300))]


def test_service_that_does_not_exist_has_no_deployments(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    stub.add_client_error("list_service_deployments", "ServiceNotFoundException")
    assert ecs.list_service_deployments("c", "web") == ()


def test_only_revisions_of_the_family_itself_are_listed(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    arns = [f"arn:aws:ecs:us-east-1:1:task-definition/{name}" for name in ("web:3", "web:2", "web-worker:1", "web:1")]
    add_pages(
        stub,
        "list_task_definitions",
        "taskDefinitionArns",
        [arns[:1], arns[1:3], arns[3:]],
        familyPrefix="web",
        status="ACTIVE",
        sort="DESC",
    )
    assert [arn.rpartition("/")[2] for arn in ecs.list_task_definitions("web")] == ["web:3", "web:2", "web:1"]


def test_no_page_of_revisions_is_asked_for_before_it_is_needed(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    answer = {"taskDefinitionArns": ["arn:aws:ecs:us-east-1:1:task-definition/web:3"], "nextToken": "more"}
    stub.add_response("list_task_definitions", answer, {"familyPrefix": "web", "status": "ACTIVE", "sort": "DESC"})
    assert next(ecs.list_task_definitions("web")).endswith("web:3")


@pytest.mark.parametrize("tags", [[], [{"key": "fastbreak:service", "value": "web"}, {"key": "empty"}]])
def test_tags_of_a_revision_are_read(api: tuple[EcsClient, Stubber], tags: list[dict[str, str]]) -> None:
    ecs, stub = api
    asked = {"taskDefinition": "web:3", "include": ["TAGS"]}
    stub.add_response("describe_task_definition", {"taskDefinition": {}, "tags": tags}, asked)
    assert dict(ecs.task_definition_tags("web:3")) == {tag["key"]: tag.get("value", "") for tag in tags}
    stub.add_client_error("describe_task_definition", "ClientException", expected_params=asked)
    assert ecs.task_definition_tags("web:3") == ()


def task_answer(arn: str) -> dict[str, Any]:
    return {
        "taskArn": arn,
        "taskDefinitionArn": "web:1",
        "group": "service:other" if arn == "task 7" else "service:web",
        "createdAt": NOW,
    }


def test_tasks_are_listed_to_the_end_and_described_a_hundred_at_a_time(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    running, stopped = [f"task {number}" for number in range(150)], [f"task {number}" for number in range(150, 230)]
    asked = {"cluster": "c", "serviceName": "web"}
    add_pages(stub, "list_tasks", "taskArns", [running[:100], [], running[100:]], **asked, desiredStatus="RUNNING")
    add_pages(
        stub, "list_tasks", "taskArns", [stopped[:30], stopped[30:60], stopped[60:]], **asked, desiredStatus="STOPPED"
    )
    arns = [*running, *stopped]
    for batch in (arns[:100], arns[100:200], arns[200:]):
        answer = {"tasks": [task_answer(arn) for arn in batch]}
        stub.add_response("describe_tasks", answer, {"cluster": "c", "tasks": batch})
    assert [task.arn for task in ecs.list_tasks("c", "web")] == [arn for arn in arns if arn != "task 7"]


def test_revisions_run_in_tasks_of_any_service(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    arns = [f"task {number}" for number in range(150)]
    add_pages(stub, "list_tasks", "taskArns", [arns[:90], [], arns[90:]], cluster="c", family="web")
    for batch in (arns[:100], arns[100:]):
        answer = {"tasks": [{**task_answer(arn), "taskDefinitionArn": f"web:{len(batch)}"} for arn in batch]}
        stub.add_response("describe_tasks", answer, {"cluster": "c", "tasks": batch})
    assert ecs.running_revisions("c", "web") == {"web:100", "web:50"}


def test_service_that_does_not_exist_has_no_tasks(api: tuple[EcsClient, Stubber]) -> None:
    ecs, stub = api
    stub.add_client_error("list_tasks", "ServiceNotFoundException")
    stub.add_client_error("list_tasks", "ClusterNotFoundException")
    assert ecs.list_tasks("c", "web") == ()
