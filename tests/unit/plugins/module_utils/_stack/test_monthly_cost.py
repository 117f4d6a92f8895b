# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stack costs while it is idle: what stands is summed, what is not known is said."""

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import parse_template
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.monthly_cost import as_data, charges, total
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.prices import HOURLY, MONTHLY, RDS_HOURLY, SOURCES
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.template import Model
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.unresolved import known_after

from tools.files import ROOT

_FREE = """
AWS::CloudFormation::Macro AWS::DynamoDB::Table AWS::EC2::FlowLog AWS::EC2::InternetGateway AWS::EC2::NetworkAcl
AWS::EC2::NetworkAclEntry AWS::EC2::Route AWS::EC2::RouteTable AWS::EC2::SecurityGroup AWS::EC2::SecurityGroupEgress
AWS::EC2::SecurityGroupIngress AWS::EC2::Subnet AWS::EC2::SubnetNetworkAclAssociation
AWS::EC2::SubnetRouteTableAssociation AWS::EC2::VPC AWS::EC2::VPCGatewayAttachment AWS::ECR::Repository
AWS::ECS::Cluster AWS::ECS::ClusterCapacityProviderAssociations AWS::ElasticLoadBalancingV2::Listener
AWS::ElasticLoadBalancingV2::ListenerRule AWS::ElasticLoadBalancingV2::TargetGroup AWS::IAM::Group
AWS::IAM::ManagedPolicy
AWS::IAM::OIDCProvider AWS::IAM::Role AWS::IAM::User AWS::KMS::Alias AWS::Logs::LogGroup AWS::RDS::DBParameterGroup
AWS::RDS::DBSubnetGroup AWS::S3::Bucket AWS::S3::BucketPolicy
AWS::CloudFront::CachePolicy AWS::CloudFront::Distribution AWS::CloudFront::Function
AWS::CloudFront::OriginAccessControl AWS::CloudFront::OriginRequestPolicy AWS::CloudFront::ResponseHeadersPolicy
AWS::CloudFront::VpcOrigin AWS::CloudTrail::Trail AWS::CertificateManager::Certificate AWS::Backup::BackupPlan
AWS::Backup::BackupSelection AWS::Backup::BackupVault AWS::CodeBuild::Project AWS::CodePipeline::Pipeline
AWS::Events::Rule AWS::Logs::MetricFilter AWS::Logs::ResourcePolicy AWS::RDS::EventSubscription
AWS::Route53::RecordSet AWS::SNS::Subscription AWS::SNS::Topic AWS::SNS::TopicPolicy AWS::SQS::Queue
AWS::SQS::QueuePolicy
AWS::AppSync::DataSource AWS::AppSync::GraphQLApi AWS::AppSync::GraphQLSchema AWS::AppSync::Resolver
AWS::Lambda::Function AWS::WAFv2::LoggingConfiguration AWS::WAFv2::WebACLAssociation
"""
FREE_OR_BY_USE = set(_FREE.split())
"""Types that cost nothing by themselves, or only by what is stored in them or sent through them."""


def resources(**bodies):
    return Model({name: {"Type": kind, "Properties": properties} for name, (kind, properties) in bodies.items()})


def test_each_type_of_our_templates_has_a_price_or_none():
    found = set()
    for path in sorted((ROOT / "roles").glob("*/files/*.yaml")):
        template = parse_template(path.read_text(encoding="utf-8"), path.name)
        found |= {body["Type"] for body in template.get("Resources", {}).values()}
    priced = {charge.type for kind in found for charge in charges(resources(R=(kind, {})))}
    assert found - priced - FREE_OR_BY_USE - {"AWS::EC2::VPCEndpoint"} == set()
    assert len(priced) > 5


@pytest.mark.parametrize(
    ("kind", "properties", "usd"),
    [
        ("AWS::EC2::NatGateway", {}, 32.85),
        ("AWS::EC2::EIP", {}, 3.65),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b", "c"]}, 21.90),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}, 0.0),
        ("AWS::EC2::VPCEndpoint", {}, 0.0),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internal", "Subnets": ["a", "b"]}, 16.42),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internet-facing", "Subnets": ["a", "b"]}, 23.72),
        ("AWS::KMS::Key", {}, 1.0),
        ("AWS::WAFv2::WebACL", {"Rules": [{}, {}]}, 7.0),
        ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"}, 13.98),
        (
            "AWS::RDS::DBInstance",
            {
                "DBInstanceClass": "db.t4g.micro",
                "AllocatedStorage": 20,
                "MultiAZ": "true",
                "ManageMasterUserPassword": True,
            },
            28.36,
        ),
        ("AWS::S3::Bucket", {}, 0.0),
    ],
)
def test_what_stands_is_summed(kind, properties, usd):
    assert total(charges(resources(R=(kind, properties)))) == pytest.approx(usd, abs=0.011)


def test_a_number_that_another_component_says_later_is_at_least_one():
    found = as_data(
        charges(resources(R=("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Subnets": known_after("network")})))
    )
    assert found["at_least"] is True
    assert found["usd"] == pytest.approx(20.08, abs=0.011)


def test_an_unknown_class_is_named_and_not_taken_for_free():
    database = ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.x99.huge", "AllocatedStorage": 20})
    found = as_data(charges(resources(Database=database, Key=("AWS::KMS::Key", {}))))
    assert found["unpriced"] == ["Database"]
    assert found["usd"] == 1.0


def test_the_dearest_comes_first():
    found = charges(resources(A=("AWS::KMS::Key", {}), B=("AWS::EC2::NatGateway", {}), C=("AWS::KMS::Key", {})))
    assert [charge.resource for charge in found] == ["B", "A", "C"]


def test_every_class_that_an_inventory_names_has_a_price():
    for path in (ROOT / "inventories").glob("*/group_vars/all/10_environment.yml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["rds_instance_class"] in RDS_HOURLY


def test_prices_are_above_nothing_and_name_their_source():
    assert all(usd > 0 for table in (HOURLY, MONTHLY, RDS_HOURLY) for usd in table.values())
    assert all(source.startswith("https://aws.amazon.com/") for source in SOURCES.values())
