# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ELBv2's control plane: names it does not know, what is in use, attributes, and what CloudFormation makes of it."""

import json
import uuid

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.balancer import TRUST, eventually

ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111"
NO_BALANCER = f"{ARN}:loadbalancer/app/none/0123456789abcdef"
NO_GROUP = f"{ARN}:targetgroup/none/0123456789abcdef"
NO_LISTENER = f"{ARN}:listener/app/none/0123456789abcdef/0123456789abcdef"
NO_RULE = f"{ARN}:listener-rule/app/none/0123456789abcdef/0123456789abcdef/0123456789abcdef"


def code(call, **arguments):
    """The error code that AWS's API would answer with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def attributes(answer):
    return {item["Key"]: item["Value"] for item in answer["Attributes"]}


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("describe_load_balancers", {"Names": ["none"]}, "LoadBalancerNotFound"),
        ("describe_load_balancers", {"LoadBalancerArns": [NO_BALANCER]}, "LoadBalancerNotFound"),
        ("describe_load_balancer_attributes", {"LoadBalancerArn": NO_BALANCER}, "LoadBalancerNotFound"),
        ("describe_target_groups", {"Names": ["none"]}, "TargetGroupNotFound"),
        ("describe_target_groups", {"TargetGroupArns": [NO_GROUP]}, "TargetGroupNotFound"),
        ("describe_target_groups", {"LoadBalancerArn": NO_BALANCER}, "LoadBalancerNotFound"),
        ("describe_target_group_attributes", {"TargetGroupArn": NO_GROUP}, "TargetGroupNotFound"),
        ("describe_target_health", {"TargetGroupArn": NO_GROUP}, "TargetGroupNotFound"),
        ("register_targets", {"TargetGroupArn": NO_GROUP, "Targets": [{"Id": "10.0.0.1"}]}, "TargetGroupNotFound"),
        ("deregister_targets", {"TargetGroupArn": NO_GROUP, "Targets": [{"Id": "10.0.0.1"}]}, "TargetGroupNotFound"),
        ("describe_listeners", {"LoadBalancerArn": NO_BALANCER}, "LoadBalancerNotFound"),
        ("describe_listeners", {"ListenerArns": [NO_LISTENER]}, "ListenerNotFound"),
        ("modify_listener", {"ListenerArn": NO_LISTENER, "Port": 81}, "ListenerNotFound"),
        ("describe_rules", {"ListenerArn": NO_LISTENER}, "ListenerNotFound"),
        ("describe_rules", {"RuleArns": [NO_RULE]}, "RuleNotFound"),
        ("delete_rule", {"RuleArn": NO_RULE}, "RuleNotFound"),
        ("set_rule_priorities", {"RulePriorities": [{"RuleArn": NO_RULE, "Priority": 1}]}, "RuleNotFound"),
        ("delete_target_group", {"TargetGroupArn": NO_GROUP}, "TargetGroupNotFound"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(sandbox, operation, arguments, expected):
    assert code(getattr(sandbox.client("elbv2"), operation), **arguments) == expected


def test_one_unknown_name_among_known_ones_is_refused(balancer):
    names = [balancer.name, "none"]
    assert code(balancer.api.describe_load_balancers, Names=names) == "LoadBalancerNotFound"


def test_a_forward_to_an_unknown_target_group_is_refused(balancer):
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        balancer.rule({"Type": "forward", "TargetGroupArn": NO_GROUP})


def test_a_port_and_a_priority_are_given_once(balancer):
    with pytest.raises(ClientError, match="DuplicateListener"):
        balancer.listen(80)
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    balancer.rule(fixed, priority=5)
    with pytest.raises(ClientError, match="PriorityInUse"):
        balancer.rule(fixed, priority=5)
    other = balancer.listen(8082)
    assert code(balancer.api.modify_listener, ListenerArn=other, Port=80) == "DuplicateListener"
    assert balancer.get().status_code == 200


def test_a_target_group_in_use_is_not_deleted(balancer):
    group = balancer.group()
    rule = balancer.rule({"Type": "forward", "TargetGroupArn": group})
    assert code(balancer.api.delete_target_group, TargetGroupArn=group) == "ResourceInUse"
    described = balancer.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert described["LoadBalancerArns"] == [balancer.arn]
    balancer.api.delete_rule(RuleArn=rule)
    described = balancer.api.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert described["LoadBalancerArns"] == []


def test_a_target_group_serves_one_load_balancer(sandbox, balancer):
    group = balancer.group()
    balancer.rule({"Type": "forward", "TargetGroupArn": group})
    second = balancer.api.create_load_balancer(Name=f"t-{uuid.uuid4().hex[:8]}", Subnets=["subnet-a"])
    arn = second["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    try:
        assert (
            code(balancer.api.create_listener, LoadBalancerArn=arn, Port=80, Protocol="HTTP", DefaultActions=forward)
            == "TargetGroupAssociationLimit"
        )
    finally:
        balancer.api.delete_load_balancer(LoadBalancerArn=arn)


def test_load_balancer_attributes_have_the_documented_defaults_and_keep_what_is_set(balancer):
    before = attributes(balancer.api.describe_load_balancer_attributes(LoadBalancerArn=balancer.arn))
    assert before["idle_timeout.timeout_seconds"] == "60"
    assert before["routing.http.desync_mitigation_mode"] == "defensive"
    assert before["routing.http2.enabled"] == "true"
    changed = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": "dev",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    listed = [{"Key": key, "Value": value} for key, value in changed.items()]
    balancer.api.modify_load_balancer_attributes(LoadBalancerArn=balancer.arn, Attributes=listed)
    after = attributes(balancer.api.describe_load_balancer_attributes(LoadBalancerArn=balancer.arn))
    assert after == {**before, **changed}


@pytest.mark.parametrize(
    ("key", "value"),
    [("no.such.attribute", "1"), ("idle_timeout.timeout_seconds", "0"), ("deletion_protection.enabled", "yes")],
)
def test_bad_load_balancer_attributes_are_refused(balancer, key, value):
    call = balancer.api.modify_load_balancer_attributes
    refused = code(call, LoadBalancerArn=balancer.arn, Attributes=[{"Key": key, "Value": value}])
    assert refused == "InvalidConfigurationRequest"


def test_bad_target_group_attributes_and_settings_are_refused(balancer):
    group = balancer.group()
    for key, value in (("slow_start.duration_seconds", "5"), ("deregistration_delay.timeout_seconds", "4000")):
        call = balancer.api.modify_target_group_attributes
        refused = code(call, TargetGroupArn=group, Attributes=[{"Key": key, "Value": value}])
        assert refused == "InvalidConfigurationRequest"
    assert (
        code(balancer.api.modify_target_group, TargetGroupArn=group, HealthCheckTimeoutSeconds=6) == "ValidationError"
    )


def test_a_protected_load_balancer_is_not_deleted(balancer):
    def protect(value):
        balancer.api.modify_load_balancer_attributes(
            LoadBalancerArn=balancer.arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
        )

    protect("true")
    assert code(balancer.api.delete_load_balancer, LoadBalancerArn=balancer.arn) == "OperationNotPermitted"
    assert balancer.get().status_code == 503
    protect("false")


def test_a_load_balancer_takes_its_listeners_along(sandbox, balancer):
    balancer.api.delete_load_balancer(LoadBalancerArn=balancer.arn)
    refused = code(balancer.api.describe_listeners, ListenerArns=[balancer.listener])
    assert refused == "ListenerNotFound"


def test_query_string_conditions_and_weights_are_described_as_given(balancer):
    group = balancer.group()
    conditions = [{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "<2>"}]}}]
    rule = balancer.rule({"Type": "forward", "TargetGroupArn": group}, conditions=conditions)
    described = balancer.api.describe_rules(RuleArns=[rule])["Rules"][0]
    assert described["Conditions"][0]["QueryStringConfig"] == conditions[0]["QueryStringConfig"]
    assert described["Actions"][0]["TargetGroupArn"] == group
    assert described["Actions"][0]["ForwardConfig"] == {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }


def test_load_balancers_are_in_the_zones_of_their_subnets(sandbox):
    ec2, elbv2 = sandbox.client("ec2"), sandbox.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(("us-east-1a", "us-east-1b"))
    ]
    made = elbv2.create_load_balancer(Name=f"t-{uuid.uuid4().hex[:8]}", Subnets=subnets)["LoadBalancers"][0]
    assert [(zone["ZoneName"], zone["SubnetId"]) for zone in made["AvailabilityZones"]] == [
        ("us-east-1a", subnets[0]),
        ("us-east-1b", subnets[1]),
    ]
    assert made["VpcId"] == vpc
    elbv2.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


TEMPLATE = {
    "Parameters": {"Green": {"Type": "Number"}, "Port": {"Type": "Number"}},
    "Resources": {
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Subnets": ["subnet-a", "subnet-b"],
                "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "120"}],
            },
        },
        **{
            name: {
                "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
                "Properties": {
                    "Port": 8080,
                    "Protocol": "HTTP",
                    "TargetType": "ip",
                    "VpcId": "vpc-1",
                    "HealthCheckPath": "/readyz",
                    "HealthCheckIntervalSeconds": 5,
                    "HealthCheckTimeoutSeconds": 2,
                },
            }
            for name in ("BlueGroup", "GreenGroup")
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"},
                "Port": {"Ref": "Port"},
                "Protocol": "HTTP",
                "DefaultActions": [
                    {
                        "Type": "forward",
                        "ForwardConfig": {
                            "TargetGroups": [
                                {"TargetGroupArn": {"Ref": "BlueGroup"}, "Weight": 1},
                                {"TargetGroupArn": {"Ref": "GreenGroup"}, "Weight": {"Ref": "Green"}},
                            ]
                        },
                    }
                ],
            },
        },
    },
    "Outputs": {
        "Address": {"Value": {"Fn::GetAtt": ["Balancer", "DNSName"]}},
        "Arn": {"Value": {"Ref": "Balancer"}},
        "Listener": {"Value": {"Ref": "Listener"}},
        "Blue": {"Value": {"Ref": "BlueGroup"}},
        "Green": {"Value": {"Ref": "GreenGroup"}},
    },
}


def test_a_stack_makes_the_same_load_balancer(sandbox, target):
    cloudformation, elbv2 = sandbox.client("cloudformation"), sandbox.client("elbv2")
    name = f"elbv2-{uuid.uuid4().hex[:8]}"

    def settle(verb, port, green):
        parameters = {"Green": str(green), "Port": str(port)}
        getattr(cloudformation, f"{verb}_stack")(
            StackName=name,
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )

        def settled():
            stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        stack = eventually(settled)
        assert stack["StackStatus"] == f"{verb.upper()}_COMPLETE"
        return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}

    made = settle("create", 8085, 0)
    balancer = elbv2.describe_load_balancers(LoadBalancerArns=[made["Arn"]])["LoadBalancers"][0]
    assert balancer["DNSName"] == made["Address"]
    elbv2.register_targets(TargetGroupArn=made["Blue"], Targets=[{"Id": "127.0.0.1", "Port": target.port}])
    assert eventually(lambda: httpx.get(f"http://{made['Address']}:8085/", verify=TRUST).status_code == 200)
    action = elbv2.describe_listeners(ListenerArns=[made["Listener"]])["Listeners"][0]["DefaultActions"][0]
    assert [group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]] == [1, 0]
    moved = settle("update", 8086, 1)
    assert moved == made
    # Each request is drawn by weight: sixty all of one kind are one run in 2 ** 59.
    codes = {httpx.get(f"http://{made['Address']}:8086/", verify=TRUST).status_code for _ in range(60)}
    assert codes == {200, 503}
    stored = attributes(elbv2.describe_load_balancer_attributes(LoadBalancerArn=made["Arn"]))
    assert (stored["idle_timeout.timeout_seconds"], stored["routing.http2.enabled"]) == ("120", "true")
    cloudformation.delete_stack(StackName=name)

    def refuses():
        try:
            httpx.get(f"http://{made['Address']}:8086/", verify=TRUST)
        except httpx.ConnectError:
            return True
        except httpx.TransportError:
            # A closing listener may still cut a connection it took: not refused yet, so ask again.
            return False
        return False

    assert eventually(refuses)
