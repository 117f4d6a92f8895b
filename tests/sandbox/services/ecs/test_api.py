# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the ECS API refuses, stores and shows."""

import functools
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.services.ecs.app import PORT, Platform, until


@pytest.fixture(scope="module")
def platform(sandbox: Any) -> Iterator[Platform]:
    made = Platform(sandbox)
    made.create(made.define(), 0)
    made.steady()
    yield made
    made.remove()


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_unknown_things_are_refused(platform: Platform) -> None:
    ecs, cluster = platform.ecs, platform.cluster
    assert refusal(ecs.update_service, cluster="none", service="web").startswith("ClusterNotFoundException")
    assert refusal(ecs.update_service, cluster=cluster, service="none").startswith("ServiceNotFoundException")
    unknown = {"cluster": cluster, "service": "web", "taskDefinition": "none:1"}
    assert refusal(ecs.update_service, **unknown) == "ClientException: TaskDefinition not found."
    assert refusal(ecs.run_task, cluster="none", taskDefinition=platform.name).startswith("ClusterNotFoundException")
    assert refusal(ecs.run_task, cluster=cluster, taskDefinition="none").startswith("ClientException")
    assert refusal(ecs.stop_task, cluster=cluster, task="none").startswith("InvalidParameterException")
    arn = f"arn:aws:ecs:{platform.region}:111111111111:service-deployment/a/b/c"
    missing = "ServiceDeploymentNotFoundException"
    assert refusal(ecs.stop_service_deployment, serviceDeploymentArn=arn).startswith(missing)
    assert refusal(ecs.continue_service_deployment, serviceDeploymentArn=arn, hookId="x").startswith(missing)
    assert ecs.describe_service_deployments(serviceDeploymentArns=[arn])["failures"] == [
        {"arn": arn, "reason": "MISSING"}
    ]


def test_an_inactive_task_definition_is_refused(platform: Platform) -> None:
    definition = platform.define()
    platform.ecs.deregister_task_definition(taskDefinition=definition)
    assert refusal(platform.update, taskDefinition=definition) == "ClientException: TaskDefinition is inactive"


