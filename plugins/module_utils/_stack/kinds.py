# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sort of thing a resource is: what holds data, what has a name of its own, what can never change.

From the pages of the resource types in AWS's CloudFormation template reference. "If you specify a name, you cannot
perform updates that require replacement of this resource": CloudFormation makes the new one before it deletes the old.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Types that hold data, or without which data cannot be read any more, and what is lost with one.
HOLDS_DATA: Mapping[str, str] = {
    "AWS::Backup::BackupVault": "its backups",
    "AWS::Cassandra::Table": "its rows",
    "AWS::Cognito::UserPool": "its users",
    "AWS::DocDB::DBCluster": "its databases",
    "AWS::DynamoDB::GlobalTable": "its items",
    "AWS::DynamoDB::Table": "its items",
    "AWS::EC2::Volume": "its blocks",
    "AWS::ECR::Repository": "its images",
    "AWS::EFS::FileSystem": "its files",
    "AWS::ElastiCache::CacheCluster": "what it keeps",
    "AWS::ElastiCache::ReplicationGroup": "what it keeps",
    "AWS::ElastiCache::ServerlessCache": "what it keeps",
    "AWS::Elasticsearch::Domain": "its indexes",
    "AWS::FSx::FileSystem": "its files",
    "AWS::KMS::Key": "all that is encrypted with it",
    "AWS::KMS::ReplicaKey": "all that is encrypted with it",
    "AWS::Kinesis::Stream": "its records",
    "AWS::Logs::LogGroup": "its logs",
    "AWS::MSK::Cluster": "its topics",
    "AWS::MemoryDB::Cluster": "what it keeps",
    "AWS::Neptune::DBCluster": "its graphs",
    "AWS::OpenSearchService::Domain": "its indexes",
    "AWS::RDS::DBCluster": "its databases",
    "AWS::RDS::DBInstance": "its databases",
    "AWS::RDS::GlobalCluster": "its databases",
    "AWS::Redshift::Cluster": "its databases",
    "AWS::S3::Bucket": "its objects",
    "AWS::S3Express::DirectoryBucket": "its objects",
    "AWS::SQS::Queue": "its messages",
    "AWS::SSM::Parameter": "its value",
    "AWS::SecretsManager::Secret": "its secret",
    "AWS::Timestream::Table": "its records",
}

#: Types of keys, which AWS deletes only after a waiting period.
KEYS = frozenset({"AWS::KMS::Key", "AWS::KMS::ReplicaKey"})

#: Types whose reference is an id that AWS gives: that of a new one is no text that was known before.
ID_FROM_AWS = frozenset(
    f"AWS::EC2::{name}"
    for name in (
        "InternetGateway",
        "NatGateway",
        "NetworkAcl",
        "RouteTable",
        "SecurityGroup",
        "Subnet",
        "VPC",
        "VPCEndpoint",
    )
)

#: The properties that together can be taken only once.
NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::EC2::NatGateway": ("AllocationId",),
    "AWS::EC2::Route": ("RouteTableId", "DestinationCidrBlock"),
    "AWS::EC2::SecurityGroup": ("VpcId", "GroupName"),
    "AWS::EC2::Subnet": ("VpcId", "CidrBlock"),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::ECS::Cluster": ("ClusterName",),
    "AWS::ECS::Service": ("Cluster", "ServiceName"),
    "AWS::ElastiCache::ReplicationGroup": ("ReplicationGroupId",),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn", "Port"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name",),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::Group": ("GroupName",),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::IAM::User": ("UserName",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::OpenSearchService::Domain": ("DomainName",),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier",),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier",),
    "AWS::RDS::DBParameterGroup": ("DBParameterGroupName",),
    "AWS::RDS::DBSubnetGroup": ("DBSubnetGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
}

#: Types that others live in. What lives there cannot follow into a new one.
PLACES: Mapping[str, str] = {
    "AWS::EC2::VPC": "a network cannot be changed into another one while subnets and all in them live there",
    "AWS::EC2::Subnet": "a subnet cannot be changed into another one while network interfaces live in it",
}


def _numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def _lower(before: str, after: str) -> bool:
    return _numbers(after) < _numbers(before)


def _other(_before: str, _after: str) -> bool:
    return True


#: Type and property: whether a change from a value to another is impossible, and why.
UNCHANGEABLE: Mapping[tuple[str, str], tuple[Callable[[str, str], bool], str]] = {
    ("AWS::KMS::Key", "KeySpec"): (_other, "the kind of a key never changes"),
    ("AWS::KMS::Key", "KeyUsage"): (_other, "the use of a key never changes"),
    ("AWS::KMS::Key", "MultiRegion"): (_other, "whether a key is of many regions never changes"),
    ("AWS::KMS::Key", "Origin"): (_other, "the origin of a key never changes"),
    ("AWS::RDS::DBCluster", "EngineVersion"): (_lower, "an engine is never taken to an older version"),
    ("AWS::RDS::DBInstance", "AllocatedStorage"): (_lower, "the storage of a database never shrinks"),
    ("AWS::RDS::DBInstance", "EngineVersion"): (_lower, "an engine is never taken to an older version"),
}
