# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services are asked about what resources hold, and what their answers become."""

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.held_resources import HeldResources
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.addition_kinds import Held
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackResource
from botocore.stub import Stubber

NAME, ARN = "thing", "arn:aws:iam::111111111111:policy/mine"
SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:mine-AbCdEf"
TABLE = "arn:aws:dynamodb:us-east-1:111111111111:table/thing"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/app/thing/1"


def ask(kind, service, answers, physical_id=NAME):
    """What it holds when its service and no other answers so."""
    clients, stubs = {}, []
    for name in {service, *(answer[3] for answer in answers if len(answer) > 3)}:
        clients[name] = boto3.client(name, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        stubs.append(Stubber(clients[name]))
    named = dict(zip(clients, stubs, strict=True))
    for operation, arguments, answer, *elsewhere in answers:
        stub = named[elsewhere[0] if elsewhere else service]
        if isinstance(answer, str):
            stub.add_client_error(operation, answer, expected_params=arguments)
        else:
            stub.add_response(operation, answer, arguments)
    for stub in stubs:
        stub.activate()
    found = HeldResources(lambda name: lambda: clients[name]).held(
        StackResource("R", kind, "CREATE_COMPLETE", physical_id)
    )
    for stub in stubs:
        stub.assert_no_pending_responses()
    return list(found)


def principal(kind, name):
    return {f"{kind}Name": name, "MaxItems": 1000}


ATTACHED = {"AttachedPolicies": [{"PolicyName": "mine", "PolicyArn": ARN}]}
POLICIES = [Held("managed policy", ARN), Held("inline policy", "other")]


@pytest.mark.parametrize("kind", ["Role", "Group"])
def test_policies_of_principals(kind):
    answers = [
        (f"list_attached_{kind.lower()}_policies", principal(kind, NAME), ATTACHED),
        (f"list_{kind.lower()}_policies", principal(kind, NAME), {"PolicyNames": ["other"]}),
    ]
    assert ask(f"AWS::IAM::{kind}", "iam", answers) == POLICIES


def test_policies_and_groups_of_a_user():
    group = {"Path": "/", "GroupName": "admins", "GroupId": "AGPA0000000000000000", "Arn": ARN, "CreateDate": 0}
    answers = [
        ("list_attached_user_policies", principal("User", NAME), ATTACHED),
        ("list_user_policies", principal("User", NAME), {"PolicyNames": ["other"]}),
        ("list_groups_for_user", principal("User", NAME), {"Groups": [group]}),
    ]
    assert ask("AWS::IAM::User", "iam", answers) == [*POLICIES, Held("group", "admins")]


def table_answers(policy):
    return [
        ("describe_table", {"TableName": NAME}, {"Table": {"TableArn": TABLE}}),
        ("get_resource_policy", {"ResourceArn": TABLE}, policy),
    ]


def database_answers(secret, *more):
    database = {"MasterUserSecret": {"SecretArn": SECRET}} if secret else {}
    return [("describe_db_instances", {"DBInstanceIdentifier": NAME}, {"DBInstances": [database]}), *more]


OF_MASTER = {"SecretId": SECRET}
ROUTES = [
    {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"},
    {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"},
    {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "Origin": "CreateRoute"},
    {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "Origin": "CreateRoute"},
    {"DestinationPrefixListId": "pl-2", "TransitGatewayId": "tgw-1", "Origin": "CreateRoute"},
    {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
]
ENTRIES = [
    {"Egress": False, "RuleNumber": 90, "RuleAction": "allow"},
    {"Egress": True, "RuleNumber": 100, "RuleAction": "allow"},
    {"Egress": False, "RuleNumber": 32767, "RuleAction": "deny"},
]
REPLICATION = {"Role": ARN, "Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::theirs"}}]}
FILTERS = {"subscriptionFilters": [{"filterName": "theirs"}]}
LOOKS = [
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager",
        [("get_resource_policy", {"SecretId": NAME}, {"ResourcePolicy": "{}"})],
        [Held("policy")],
    ),
    ("AWS::SecretsManager::Secret", "secretsmanager", [("get_resource_policy", {"SecretId": NAME}, {})], []),
    (
        "AWS::RDS::DBInstance",
        "rds",
        database_answers(True, ("get_resource_policy", OF_MASTER, {"ResourcePolicy": "{}"}, "secretsmanager")),
        [Held("policy", SECRET)],
    ),
    ("AWS::RDS::DBInstance", "rds", database_answers(False), []),
    (
        "AWS::ECR::Repository",
        "ecr",
        [("get_repository_policy", {"repositoryName": NAME}, {"policyText": "{}"})],
        [Held("policy")],
    ),
    (
        "AWS::ECR::Repository",
        "ecr",
        [("get_repository_policy", {"repositoryName": NAME}, "RepositoryPolicyNotFoundException")],
        [],
    ),
    ("AWS::DynamoDB::Table", "dynamodb", table_answers({"Policy": "{}"}), [Held("policy", TABLE)]),
    ("AWS::DynamoDB::Table", "dynamodb", table_answers("PolicyNotFoundException"), []),
    (
        "AWS::S3::Bucket",
        "s3",
        [("get_bucket_replication", {"Bucket": NAME}, {"ReplicationConfiguration": REPLICATION})],
        [Held("replication")],
    ),
    (
        "AWS::S3::Bucket",
        "s3",
        [("get_bucket_replication", {"Bucket": NAME}, "ReplicationConfigurationNotFoundError")],
        [],
    ),
    (
        "AWS::Logs::LogGroup",
        "logs",
        [("describe_subscription_filters", {"logGroupName": NAME}, FILTERS)],
        [Held("subscription filter", "theirs")],
    ),
    (
        "AWS::Events::Rule",
        "events",
        [("list_targets_by_rule", {"Rule": NAME}, {"Targets": [{"Id": "theirs", "Arn": ARN}]})],
        [Held("target", "theirs")],
    ),
    (
        "AWS::EC2::RouteTable",
        "ec2",
        [("describe_route_tables", {"RouteTableIds": [NAME]}, {"RouteTables": [{"Routes": ROUTES}]})],
        [
            Held("route to cidr-block", "0.0.0.0/0"),
            Held("route to ipv6-cidr-block", "::/0"),
            Held("route to prefix-list-id", "pl-2"),
            Held("route to cidr-block", "192.168.0.0/16"),
        ],
    ),
    (
        "AWS::EC2::NetworkAcl",
        "ec2",
        [("describe_network_acls", {"NetworkAclIds": [NAME]}, {"NetworkAcls": [{"Entries": ENTRIES}]})],
        [Held("ingress rule", "90"), Held("egress rule", "100")],
    ),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "elbv2",
        [("describe_listeners", {"LoadBalancerArn": NAME}, {"Listeners": [{"ListenerArn": BALANCER}]})],
        [Held("listener", BALANCER)],
    ),
    ("AWS::KMS::Key", "kms", [], []),
]


