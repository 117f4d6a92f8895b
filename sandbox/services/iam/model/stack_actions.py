# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The call that makes, changes or removes a resource of a stack: what CloudFormation needs the right for.

Only the main call of each type is known, not those that CloudFormation makes beside it (reads, tags). The schemas of
the types list all of them under `handlers`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NAMESPACES = {
    "ApplicationAutoScaling": "application-autoscaling",
    "CertificateManager": "acm",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
}
# What creates, changes and removes a type, where that is not Create, Modify or Update, and Delete with its name.
_ACTIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "AWS::AppSync::GraphQLApi": ("CreateGraphqlApi", "UpdateGraphqlApi", "DeleteGraphqlApi"),
    "AWS::AppSync::GraphQLSchema": ("StartSchemaCreation",) * 2 + ("GetSchemaCreationStatus",),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("RegisterScalableTarget",) * 2 + ("DeregisterScalableTarget",),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("PutScalingPolicy",) * 2 + ("DeleteScalingPolicy",),
    "AWS::Backup::BackupVault": ("CreateBackupVault", "PutBackupVaultAccessPolicy", "DeleteBackupVault"),
    "AWS::CertificateManager::Certificate": ("RequestCertificate", "UpdateCertificateOptions", "DeleteCertificate"),
    "AWS::CloudWatch::Alarm": ("PutMetricAlarm", "PutMetricAlarm", "DeleteAlarms"),
    "AWS::CloudWatch::CompositeAlarm": ("PutCompositeAlarm", "PutCompositeAlarm", "DeleteAlarms"),
    "AWS::CloudWatch::Dashboard": ("PutDashboard", "PutDashboard", "DeleteDashboards"),
    "AWS::DynamoDB::Table": ("CreateTable", "UpdateTable", "DeleteTable"),
    "AWS::EC2::EIP": ("AllocateAddress", "CreateTags", "ReleaseAddress"),
    "AWS::EC2::FlowLog": ("CreateFlowLogs", "CreateTags", "DeleteFlowLogs"),
    "AWS::EC2::NetworkAclEntry": ("CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry"),
    "AWS::EC2::Route": ("CreateRoute", "ReplaceRoute", "DeleteRoute"),
    "AWS::EC2::SecurityGroup": ("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"),
    "AWS::EC2::SecurityGroupEgress": (
        "AuthorizeSecurityGroupEgress",
        "UpdateSecurityGroupRuleDescriptionsEgress",
        "RevokeSecurityGroupEgress",
    ),
    "AWS::EC2::SecurityGroupIngress": (
        "AuthorizeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
        "RevokeSecurityGroupIngress",
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": ("ReplaceNetworkAclAssociation",) * 3,
    "AWS::EC2::SubnetRouteTableAssociation": (
        "AssociateRouteTable",
        "ReplaceRouteTableAssociation",
        "DisassociateRouteTable",
    ),
    "AWS::EC2::VPC": ("CreateVpc", "ModifyVpcAttribute", "DeleteVpc"),
    "AWS::EC2::VPCEndpoint": ("CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"),
    "AWS::EC2::VPCGatewayAttachment": ("AttachInternetGateway", "AttachInternetGateway", "DetachInternetGateway"),
    "AWS::ECR::Repository": ("CreateRepository", "PutLifecyclePolicy", "DeleteRepository"),
    "AWS::Events::Rule": ("PutRule", "PutRule", "DeleteRule"),
    "AWS::IAM::ManagedPolicy": ("CreatePolicy", "CreatePolicyVersion", "DeletePolicy"),
    "AWS::IAM::OIDCProvider": (
        "CreateOpenIDConnectProvider",
        "AddClientIDToOpenIDConnectProvider",
        "DeleteOpenIDConnectProvider",
    ),
    "AWS::IAM::Role": ("CreateRole", "UpdateAssumeRolePolicy", "DeleteRole"),
    "AWS::IAM::User": ("CreateUser", "UpdateUser", "DeleteUser"),
    "AWS::KMS::Key": ("CreateKey", "PutKeyPolicy", "ScheduleKeyDeletion"),
    "AWS::Lambda::Function": ("CreateFunction", "UpdateFunctionCode", "DeleteFunction"),
    "AWS::Logs::LogGroup": ("CreateLogGroup", "PutRetentionPolicy", "DeleteLogGroup"),
    "AWS::Logs::MetricFilter": ("PutMetricFilter", "PutMetricFilter", "DeleteMetricFilter"),
    "AWS::RDS::DBParameterGroup": ("CreateDBParameterGroup", "ModifyDBParameterGroup", "DeleteDBParameterGroup"),
    "AWS::Route53::RecordSet": ("ChangeResourceRecordSets",) * 3,
    "AWS::S3::Bucket": ("CreateBucket", "PutLifecycleConfiguration", "DeleteBucket"),
    "AWS::S3::BucketPolicy": ("PutBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
    "AWS::SNS::Subscription": ("Subscribe", "SetSubscriptionAttributes", "Unsubscribe"),
    "AWS::SNS::Topic": ("CreateTopic", "SetTopicAttributes", "DeleteTopic"),
    "AWS::SNS::TopicPolicy": ("SetTopicAttributes",) * 3,
    "AWS::SQS::Queue": ("CreateQueue", "SetQueueAttributes", "DeleteQueue"),
    "AWS::SQS::QueuePolicy": ("SetQueueAttributes",) * 3,
    "AWS::WAFv2::WebACLAssociation": ("AssociateWebACL", "AssociateWebACL", "DisassociateWebACL"),
}
_MODIFYING = {"ec2", "elasticloadbalancing", "rds"}
# How the ARN of a type ends; `{}` is its name.
_ARNS: Final[Mapping[str, str]] = {
    "AWS::CloudTrail::Trail": "cloudtrail:{place}:trail/{name}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{place}:alarm:{name}",
    "AWS::CloudWatch::CompositeAlarm": "cloudwatch:{place}:alarm:{name}",
    "AWS::CloudWatch::Dashboard": "cloudwatch::{account}:dashboard/{name}",
    "AWS::CodeBuild::Project": "codebuild:{place}:project/{name}",
    "AWS::CodePipeline::Pipeline": "codepipeline:{place}:{name}",
    "AWS::DynamoDB::Table": "dynamodb:{place}:table/{name}",
    "AWS::ECR::Repository": "ecr:{place}:repository/{name}",
    "AWS::ECS::Cluster": "ecs:{place}:cluster/{name}",
    "AWS::Events::Rule": "events:{place}:rule/{name}",
    "AWS::IAM::Group": "iam::{account}:group/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::IAM::OIDCProvider": "iam::{account}:oidc-provider/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::IAM::User": "iam::{account}:user/{name}",
    "AWS::Lambda::Function": "lambda:{place}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{place}:log-group:{name}",
    "AWS::Logs::MetricFilter": "logs:{place}:log-group:{name}",
    "AWS::RDS::DBInstance": "rds:{place}:db:{name}",
    "AWS::RDS::DBParameterGroup": "rds:{place}:pg:{name}",
    "AWS::RDS::DBSubnetGroup": "rds:{place}:subgrp:{name}",
    "AWS::RDS::EventSubscription": "rds:{place}:es:{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::S3::BucketPolicy": "s3:::{name}",
    "AWS::SNS::Subscription": "sns:{place}:{name}",
    "AWS::SNS::Topic": "sns:{place}:{name}",
    "AWS::SNS::TopicPolicy": "sns:{place}:{name}",
    "AWS::SQS::Queue": "sqs:{place}:{name}",
    "AWS::SQS::QueuePolicy": "sqs:{place}:{name}",
}
# By IAM's reference, or the API's own page, these are allowed on everything or not at all.
_ON_EVERYTHING: Final = {
    "cloudwatch:PutCompositeAlarm",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
}
_NAMES: Final = (
    *(
        "RoleName",
        "ManagedPolicyName",
        "UserName",
        "GroupName",
        "TableName",
        "RepositoryName",
        "ClusterName",
        "LogGroupName",
    ),
    *("DBInstanceIdentifier", "DBParameterGroupName", "DBSubnetGroupName", "BucketName", "Bucket"),
    *("TrailName", "AlarmName", "DashboardName", "FunctionName", "SubscriptionName", "TopicName", "TopicArn", "Name"),
)
# What stands before the name in an ARN or an address that is a physical id, or the value of a property.
_LEADING: Final = re.compile(
    r"^(arn:aws:(iam::\d*:[a-z-]+/|sns:[^:]+:\d*:|events:[^:]+:\d*:rule/)|https?://[^/]+/\d+/)"
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to a resource. `physical_id` is empty before it is made."""

    kind: str
    operation: str
    properties: Mapping[str, Any]
    stack_name: str
    logical_id: str
    physical_id: str = ""


def action_of(kind: str, operation: str) -> str:
    """The IAM action of `create`, `update` or `delete` of a type."""
    _, service, name = kind.split("::")[:3]
    namespace = _NAMESPACES.get(service, service.lower())
    listed = _ACTIONS.get(kind)
    if listed:
        return f"{namespace}:{listed[('create', 'update', 'delete').index(operation)]}"
    verb = "Modify" if operation == "update" and namespace in _MODIFYING else operation.capitalize()
    return f"{namespace}:{verb}{name}"


def resource_of(change: Change, region: str, account: str) -> str:
    """The ARN that it is checked on; the account's resources of the service where the type is not known."""
    place = f"{region}:{account}"
    action = action_of(change.kind, change.operation)
    if action in _ON_EVERYTHING:
        return "*"
    if change.kind not in _ARNS:
        return f"arn:aws:{action.partition(':')[0]}:{place}:*"
    name = _name(change)
    return "arn:aws:" + _ARNS[change.kind].format(place=place, account=account, name=name)


def _name(change: Change) -> str:
    # What a policy of topics or of queues is put on.
    if places := change.properties.get("Topics") or change.properties.get("Queues"):
        return _LEADING.sub("", str(places[0]))
    if change.kind == "AWS::Logs::MetricFilter":
        return str(change.properties.get("LogGroupName"))
    if change.physical_id:
        return _LEADING.sub("", change.physical_id)
    given = next((str(change.properties[key]) for key in _NAMES if change.properties.get(key)), "")
    url = str(change.properties.get("Url") or "").removeprefix("https://")
    return _LEADING.sub("", given) or url or f"{change.stack_name}-{change.logical_id}-XXXXXXXXXXXX"
