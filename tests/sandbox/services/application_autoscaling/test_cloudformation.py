# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of Application Auto Scaling."""

from typing import Any

from tests.sandbox.stacks import Stack, ref

SERVICE = {
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "scaled"}},
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.78.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.78.1.0/24"}},
}


def test_scalable_target_and_policy_of_a_service(stack: Stack, sandbox: Any) -> None:
    assert stack.create(SERVICE) == "CREATE_COMPLETE"
    ecs, scaling = sandbox.client("ecs"), sandbox.client("application-autoscaling")
    definition = ecs.register_task_definition(
        family="scaled",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "fastbreak-sandbox/base:trixie", "command": ["sleep", "600"]}],
    )["taskDefinition"]["taskDefinitionArn"]
    network = {"awsvpcConfiguration": {"subnets": [stack.physical_id("Subnet")]}}
    ecs.create_service(
        cluster="scaled",
        serviceName="app",
        taskDefinition=definition,
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=network,
    )
    try:
        resources = {**SERVICE, **scaled(minimum=0)}
        assert stack.update(resources) == "UPDATE_COMPLETE"
        [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 3)
        [policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        assert policy["PolicyARN"] == stack.physical_id("Policy")
        drift = stack.drift()
        assert (drift["Target"], drift["Policy"]) == ("IN_SYNC", "IN_SYNC")
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId="service/scaled/app",
            ScalableDimension="ecs:service:DesiredCount",
            MaxCapacity=5,
        )
        assert stack.drift()["Target"] == "MODIFIED"
        assert stack.update(SERVICE) == "UPDATE_COMPLETE"
        assert not scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        assert not scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    finally:
        ecs.delete_service(cluster="scaled", service="app", force=True)


def scaled(minimum: int) -> dict[str, Any]:
    return {
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ServiceNamespace": "ecs",
                "ResourceId": "service/scaled/app",
                "ScalableDimension": "ecs:service:DesiredCount",
                "MinCapacity": minimum,
                "MaxCapacity": "3",
            },
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "cpu",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": ref("Target"),
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 60,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                },
            },
        },
    }


def test_a_target_without_its_service_rolls_back(stack: Stack) -> None:
    assert stack.create(scaled(minimum=1)) == "ROLLBACK_COMPLETE"
    assert "ECS service doesn't exist: service/scaled/app" in stack.reasons()
