"""The remaining types of CloudFormation that are ours: each makes the service's own resource."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.stacks import Stack, att, ref, stack_in

RULE = "ALARM(high)"
SERVICE = {
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "scaled"}},
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.78.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.78.1.0/24"}},
}


@pytest.fixture
def stack(sandbox: Any, request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_in(sandbox, request.node.name.replace("_", "-")) as made:
        yield made


def with_properties(resources: dict[str, Any], logical_id: str, **properties: Any) -> dict[str, Any]:
    one = resources[logical_id]
    return {**resources, logical_id: {**one, "Properties": {**one["Properties"], **properties}}}


def test_capacity_providers_of_a_cluster(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "providers"}},
        "Providers": {
            "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
            "Properties": {
                "Cluster": ref("Cluster"),
                "CapacityProviders": ["FARGATE"],
                "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE", "Weight": 1}],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    ecs = sandbox.client("ecs")
    cluster = ecs.describe_clusters(clusters=["providers"])["clusters"][0]
    assert cluster["capacityProviders"] == ["FARGATE"]
    assert cluster["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert stack.drift()["Providers"] == "IN_SYNC"
    both = with_properties(resources, "Providers", CapacityProviders=["FARGATE", "FARGATE_SPOT"])
    assert stack.update(both) == "UPDATE_COMPLETE"
    assert len(ecs.describe_clusters(clusters=["providers"])["clusters"][0]["capacityProviders"]) == 2
    ecs.put_cluster_capacity_providers(cluster="providers", capacityProviders=[], defaultCapacityProviderStrategy=[])
    assert stack.drift()["Providers"] == "MODIFIED"


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


def test_openid_connect_provider(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Provider": {
            "Type": "AWS::IAM::OIDCProvider",
            "Properties": {"Url": "https://token.example.com", "ClientIdList": ["sts.amazonaws.com"]},
        }
    }
    assert stack.create(resources, {"Arn": att("Provider", "Arn")}) == "CREATE_COMPLETE"
    iam, arn = sandbox.client("iam"), stack.outputs()["Arn"]
    assert arn == "arn:aws:iam::111111111111:oidc-provider/token.example.com"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["sts.amazonaws.com"]
    assert stack.drift()["Provider"] == "IN_SYNC"
    assert stack.update(with_properties(resources, "Provider", ClientIdList=["other"])) == "UPDATE_COMPLETE"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["other"]
    assert stack.delete() == "DELETE_COMPLETE"
    assert not iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]


def test_event_subscription(stack: Stack, sandbox: Any) -> None:
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "database-events"}},
        "Subscription": {
            "Type": "AWS::RDS::EventSubscription",
            "Properties": {
                "SnsTopicArn": ref("Topic"),
                "SourceType": "db-instance",
                "EventCategories": ["failure", "maintenance"],
            },
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    rds, name = sandbox.client("rds"), stack.physical_id("Subscription")
    found = rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]
    assert (found["SourceType"], sorted(found["EventCategoriesList"])) == ("db-instance", ["failure", "maintenance"])
    assert stack.drift()["Subscription"] == "IN_SYNC"
    rds.modify_event_subscription(SubscriptionName=name, Enabled=False, EventCategories=["failure"])
    assert stack.drift()["Subscription"] == "MODIFIED"
    assert stack.drifted_properties("Subscription") == ["/EventCategories/1"]
    assert stack.update(with_properties(resources, "Subscription", Enabled=True)) == "UPDATE_COMPLETE"
    assert rds.describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"][0]["Enabled"] is True
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(rds.exceptions.SubscriptionNotFoundFault):
        rds.describe_event_subscriptions(SubscriptionName=name)


def test_composite_alarm(stack: Stack, sandbox: Any) -> None:
    resources = {
        "High": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "high",
                "Namespace": "N",
                "MetricName": "M",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
        "Both": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": "High",
            "Properties": {"AlarmName": "both", "AlarmRule": RULE},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    cloudwatch = sandbox.client("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert alarm["AlarmRule"] == RULE
    assert stack.drift()["Both"] == "IN_SYNC"
    assert stack.update(with_properties(resources, "Both", AlarmRule=f"NOT {RULE}")) == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"
    assert not cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]


def test_web_acl_association(stack: Stack, sandbox: Any) -> None:
    resources = {
        **SERVICE,
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Subnets": [ref("Subnet")], "Scheme": "internal"},
        },
        "Acl": {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Name": "acl",
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "VisibilityConfig": {
                    "CloudWatchMetricsEnabled": True,
                    "MetricName": "acl",
                    "SampledRequestsEnabled": True,
                },
            },
        },
        "Association": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {"ResourceArn": ref("Balancer"), "WebACLArn": att("Acl", "Arn")},
        },
    }
    del resources["Cluster"]
    assert stack.create(resources) == "CREATE_COMPLETE"
    wafv2, balancer = sandbox.client("wafv2"), stack.physical_id("Balancer")
    assert wafv2.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["Name"] == "acl"
    assert stack.drift()["Association"] == "IN_SYNC"
    wafv2.disassociate_web_acl(ResourceArn=balancer)
    assert stack.drift()["Association"] == "DELETED"
