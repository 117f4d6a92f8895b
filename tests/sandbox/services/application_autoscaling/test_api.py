# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Application Auto Scaling for ECS services."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.services.ecs.app import until

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/scaling/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}
TRACKING = {
    "TargetValue": 60.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


@pytest.fixture(scope="module")
def scaling(sandbox: Any) -> Any:
    return sandbox.client("application-autoscaling")


@pytest.fixture(scope="module")
def ecs(sandbox: Any) -> Iterator[Any]:
    """ECS with an empty service in a cluster."""
    api, ec2 = sandbox.client("ecs"), sandbox.client("ec2")
    api.create_cluster(clusterName="scaling")
    definition = api.register_task_definition(
        family="scaling",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "fastbreak-sandbox/base:trixie", "command": ["sleep", "600"]}],
    )["taskDefinition"]["taskDefinitionArn"]
    vpc = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.90.1.0/24")["Subnet"]["SubnetId"]
    api.create_service(
        cluster="scaling",
        serviceName="app",
        taskDefinition=definition,
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )
    yield api
    api.delete_service(cluster="scaling", service="app", force=True)


@pytest.fixture
def target(scaling: Any, ecs: Any) -> Iterator[str]:
    """The ARN of a registered target that lets the service stay empty."""
    yield scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=4)["ScalableTargetARN"]
    if scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
        scaling.deregister_scalable_target(**TARGET)
    ecs.update_service(cluster="scaling", service="app", desiredCount=0)


def desired(ecs: Any) -> int:
    return int(ecs.describe_services(cluster="scaling", services=["app"])["services"][0]["desiredCount"])


def test_a_service_must_exist(scaling: Any, ecs: Any) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*ECS service doesn't exist: service/scaling/none"):
        scaling.register_scalable_target(
            **{**TARGET, "ResourceId": "service/scaling/none"}, MinCapacity=1, MaxCapacity=2
        )


def test_a_new_target_needs_both_bounds_in_order(scaling: Any, ecs: Any) -> None:
    with pytest.raises(ClientError, match="MinCapacity and MaxCapacity"):
        scaling.register_scalable_target(**TARGET, MinCapacity=1)
    with pytest.raises(ClientError, match="Maximum capacity cannot be less"):
        scaling.register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=2)


def test_a_target_is_described_and_changed_in_parts(scaling: Any, target: str) -> None:
    again = scaling.register_scalable_target(**TARGET, MaxCapacity=6)["ScalableTargetARN"]
    assert again == target
    [found] = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]])[
        "ScalableTargets"
    ]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (0, 6)
    assert found["SuspendedState"]["DynamicScalingInSuspended"] is False
    assert not scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=["service/scaling/none"])[
        "ScalableTargets"
    ]


def test_registering_moves_the_service_inside_its_bounds(scaling: Any, ecs: Any, target: str) -> None:
    scaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
    assert desired(ecs) == 2
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=1)
    assert desired(ecs) == 1
    activities = scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"]
    assert [activity["Description"] for activity in activities[:2]] == [
        "Setting desired count to 1.",
        "Setting desired count to 2.",
    ]
    assert activities[0]["StatusCode"] == "Successful"


def test_a_target_tracking_policy_makes_and_takes_its_alarms(scaling: Any, sandbox: Any, target: str) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    policy = {**TARGET, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
    made = scaling.put_scaling_policy(**policy, TargetTrackingScalingPolicyConfiguration=TRACKING)
    names = sorted(alarm["AlarmName"] for alarm in made["Alarms"])
    alarms = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert {(item["ComparisonOperator"], item["Threshold"]) for item in alarms} == {
        ("GreaterThanThreshold", 60.0),
        ("LessThanThreshold", 54.0),
    }
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarms[0]["Dimensions"]}
    assert dimensions == {"ClusterName": "scaling", "ServiceName": "app"}
    [found] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    again = scaling.put_scaling_policy(
        **policy, TargetTrackingScalingPolicyConfiguration={**TRACKING, "DisableScaleIn": True}
    )
    assert again["PolicyARN"] == made["PolicyARN"]
    assert len(again["Alarms"]) == 1
    assert not cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    scaling.delete_scaling_policy(**TARGET, PolicyName="cpu")
    assert not scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.delete_scaling_policy(**TARGET, PolicyName="cpu")


