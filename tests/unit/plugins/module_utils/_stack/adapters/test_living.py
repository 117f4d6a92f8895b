# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the services of protected resources are asked, and what their answers become."""

from datetime import UTC, datetime
from unittest.mock import Mock

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.living import LivingResources
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import LivingState, StackResource
from botocore.exceptions import ClientError
from botocore.stub import Stubber

NAME = "thing"
ARN = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/app/thing/1"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
OBJECTS = "objects, or versions of deleted ones"
OFF = [{"Key": "deletion_protection.enabled", "Value": "false"}]
ON = [{"Key": "deletion_protection.enabled", "Value": "true"}]


def ask(kind, physical_id, service, answers, act="describe"):
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        for operation, arguments, answer in answers:
            if isinstance(answer, str):
                stub.add_client_error(operation, answer, expected_params=arguments)
            else:
                stub.add_response(operation, answer, arguments)
        living = LivingResources(lambda _service: lambda: client)
        found = getattr(living, act)(StackResource("R", kind, "CREATE_COMPLETE", physical_id))
        stub.assert_no_pending_responses()
    return found


LOOKS = [
    (
        "AWS::RDS::DBInstance",
        NAME,
        "rds",
        "describe_db_instances",
        {"DBInstanceIdentifier": NAME},
        "DBInstanceNotFound",
    ),
    (
        "AWS::RDS::DBCluster",
        NAME,
        "rds",
        "describe_db_clusters",
        {"DBClusterIdentifier": NAME},
        "DBClusterNotFoundFault",
    ),
    ("AWS::DynamoDB::Table", NAME, "dynamodb", "describe_table", {"TableName": NAME}, "ResourceNotFoundException"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ARN,
        "elbv2",
        "describe_load_balancer_attributes",
        {"LoadBalancerArn": ARN},
        "LoadBalancerNotFound",
    ),
    ("AWS::S3::Bucket", NAME, "s3", "list_object_versions", {"Bucket": NAME, "MaxKeys": 1}, "NoSuchBucket"),
    (
        "AWS::ECR::Repository",
        NAME,
        "ecr",
        "list_images",
        {"repositoryName": NAME, "maxResults": 1},
        "RepositoryNotFoundException",
    ),
]


@pytest.mark.parametrize(
    ("number", "answer", "expected"),
    [
        (0, {"DBInstances": [{"DeletionProtection": True}]}, LivingState(protected=True)),
        (0, {"DBInstances": [{}]}, LivingState()),
        (0, {"DBInstances": [{"AllocatedStorage": 45}]}, LivingState(storage_gib=45)),
        (1, {"DBClusters": [{"DeletionProtection": True}]}, LivingState(protected=True)),
        (2, {"Table": {"DeletionProtectionEnabled": True}}, LivingState(protected=True)),
        (2, {"Table": {}}, LivingState()),
        (3, {"Attributes": ON}, LivingState(protected=True)),
        (3, {"Attributes": OFF}, LivingState()),
        (4, {"Versions": [{"Key": "a", "LastModified": WHEN}]}, LivingState(holds=OBJECTS)),
        (4, {"DeleteMarkers": [{"Key": "a", "LastModified": WHEN}]}, LivingState(holds=OBJECTS)),
        (4, {}, LivingState()),
        (5, {"imageIds": [{"imageTag": "a"}]}, LivingState(holds="images")),
        (5, {}, LivingState()),
    ],
)
def test_a_resource_is_looked_at(number, answer, expected):
    kind, name, service, operation, arguments, _missing = LOOKS[number]
    assert ask(kind, name, service, [(operation, arguments, answer)]) == expected


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_gone_stops_nothing_and_what_may_not_be_seen_does(look):
    kind, name, service, operation, arguments, missing = look
    assert ask(kind, name, service, [(operation, arguments, missing)]) == LivingState()
    with pytest.raises(OperationError, match="may not"):
        ask(kind, name, service, [(operation, arguments, "AccessDeniedException")])


def test_other_types_are_not_looked_at():
    assert ask("AWS::IAM::Role", NAME, "iam", []) is None