@pytest.mark.parametrize(("kind", "service", "answers", "held"), LOOKS)
def test_what_resources_hold(kind, service, answers, held):
    assert ask(kind, service, answers) == held


GONE = [
    ("AWS::SecretsManager::Secret", "secretsmanager", "get_resource_policy", "ResourceNotFoundException"),
    ("AWS::RDS::DBInstance", "rds", "describe_db_instances", "DBInstanceNotFound"),
    ("AWS::ECR::Repository", "ecr", "get_repository_policy", "RepositoryNotFoundException"),
    ("AWS::DynamoDB::Table", "dynamodb", "describe_table", "ResourceNotFoundException"),
    ("AWS::S3::Bucket", "s3", "get_bucket_replication", "NoSuchBucket"),
    ("AWS::Logs::LogGroup", "logs", "describe_subscription_filters", "ResourceNotFoundException"),
    ("AWS::Events::Rule", "events", "list_targets_by_rule", "ResourceNotFoundException"),
    ("AWS::EC2::RouteTable", "ec2", "describe_route_tables", "InvalidRouteTableID.NotFound"),
    ("AWS::EC2::NetworkAcl", "ec2", "describe_network_acls", "InvalidNetworkAclID.NotFound"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "elbv2", "describe_listeners", "LoadBalancerNotFound"),
]


@pytest.mark.parametrize(("kind", "service", "operation", "code"), GONE)
def test_what_is_gone_holds_nothing(kind, service, operation, code):
    assert ask(kind, service, [(operation, None, code)]) == []


@pytest.mark.parametrize(("kind", "service", "operation", "code"), GONE)
def test_what_cannot_be_read_is_no_empty_answer(kind, service, operation, code):
    with pytest.raises(OperationError, match="Tried to read what thing holds"):
        ask(kind, service, [(operation, None, "AccessDenied")])