def test_tasks_follow_what_waits_for_each_of_them(scaling: Any, ecs: Any, sandbox: Any, target: str) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    waiting = {"Namespace": "Fastbreak/scaling", "MetricName": "QueueWaiting"}
    running = {
        "Namespace": "ECS/ContainerInsights",
        "MetricName": "RunningTaskCount",
        "Dimensions": [{"Name": "ClusterName", "Value": "scaling"}, {"Name": "ServiceName", "Value": "app"}],
    }
    measured = [
        {"Id": name, "MetricStat": {"Metric": metric, "Stat": "Maximum"}, "ReturnData": False}
        for name, metric in (("waiting", waiting), ("tasks", running))
    ]
    each = {"Id": "each", "Expression": "waiting / IF(tasks < 1, 1, tasks)", "ReturnData": True}
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    made = scaling.put_scaling_policy(
        **TARGET,
        PolicyName="backlog",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 2.0,
            "CustomizedMetricSpecification": {"Metrics": [*measured, each]},
            "ScaleOutCooldown": 0,
        },
    )
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[made["Alarms"][0]["AlarmName"]])["MetricAlarms"]
    assert [query["Id"] for query in alarm["Metrics"]] == ["waiting", "tasks", "each"]

    def is_scaled_out() -> bool:
        data = [{"MetricName": "QueueWaiting", "Value": 9.0, "Timestamp": datetime.now(UTC)}]
        cloudwatch.put_metric_data(Namespace=waiting["Namespace"], MetricData=data)
        return desired(ecs) == 2

    until(is_scaled_out, what="a second task for what waits")


def test_alarms_wake_a_service_from_0_and_put_it_to_rest(scaling: Any, ecs: Any, sandbox: Any, target: str) -> None:
    cloudwatch, undone = sandbox.client("cloudwatch"), {"Namespace": "Fastbreak/steps", "MetricName": "Undone"}
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=2)
    for name, adjustment, bound, comparison in (
        ("wake", {"AdjustmentType": "ChangeInCapacity"}, "Lower", "GreaterThanOrEqualToThreshold"),
        ("rest", {"AdjustmentType": "ExactCapacity"}, "Upper", "LessThanThreshold"),
    ):
        step = {f"MetricInterval{bound}Bound": 0, "ScalingAdjustment": 1 if name == "wake" else 0}
        made = scaling.put_scaling_policy(
            **TARGET,
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={**adjustment, "StepAdjustments": [step], "Cooldown": 600},
        )
        cloudwatch.put_metric_alarm(
            AlarmName=f"steps-{name}",
            AlarmActions=[made["PolicyARN"]],
            **undone,
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator=comparison,
            TreatMissingData="notBreaching",
        )

    def becomes(count: int, value: float) -> bool:
        data = [{"MetricName": "Undone", "Value": value, "Timestamp": datetime.now(UTC)}]
        cloudwatch.put_metric_data(Namespace=undone["Namespace"], MetricData=data)
        return desired(ecs) == count

    try:
        until(lambda: becomes(1, 3.0), what="a task for what is undone")
        assert not becomes(2, 3.0), "it cools down"
        until(lambda: becomes(0, 0.0), what="no task for nothing")
    finally:
        cloudwatch.delete_alarms(AlarmNames=["steps-wake", "steps-rest"])
    [rested, woken] = scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"][:2]
    assert "steps-rest in state ALARM triggered policy rest" in rested["Cause"]
    assert "steps-wake in state ALARM triggered policy wake" in woken["Cause"]


def test_a_scheduled_action_sets_the_bounds_when_its_time_comes(scaling: Any, ecs: Any, target: str) -> None:
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=1)
    suspended = {"ScheduledScalingSuspended": True}
    for name, minimum in (("often", 1), ("never", 3)):
        scaling.put_scheduled_action(
            **TARGET,
            ScheduledActionName=name,
            Schedule=f"rate({1 if name == 'often' else 9} minute{'' if name == 'often' else 's'})",
            ScalableTargetAction={"MinCapacity": minimum},
        )
    until(lambda: desired(ecs) == 1, what="a task for the bounds of the schedule")
    [last] = scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"][:1]
    assert last["Cause"] == "scheduled action name often was triggered"
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=0, SuspendedState=suspended)
    assert desired(ecs) == 0