@pytest.mark.parametrize(
    ("kind", "name", "service", "operation", "arguments"),
    [
        (
            "AWS::RDS::DBInstance",
            NAME,
            "rds",
            "modify_db_instance",
            {"DBInstanceIdentifier": NAME, "DeletionProtection": False, "ApplyImmediately": True},
        ),
        (
            "AWS::RDS::DBCluster",
            NAME,
            "rds",
            "modify_db_cluster",
            {"DBClusterIdentifier": NAME, "DeletionProtection": False, "ApplyImmediately": True},
        ),
        (
            "AWS::DynamoDB::Table",
            NAME,
            "dynamodb",
            "update_table",
            {"TableName": NAME, "DeletionProtectionEnabled": False},
        ),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            ARN,
            "elbv2",
            "modify_load_balancer_attributes",
            {"LoadBalancerArn": ARN, "Attributes": OFF},
        ),
    ],
)
def test_protection_is_turned_off(kind, name, service, operation, arguments):
    ask(kind, name, service, [(operation, arguments, {})], act="unprotect")


def interface(number, kind="interface", subnet="subnet-1", **fields):
    return {"NetworkInterfaceId": f"eni-{number}", "InterfaceType": kind, "SubnetId": subnet, **fields}


def test_interfaces_of_others_live_in_a_subnet_and_those_of_the_network_do_not():
    asked = {"Filters": [{"Name": "subnet-id", "Values": ["subnet-1"]}]}
    first = [interface(1, Description="ELB app/x"), interface(2, "nat_gateway"), interface(3, "vpc_endpoint")]
    second = [interface(4, "lambda"), interface(5, subnet="subnet-2")]
    answers = [
        ("describe_network_interfaces", asked, {"NetworkInterfaces": first, "NextToken": "more"}),
        ("describe_network_interfaces", {**asked, "NextToken": "more"}, {"NetworkInterfaces": second}),
    ]
    found = ask("AWS::EC2::Subnet", "subnet-1", "ec2", answers, "occupants")
    assert found == ["eni-1 (ELB app/x)", "eni-4 (no description)"]


def test_of_other_types_nobody_asks_what_lives_there():
    assert ask("AWS::EC2::VPC", "vpc-1", "ec2", [], "occupants") == []


BY_NAME = {
    "AWS::DynamoDB::Table": ("dynamodb", "describe_table", {"TableName": NAME}, "ResourceNotFoundException"),
    "AWS::ECR::Repository": (
        "ecr",
        "list_images",
        {"repositoryName": NAME, "maxResults": 1},
        "RepositoryNotFoundException",
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "elbv2",
        "describe_load_balancers",
        {"Names": [NAME]},
        "LoadBalancerNotFound",
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "elbv2",
        "describe_target_groups",
        {"Names": [NAME]},
        "TargetGroupNotFound",
    ),
    "AWS::IAM::Role": ("iam", "get_role", {"RoleName": NAME}, "NoSuchEntity"),
    "AWS::IAM::User": ("iam", "get_user", {"UserName": NAME}, "NoSuchEntity"),
    "AWS::Logs::LogGroup": (
        "logs",
        "describe_subscription_filters",
        {"logGroupName": NAME, "limit": 1},
        "ResourceNotFoundException",
    ),
    "AWS::RDS::DBInstance": ("rds", "describe_db_instances", {"DBInstanceIdentifier": NAME}, "DBInstanceNotFound"),
    "AWS::S3::Bucket": ("s3", "list_object_versions", {"Bucket": NAME, "MaxKeys": 1}, "NoSuchBucket"),
}


def is_taken(kind, service, operation, arguments, answer=None):
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    # Only that there is an answer counts, not what it says.
    client._make_api_call = Mock(side_effect=answer, return_value={})
    living = LivingResources(lambda _service: lambda: client)
    found = living.is_taken(kind, NAME)
    assert living.is_taken(kind, NAME) is found
    # Once: the plan's answer serves the run that carries it out.
    client._make_api_call.assert_called_once_with(client.meta.method_to_api_mapping[operation], arguments)
    return found


@pytest.mark.parametrize("kind", BY_NAME)
def test_a_name_is_taken_when_its_service_knows_it(kind):
    service, operation, arguments, missing = BY_NAME[kind]
    asked = (kind, service, operation, arguments)
    assert is_taken(*asked)
    assert not is_taken(*asked, answer=ClientError({"Error": {"Code": missing, "Message": ""}}, operation))
    # Whoever may not look makes the plan all the same.
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, operation)
    assert not is_taken(*asked, answer=denied)


def test_nobody_looks_for_a_type_whose_names_are_made_up():
    assert not LivingResources(None).is_taken("AWS::KMS::Key", NAME)