def test_a_service_keeps_running_what_was_deregistered(platform: Platform) -> None:
    running = platform.service()["taskDefinition"]
    platform.ecs.deregister_task_definition(taskDefinition=running)
    platform.update(healthCheckGracePeriodSeconds=7)
    assert platform.service()["taskDefinition"] == running
    platform.update(taskDefinition=platform.define())
    platform.steady()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"desiredCount": -1}, "desiredCount"),
        ({"deploymentConfiguration": {"maximumPercent": 100}}, "cannot be 100 as this will block deployments"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "advancedConfiguration field is required"),
        ({"deploymentConfiguration": {"minimumHealthyPercent": -1}}, "minimumHealthyPercent"),
        ({"healthCheckGracePeriodSeconds": -1}, "healthCheckGracePeriodSeconds"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(platform: Platform, change: dict[str, Any], message: str) -> None:
    before = platform.service()
    assert message in refusal(platform.update, **change)
    assert platform.service() == before


def test_load_balancers_are_checked(platform: Platform) -> None:
    entry = {"targetGroupArn": platform.group, "containerName": "app", "containerPort": PORT}
    update = platform.update
    assert "does not exist in the task definition" in refusal(update, loadBalancers=[entry | {"containerName": "no"}])
    assert "did not have a container port" in refusal(update, loadBalancers=[entry | {"containerPort": 1}])
    assert "does not exist" in refusal(update, loadBalancers=[entry | {"targetGroupArn": platform.group + "x"}])
    vpc = platform.elb.describe_target_groups(TargetGroupArns=[platform.group])["TargetGroups"][0]["VpcId"]
    make = {"Protocol": "HTTP", "Port": PORT, "VpcId": vpc}
    lonely = platform.elb.create_target_group(Name=f"{platform.name}-l", TargetType="ip", **make)["TargetGroups"][0]
    message = refusal(update, loadBalancers=[entry | {"targetGroupArn": lonely["TargetGroupArn"]}])
    assert "does not have an associated load balancer" in message
    wrong = platform.elb.create_target_group(Name=f"{platform.name}-i", TargetType="instance", **make)["TargetGroups"][
        0
    ]
    message = refusal(update, loadBalancers=[entry | {"targetGroupArn": wrong["TargetGroupArn"]}])
    assert "incompatible with the awsvpc network mode" in message


def test_creating_twice(platform: Platform, sandbox: Any) -> None:
    other = Platform(sandbox)
    definition = other.define()
    first = other.create(definition, 0)
    assert other.create(definition, 0)["serviceArn"] == first["serviceArn"], "the same request is idempotent"
    assert "was not idempotent" in refusal(other.create, definition=definition, desired=1)
    other.remove()
    assert refusal(other.update, desiredCount=1).startswith("ServiceNotActiveException")


def test_network_and_launch_type_are_checked(platform: Platform) -> None:
    run = {"cluster": platform.cluster, "taskDefinition": platform.name, "launchType": "FARGATE"}
    assert "Network Configuration must be provided" in refusal(platform.ecs.run_task, **run)
    plain = platform.ecs.register_task_definition(
        family=f"{platform.name}-ec2", containerDefinitions=[{"name": "a", "image": "b", "memory": 64}]
    )["taskDefinition"]
    run["taskDefinition"] = plain["taskDefinitionArn"]
    assert "does not support launch_type FARGATE" in refusal(platform.ecs.run_task, **run)


def test_task_definitions_are_filled_in(platform: Platform) -> None:
    check = {"command": ["CMD-SHELL", "true"]}
    definition = platform.ecs.describe_task_definition(taskDefinition=platform.define(healthCheck=check))[
        "taskDefinition"
    ]
    container = definition["containerDefinitions"][0]
    assert container["healthCheck"] == {"command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3}
    assert container["portMappings"] == [{"containerPort": PORT, "hostPort": PORT, "protocol": "tcp"}]
    assert (container["mountPoints"], container["volumesFrom"], container["essential"]) == ([], [], True)
    assert "pidMode" not in definition
    bad = platform.container(healthCheck={"command": ["true", "x"]})
    assert "CMD-SHELL" in refusal(platform.define_raw, containers=[bad])
    bad = platform.container(healthCheck={"command": ["CMD", "true"], "interval": 1})
    assert "interval" in refusal(platform.define_raw, containers=[bad])


def test_parameters_are_stored_and_only_some_deploy(platform: Platform) -> None:
    deployment = platform.primary()["id"]
    quiet: dict[str, Any] = {
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 50,
            "bakeTimeInMinutes": 3,
            "alarms": {"alarmNames": ["a"], "enable": False, "rollback": False},
        },
        "healthCheckGracePeriodSeconds": 9,
        "enableExecuteCommand": True,
        "propagateTags": "SERVICE",
        "availabilityZoneRebalancing": "DISABLED",
    }
    platform.update(**quiet)
    service = platform.service()
    assert platform.primary()["id"] == deployment
    for key, value in quiet.items():
        assert service[key] == (value | {"strategy": "ROLLING"} if key == "deploymentConfiguration" else value)
    loud: list[dict[str, Any]] = [
        {"forceNewDeployment": True},
        {"platformVersion": "1.4.0"},
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": platform.subnets[:1]}}},
        {"taskDefinition": platform.define()},
    ]
    for change in loud:
        updated = platform.update(**change)
        assert updated["deployments"][0]["id"] != deployment, change
        deployment = updated["deployments"][0]["id"]
    assert platform.update(taskDefinition=platform.name, platformVersion="1.4.0")["deployments"][0]["id"] == deployment
    platform.steady()
    assert platform.service()["desiredCount"] == 0


@pytest.mark.parametrize(
    ("cpu", "memory"), [("256", "4096"), ("300", "512"), ("1024", "1024"), ("512", "1500"), ("1", "x")]
)
def test_sizes_that_fargate_does_not_have_are_refused(platform: Platform, cpu: str, memory: str) -> None:
    definition = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": cpu, "memory": memory}
    message = refusal(
        platform.ecs.register_task_definition,
        family="x",
        containerDefinitions=[{"name": "a", "image": "b"}],
        **definition,
    )
    assert "No Fargate configuration exists" in message


def test_a_cluster_in_use_is_not_deleted(platform: Platform) -> None:
    message = refusal(platform.ecs.delete_cluster, cluster=platform.cluster)
    assert message.startswith("ClusterContainsServicesException")
    assert platform.ecs.describe_clusters(clusters=[platform.cluster])["clusters"][0]["status"] == "ACTIVE"


def test_a_stack_cannot_delete_a_cluster_in_use(platform: Platform, sandbox: Any) -> None:
    cloudformation, name = sandbox.client("cloudformation"), f"{platform.name}-s"
    cluster = {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": name}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Cluster": cluster}}))

    def status() -> str:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])

    until(lambda: status() == "CREATE_COMPLETE")
    service = {"cluster": name, "service": "web"}
    platform.ecs.create_service(
        cluster=name,
        serviceName="web",
        taskDefinition=platform.name,
        desiredCount=0,
        networkConfiguration=platform.network,
        launchType="FARGATE",
    )
    cloudformation.delete_stack(StackName=name)
    until(lambda: status() == "DELETE_FAILED")
    assert platform.ecs.describe_clusters(clusters=[name])["clusters"][0]["status"] == "ACTIVE"
    platform.ecs.delete_service(**service)
    until(lambda: platform.ecs.describe_services(cluster=name, services=["web"])["services"][0]["status"] == "INACTIVE")
    cloudformation.delete_stack(StackName=name)
    until(lambda: not platform.ecs.describe_clusters(clusters=[name])["clusters"])