def test_a_policy_needs_a_target(scaling: Any, ecs: Any) -> None:
    with pytest.raises(ClientError, match=r"ObjectNotFoundException.*No scalable target registered"):
        scaling.put_scaling_policy(
            **TARGET,
            PolicyName="cpu",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )


def test_deregistering_takes_policies_and_alarms_along(scaling: Any, sandbox: Any, target: str) -> None:
    made = scaling.put_scaling_policy(
        **TARGET,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )
    scaling.deregister_scalable_target(**TARGET)
    names = [alarm["AlarmName"] for alarm in made["Alarms"]]
    assert not sandbox.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.deregister_scalable_target(**TARGET)


def test_a_scheduled_action_is_kept_and_changed_in_parts(scaling: Any, target: str) -> None:
    night = {**TARGET, "ScheduledActionName": "night"}
    starts = datetime(2027, 1, 1, tzinfo=UTC)
    scaling.put_scheduled_action(
        **night,
        Schedule="cron(0 22 * * ? *)",
        Timezone="Europe/Berlin",
        StartTime=starts,
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 1},
    )
    scaling.put_scheduled_action(
        **{**night, "ScheduledActionName": "once"},
        Schedule="at(2027-03-31T22:00:00)",
        ScalableTargetAction={"MinCapacity": 1},
    )
    asked = {name: TARGET[name] for name in ("ServiceNamespace", "ResourceId")}
    first, *others = scaling.get_paginator("describe_scheduled_actions").paginate(**asked, MaxResults=1)
    (made,) = first["ScheduledActions"]
    assert (made["ScheduledActionName"], made["Timezone"], made["StartTime"]) == ("night", "Europe/Berlin", starts)
    assert [page["ScheduledActions"][0]["ScheduledActionName"] for page in others] == ["once"]
    scaling.put_scheduled_action(**night, ScalableTargetAction={"MaxCapacity": 2})
    (again,) = scaling.describe_scheduled_actions(**asked, ScheduledActionNames=["night"])["ScheduledActions"]
    assert again["Schedule"] == made["Schedule"]
    assert again["ScheduledActionARN"] == made["ScheduledActionARN"]
    assert again["ScalableTargetAction"] == {"MaxCapacity": 2}
    assert "StartTime" not in again
    scaling.delete_scheduled_action(**night)
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.delete_scheduled_action(**night)
    scaling.deregister_scalable_target(**TARGET)
    assert not scaling.describe_scheduled_actions(**asked)["ScheduledActions"]
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.put_scheduled_action(**night, Schedule="rate(1 day)", ScalableTargetAction={"MaxCapacity": 2})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"Schedule": "0 9 * * *"}, "Schedule expression"),
        ({"Timezone": "Berlin"}, "Timezone"),
        ({"ScalableTargetAction": {}}, "must be specified"),
        ({"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}}, "Maximum capacity"),
    ],
)
def test_a_scheduled_action_that_cannot_be_is_refused(
    scaling: Any, target: str, other: dict[str, Any], said: str
) -> None:
    action = {"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}, **other}
    with pytest.raises(ClientError, match=f"ValidationException.*{said}"):
        scaling.put_scheduled_action(**TARGET, ScheduledActionName="x", **action)


def test_tags(scaling: Any, target: str) -> None:
    scaling.tag_resource(ResourceARN=target, Tags={"team": "medicine", "gone": "soon"})
    scaling.untag_resource(ResourceARN=target, TagKeys=["gone"])
    assert scaling.list_tags_for_resource(ResourceARN=target)["Tags"] == {"team": "medicine"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scaling.list_tags_for_resource(ResourceARN=f"{target}x")


def test_accounts_are_apart(sandbox: Any, target: str) -> None:
    other = sandbox.client("application-autoscaling", "prod")
    assert not other.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
