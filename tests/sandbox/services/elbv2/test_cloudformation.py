# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFormation's types of Elastic Load Balancing."""

from typing import Any

from tests.sandbox.stacks import Stack, ref


def test_load_balancer_and_target_group(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.79.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.79.1.0/24", "AvailabilityZone": "us-east-1b"},
        },
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "lb", "VpcId": ref("Vpc")}},
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Scheme": "internal",
                "Subnets": [ref("Subnet")],
                "SecurityGroups": [ref("Group")],
                "LoadBalancerAttributes": [
                    {"Key": "deletion_protection.enabled", "Value": "true"},
                    {"Key": "idle_timeout.timeout_seconds", "Value": "75"},
                    {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
                ],
            },
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "VpcId": ref("Vpc"),
                "TargetType": "ip",
                "Protocol": "HTTP",
                "Port": 8080,
                "HealthCheckPath": "/readyz",
                "HealthCheckIntervalSeconds": "7",
                "HealthCheckTimeoutSeconds": "3",
                "HealthyThresholdCount": "2",
                "UnhealthyThresholdCount": "4",
                "Matcher": {"HttpCode": "200-204"},
                "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "15"}],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    elbv2, balancer, group = sandbox.client("elbv2"), stack.physical_id("Balancer"), stack.physical_id("Targets")
    described = elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]
    assert described["VpcId"] == stack.physical_id("Vpc")
    assert described["SecurityGroups"] == [stack.physical_id("Group")]
    listed = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    attributes = {item["Key"]: item["Value"] for item in listed}
    assert attributes["idle_timeout.timeout_seconds"] == "75"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    targets = elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert (targets["HealthCheckPath"], targets["HealthCheckIntervalSeconds"]) == ("/readyz", 7)
    assert (targets["HealthyThresholdCount"], targets["UnhealthyThresholdCount"]) == (2, 4)
    assert targets["Matcher"] == {"HttpCode": "200-204"}
    listed = elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "15"} in listed
    assert set(stack.drift().values()) == {"IN_SYNC"}
    assert stack.delete() == "DELETE_FAILED"
    assert "deletion protection is enabled" in stack.reasons()
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=off)
    assert stack.delete() == "DELETE_COMPLETE"