@pytest.mark.parametrize(
    ("action", "body", "message"),
    [
        ("UpdateService", {"service": 1}, "service is not of type string"),
        ("RunTask", {"overrides": []}, "overrides is not of type structure"),
        ("DescribeTasks", {"tasks": [1]}, "tasks[0] is not of type string"),
        ("CreateService", {"desiredCount": True}, "desiredCount is not of type integer"),
        ("RegisterTaskDefinition", {"containerDefinitions": ["x"]}, "containerDefinitions[0] is not of type structure"),
    ],
)
def test_wrong_types_are_refused(sandbox: Any, action: str, body: dict[str, Any], message: str) -> None:
    """By whoever sends them: boto3 would not."""
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own
        sandbox.state.endpoint_url,
        json.dumps(body).encode(),
        {
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=111111111111/20260101/us-east-1/ecs/aws4_request",
        },
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310
    answer = json.loads(caught.value.read())
    assert (caught.value.code, answer["__type"], answer["message"]) == (400, "SerializationException", message)


def test_history_pages_and_filters(platform: Platform) -> None:
    for _ in range(4):
        platform.update(forceNewDeployment=True)
    platform.steady()
    ask = {"cluster": platform.cluster, "service": "web"}
    everything = platform.ecs.list_service_deployments(**ask, maxResults=100)["serviceDeployments"]
    assert len(everything) >= 5
    assert everything == sorted(everything, key=lambda item: item["createdAt"], reverse=True)
    page = platform.ecs.list_service_deployments(**ask, maxResults=2)
    rest = platform.ecs.list_service_deployments(**ask, maxResults=100, nextToken=page["nextToken"])
    assert page["serviceDeployments"] + rest["serviceDeployments"] == everything
    stopped = platform.ecs.list_service_deployments(**ask, status=["STOPPED"])["serviceDeployments"]
    assert {item["status"] for item in stopped} == {"STOPPED"}
    arns = [item["targetServiceRevisionArn"] for item in everything[:2]]
    revisions = platform.ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
    assert [item["serviceRevisionArn"] for item in revisions] == arns
    assert revisions[0]["containerImages"][0]["containerName"] == "app"
    current = platform.service()["currentServiceDeployment"]
    answer = functools.partial(refusal, platform.ecs.continue_service_deployment)
    assert "hookId must follow the format" in answer(serviceDeploymentArn=current, hookId="x")
    assert "in terminal states" in answer(serviceDeploymentArn=current, hookId="ecs-pause-x")
    assert "does not exist" in answer(serviceDeploymentArn=f"{current}x", hookId="ecs-pause-x")
