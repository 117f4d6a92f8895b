# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody added to the resources of a stack, told from what its template gives them."""

from collections import Counter

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.held_resources import _READERS
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.addition_kinds import KINDS, Held
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.additions import find_additions
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackResource, StackSnapshot

from tools.files import ROOT

STACK = StackSnapshot(
    "s", "arn:aws-cn:cloudformation:cn-north-1:111111111111:stack/s/1", "UPDATE_COMPLETE", parameters={"Pulled": "true"}
)
MONITORING = "arn:aws-cn:iam::aws:policy/service-role/Monitoring"
RESOURCES = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/Monitoring"}],
            "Policies": [{"PolicyName": "release", "PolicyDocument": {}}],
        },
    },
    "User": {"Type": "AWS::IAM::User", "Properties": {"Groups": [{"Ref": "Group"}]}},
    "Group": {"Type": "AWS::IAM::Group"},
    "Secret": {"Type": "AWS::SecretsManager::Secret"},
    "Shared": {"Type": "AWS::SecretsManager::Secret"},
    "Policy": {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": {"SecretId": {"Ref": "Shared"}}},
    "Database": {"Type": "AWS::RDS::DBInstance"},
    "Repository": {
        "Type": "AWS::ECR::Repository",
        "Properties": {"RepositoryPolicyText": {"Fn::If": ["IsPulled", {}, {"Ref": "AWS::NoValue"}]}},
    },
    "Table": {"Type": "AWS::DynamoDB::Table"},
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Logs": {"Type": "AWS::Logs::LogGroup"},
    "Rule": {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Id": "topic"}]}},
    "Routes": {"Type": "AWS::EC2::RouteTable"},
    "Default": {
        "Type": "AWS::EC2::Route",
        "Properties": {"RouteTableId": {"Ref": "Routes"}, "DestinationCidrBlock": "0.0.0.0/0"},
    },
    "Acl": {"Type": "AWS::EC2::NetworkAcl"},
    "In": {"Type": "AWS::EC2::NetworkAclEntry", "Properties": {"NetworkAclId": {"Ref": "Acl"}, "RuleNumber": 100}},
    "Out": {
        "Type": "AWS::EC2::NetworkAclEntry",
        "Properties": {"NetworkAclId": {"Ref": "Acl"}, "RuleNumber": 100, "Egress": True},
    },
    "Unmade": {
        "Type": "AWS::EC2::NetworkAclEntry",
        "Condition": "IsNot",
        "Properties": {"NetworkAclId": {"Ref": "Acl"}, "RuleNumber": 200},
    },
    "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
    "Https": {"Type": "AWS::ElasticLoadBalancingV2::Listener"},
}
IS_PULLED = {"Fn::Equals": [{"Ref": "Pulled"}, "true"]}
TEMPLATE = {
    "Parameters": {"Pulled": {"Type": "String"}},
    "Conditions": {"IsPulled": IS_PULLED, "IsNot": {"Fn::Not": [{"Condition": "IsPulled"}]}},
    "Resources": RESOURCES,
}
GIVEN = {
    "Role": [Held("managed policy", MONITORING), Held("inline policy", "release")],
    "User": [Held("group", "id-Group")],
    "Shared": [Held("policy")],
    "Repository": [Held("policy")],
    "Rule": [Held("target", "topic")],
    "Routes": [Held("route to cidr-block", "0.0.0.0/0")],
    "Acl": [Held("ingress rule", "100"), Held("egress rule", "100")],
    "Balancer": [Held("listener", "id-Https")],
}


class World:
    """CloudFormation and the services, of resources that hold what they are given."""

    def __init__(self, holds):
        self._holds = holds

    def list_stack_resources(self, _stack_id):
        return [
            StackResource(name, body["Type"], "CREATE_COMPLETE", f"id-{name}")
            for name, body in RESOURCES.items()
            if "Condition" not in body
        ] + [StackResource("Gone", "AWS::IAM::Role", "DELETE_COMPLETE", "id-Gone")]

    def get_template(self, _name):
        return TEMPLATE

    def held(self, resource):
        return self._holds.get(resource.logical_id, [])


def found(holds, snapshot=STACK):
    world = World(holds)
    return find_additions(snapshot, world, world)


def test_what_the_template_gives_is_no_addition():
    assert found(GIVEN) == []


ADDED = [
    (
        "Role",
        Held("managed policy", "arn:aws-cn:iam::111111111111:policy/service-role/Monitoring"),
        "detach-role-policy",
    ),
    ("Role", Held("managed policy", "arn:aws:iam::aws:policy/AdministratorAccess"), "--role-name id-Role --policy-arn"),
    ("Role", Held("inline policy", "mine"), "aws iam delete-role-policy --role-name id-Role --policy-name mine"),
    ("User", Held("managed policy", "arn:x"), "aws iam detach-user-policy --user-name id-User --policy-arn arn:x"),
    ("User", Held("inline policy", "mine"), "delete-user-policy --user-name id-User"),
    ("User", Held("group", "admins"), "remove-user-from-group --user-name id-User --group-name admins"),
    ("Group", Held("managed policy", "arn:x"), "detach-group-policy --group-name id-Group"),
    ("Group", Held("inline policy", "release"), "delete-group-policy --group-name id-Group"),
    ("Secret", Held("policy"), "secretsmanager delete-resource-policy --secret-id id-Secret"),
    ("Database", Held("policy", "arn:master"), "delete-resource-policy --secret-id arn:master"),
    ("Table", Held("policy", "arn:table"), "dynamodb delete-resource-policy --resource-arn arn:table"),
    ("Bucket", Held("replication"), "s3api delete-bucket-replication --bucket id-Bucket"),
    ("Logs", Held("subscription filter", "a b"), "--log-group-name id-Logs --filter-name 'a b'"),
    (
        "Routes",
        Held("route to cidr-block", "10.0.0.0/8"),
        "--route-table-id id-Routes --destination-cidr-block 10.0.0.0/8",
    ),
    ("Routes", Held("route to ipv6-cidr-block", "::/0"), "--destination-ipv6-cidr-block ::/0"),
    ("Routes", Held("route to prefix-list-id", "pl-1"), "--destination-prefix-list-id pl-1"),
    ("Rule", Held("target", "theirs"), "aws events remove-targets --rule id-Rule --ids theirs"),
    ("Acl", Held("ingress rule", "90"), "delete-network-acl-entry --network-acl-id id-Acl --rule-number 90 --ingress"),
    ("Acl", Held("egress rule", "200"), "--rule-number 200 --egress"),
    ("Acl", Held("ingress rule", "200"), "--rule-number 200 --ingress"),  # whose condition leaves it out of the stack
    ("Balancer", Held("listener", "arn:http"), "elbv2 delete-listener --listener-arn arn:http"),
]


@pytest.mark.parametrize(("logical_id", "held", "command"), ADDED)
def test_what_it_does_not_give_is_told_with_the_command_that_takes_it_away(logical_id, held, command):
    [addition] = found({**GIVEN, logical_id: [*GIVEN.get(logical_id, []), held]})
    assert (addition.logical_id, addition.resource_type) == (logical_id, RESOURCES[logical_id]["Type"])
    assert command in addition.command
    assert f"{logical_id} ({addition.resource_type} id-{logical_id}) has " in addition.words
    assert addition.command in addition.words


def test_every_kind_is_tried():
    tried = Counter((RESOURCES[logical_id]["Type"], held.kind) for logical_id, held, _command in ADDED)
    assert set(tried) | {("AWS::ECR::Repository", "policy")} == {(kind, name) for kind in KINDS for name in KINDS[kind]}
    assert set(_READERS) == set(KINDS)


def test_a_repository_that_is_pulled_from_nowhere_has_no_policy():
    closed = StackSnapshot(STACK.name, STACK.stack_id, STACK.status, parameters={"Pulled": "false"})
    [addition] = [item for item in found(GIVEN, closed) if item.logical_id == "Repository"]
    assert addition.command == "aws ecr delete-repository-policy --repository-name id-Repository"


TEMPLATES = {path.parents[1].name: read_template(str(path))[1] for path in ROOT.glob("roles/*/files/stack.yaml")}
ALL = [(component, name, body) for component, text in TEMPLATES.items() for name, body in text["Resources"].items()]


def test_cloudformation_compares_what_it_is_left_to():
    """It tells of a rule that was added where the template sets the list, and of a policy that it sets."""
    for component, name, body in ALL:
        properties = body.get("Properties", {})
        if body["Type"] == "AWS::EC2::SecurityGroup":
            assert {"SecurityGroupIngress", "SecurityGroupEgress"} <= set(properties), (component, name)
        if body["Type"] == "AWS::KMS::Key":
            assert properties["KeyPolicy"], (component, name)
        if body["Type"] == "AWS::Backup::BackupVault":
            assert properties["AccessPolicy"], (component, name)


def test_each_bucket_topic_and_queue_has_a_policy_in_its_stack():
    attached = {
        "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
        "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
        "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
    }
    for component, name, body in ALL:
        if body["Type"] in attached:
            kind, key = attached[body["Type"]]
            policies = [item for owner, _name, item in ALL if (owner, item["Type"]) == (component, kind)]
            assert any({"Ref": name} in _listed(item["Properties"][key]) for item in policies), (component, name)


def _listed(value):
    return value if isinstance(value, list) else [value]


def test_no_template_gives_a_principal_its_policies_by_resources_that_nobody_looks_at():
    givers = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::UserToGroupAddition"}
    assert [(component, name) for component, name, body in ALL if body["Type"] in givers] == []
