# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the templates keep can be read afterwards, and what holds data says what becomes of it."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.compare import references
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.kinds import HOLDS_DATA, KEYS
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.left_behind import left_by_deletion
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackResource

from tests.unit.roles.test_components import COMPONENTS, template

POLICIES = {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}
RESOURCES = [
    (component, name, body) for component in COMPONENTS for name, body in template(component)["Resources"].items()
]
HOLDING = [(component, name) for component, name, body in RESOURCES if body["Type"] in HOLDS_DATA]
# By either policy something of it is left.
LEFT = [
    (component, name, policy)
    for component, name, body in RESOURCES
    for policy in ("DeletionPolicy", "UpdateReplacePolicy")
    if body.get(policy, "Delete") != "Delete" and body["Type"] not in KEYS
]
# Nobody misses what is in these when they are made anew: settings and names alone, or what AWS keeps elsewhere.
WITHOUT_DATA = {
    "AWS::AppSync::DataSource",
    "AWS::AppSync::GraphQLApi",
    "AWS::AppSync::GraphQLSchema",
    "AWS::AppSync::Resolver",
    "AWS::Backup::BackupPlan",
    "AWS::Backup::BackupSelection",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudFront::VpcOrigin",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::CodeBuild::Project",
    "AWS::CodePipeline::Pipeline",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Cluster",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::KMS::Alias",
    "AWS::Lambda::Function",
    "AWS::Logs::MetricFilter",
    "AWS::RDS::DBParameterGroup",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::EventSubscription",
    "AWS::Route53::RecordSet",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}


def body_of(component, name):
    return template(component)["Resources"][name]


def test_of_every_type_in_our_templates_it_is_known_whether_it_holds_data():
    assert {body["Type"] for _component, _name, body in RESOURCES} - set(HOLDS_DATA) == WITHOUT_DATA


@pytest.mark.parametrize(("component", "name"), HOLDING)
def test_what_holds_data_says_what_becomes_of_it(component, name):
    body = body_of(component, name)
    assert {body.get("DeletionPolicy"), body.get("UpdateReplacePolicy")} <= POLICIES


@pytest.mark.parametrize(("component", "name", "policy"), LEFT)
def test_what_is_left_behind_keeps_the_keys_that_it_is_encrypted_with(component, name, policy):
    resources = template(component)["Resources"]
    keys = {key for key in references(body_of(component, name)) if resources.get(key, {}).get("Type") in KEYS}
    assert {key: resources[key][policy] for key in keys} == dict.fromkeys(keys, "Retain")
    # A key of another stack would not be found here.
    given = references(body_of(component, name)) & set(template(component).get("Parameters", {}))
    assert not {parameter for parameter in given if "Key" in parameter or "Kms" in parameter}


@pytest.mark.parametrize(("component", "name"), sorted({(component, name) for component, name, _policy in LEFT}))
def test_how_to_delete_what_is_left_behind_is_known(component, name):
    body = body_of(component, name)
    found = left_by_deletion({name: body}, [StackResource(name, body["Type"], "CREATE_COMPLETE", "its-id")])
    assert all("its-id" in item.delete for item in found)
    assert len(found) == (body.get("DeletionPolicy", "Delete") != "Delete")
