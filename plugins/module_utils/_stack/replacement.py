# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of a property make CloudFormation replace the resource.

From the ``createOnlyProperties`` and ``conditionalCreateOnlyProperties`` of the resource provider schemas that AWS
publishes. A unit test compares the table with the schemas that cfn-lint carries and says what has to be changed.
A type that is not listed is answered with "unknown".
"""

from __future__ import annotations

#: Type -> (properties whose change always replaces, properties whose change may replace).
REPLACING: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "AWS::CertificateManager::Certificate": (
        (
            "CertificateAuthorityArn",
            "CertificateExport",
            "DomainName",
            "DomainValidationOptions",
            "KeyAlgorithm",
            "SubjectAlternativeNames",
        ),
        (),
    ),
    "AWS::CloudFront::CachePolicy": ((), ()),
    "AWS::CloudFront::Distribution": ((), ()),
    "AWS::CloudFront::Function": (("Name",), ()),
    "AWS::CloudFront::OriginAccessControl": ((), ()),
    "AWS::CloudFront::ResponseHeadersPolicy": ((), ()),
    "AWS::CloudFront::VpcOrigin": ((), ()),
    "AWS::Route53::RecordSet": (("HostedZoneId", "HostedZoneName"), ()),
    "AWS::WAFv2::WebACL": (("Name", "Scope"), ()),
    "AWS::WAFv2::WebACLAssociation": (("ResourceArn", "WebACLArn"), ()),
    "AWS::AppSync::DataSource": (("ApiId", "Name"), ()),
    "AWS::AppSync::GraphQLApi": (
        (),
        (
            "LambdaAuthorizerConfig.AuthorizerResultTtlInSeconds",
            "LambdaAuthorizerConfig.AuthorizerUri",
            "LambdaAuthorizerConfig.IdentityValidationExpression",
            "OpenIDConnectConfig.AuthTTL",
            "OpenIDConnectConfig.ClientId",
            "OpenIDConnectConfig.IatTTL",
            "OpenIDConnectConfig.Issuer",
            "UserPoolConfig.AppIdClientRegex",
            "UserPoolConfig.AwsRegion",
            "UserPoolConfig.DefaultAction",
            "UserPoolConfig.UserPoolId",
        ),
    ),
    "AWS::AppSync::GraphQLSchema": ((), ()),
    "AWS::AppSync::Resolver": (("ApiId", "FieldName", "TypeName"), ()),
    "AWS::Lambda::Function": (("FunctionName", "PackageType", "TenancyConfig"), ("DurableConfig",)),
    "AWS::Backup::BackupPlan": ((), ()),
    "AWS::Backup::BackupSelection": (("BackupPlanId", "BackupSelection"), ()),
    "AWS::Backup::BackupVault": (("BackupVaultName", "EncryptionKeyArn"), ()),
    "AWS::CloudTrail::Trail": (("TrailName",), ()),
    "AWS::CloudWatch::Alarm": (("AlarmName",), ()),
    "AWS::CloudWatch::CompositeAlarm": (("AlarmName",), ()),
    "AWS::CloudWatch::Dashboard": (("DashboardName",), ()),
    "AWS::RDS::EventSubscription": (("SnsTopicArn", "SubscriptionName"), ()),
    "AWS::SNS::Subscription": (("Endpoint", "Protocol", "TopicArn"), ("Region",)),
    "AWS::SNS::Topic": (("FifoTopic", "TopicName"), ()),
    "AWS::SNS::TopicPolicy": ((), ()),
    "AWS::SQS::Queue": (("FifoQueue", "QueueName"), ()),
    "AWS::SQS::QueuePolicy": ((), ()),
    "AWS::CodeBuild::Project": (("Name",), ()),
    "AWS::CodePipeline::Pipeline": (("Name",), ()),
    "AWS::Events::Rule": (("Name",), ("EventBusName",)),
    "AWS::DynamoDB::Table": (("ImportSourceSpecification", "TableName"), ("KeySchema",)),
    "AWS::EC2::EIP": (("Address", "IpamPoolId", "NetworkBorderGroup", "TransferAddress"), ()),
    "AWS::EC2::FlowLog": (
        (
            "DeliverCrossAccountRole",
            "DeliverLogsPermissionArn",
            "DestinationOptions",
            "LogDestination",
            "LogDestinationType",
            "LogFormat",
            "LogGroupName",
            "MaxAggregationInterval",
            "ResourceId",
            "ResourceType",
            "TagFieldSpecifications",
            "TrafficType",
        ),
        (),
    ),
    "AWS::EC2::InternetGateway": ((), ()),
    "AWS::EC2::NatGateway": (
        ("AllocationId", "AvailabilityMode", "ConnectivityType", "PrivateIpAddress", "SubnetId", "VpcId"),
        (),
    ),
    "AWS::EC2::NetworkAcl": (("VpcId",), ()),
    "AWS::EC2::NetworkAclEntry": (("Egress", "NetworkAclId", "RuleNumber"), ()),
    "AWS::EC2::Route": (
        ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId", "RouteTableId"),
        (),
    ),
    "AWS::EC2::RouteTable": (("VpcId",), ()),
    "AWS::EC2::SecurityGroup": (("GroupDescription", "GroupName", "VpcId"), ()),
    "AWS::EC2::SecurityGroupEgress": (
        (
            "CidrIp",
            "CidrIpv6",
            "DestinationPrefixListId",
            "DestinationSecurityGroupId",
            "FromPort",
            "GroupId",
            "IpProtocol",
            "ToPort",
        ),
        (),
    ),
    "AWS::EC2::SecurityGroupIngress": (
        (
            "CidrIp",
            "CidrIpv6",
            "FromPort",
            "GroupId",
            "GroupName",
            "IpProtocol",
            "SourcePrefixListId",
            "SourceSecurityGroupId",
            "SourceSecurityGroupName",
            "SourceSecurityGroupOwnerId",
            "ToPort",
        ),
        (),
    ),
    "AWS::EC2::Subnet": (
        (
            "AvailabilityZone",
            "AvailabilityZoneId",
            "CidrBlock",
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6IpamPoolId",
            "Ipv6Native",
            "Ipv6NetmaskLength",
            "OutpostArn",
            "VpcId",
        ),
        ("Ipv6CidrBlock",),
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": (("NetworkAclId", "SubnetId"), ()),
    "AWS::EC2::SubnetRouteTableAssociation": (("RouteTableId", "SubnetId"), ()),
    "AWS::EC2::VPC": (
        ("CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "VpcEncryptionControl"),
        ("InstanceTenancy",),
    ),
    "AWS::EC2::VPCEndpoint": (
        (
            "DnsOptions.PrivateDnsPreference",
            "DnsOptions.PrivateDnsSpecifiedDomains",
            "ResourceConfigurationArn",
            "ServiceName",
            "ServiceNetworkArn",
            "ServiceRegion",
            "VpcEndpointType",
            "VpcId",
        ),
        (),
    ),
    "AWS::EC2::VPCGatewayAttachment": (("VpcId",), ()),
    "AWS::ECR::Repository": (
        (
            "EncryptionConfiguration",
            "EncryptionConfiguration.EncryptionType",
            "EncryptionConfiguration.KmsKey",
            "RepositoryName",
        ),
        (),
    ),
    "AWS::ECS::Cluster": (("ClusterName",), ()),
    "AWS::ElasticLoadBalancingV2::Listener": (("LoadBalancerArn",), ()),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (("Name", "Scheme", "Type"), ()),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        ("IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"),
        (),
    ),
    "AWS::IAM::Group": (("GroupName",), ()),
    "AWS::IAM::ManagedPolicy": (("Description", "ManagedPolicyName", "Path"), ()),
    "AWS::IAM::OIDCProvider": (("Url",), ()),
    "AWS::IAM::Role": (("Path", "RoleName"), ()),
    "AWS::IAM::User": (("UserName",), ()),
    "AWS::KMS::Alias": (("AliasName",), ()),
    "AWS::KMS::Key": ((), ()),
    "AWS::Logs::MetricFilter": (("FilterName", "LogGroupName"), ()),
    "AWS::Logs::LogGroup": (("LogGroupName",), ()),
    "AWS::RDS::DBInstance": (
        (
            "BackupTarget",
            "CharacterSetName",
            "CustomIAMInstanceProfile",
            "DBClusterIdentifier",
            "DBInstanceIdentifier",
            "DBName",
            "DBSubnetGroupName",
            "DBSystemId",
            "KmsKeyId",
            "MasterUsername",
            "NcharCharacterSetName",
            "SourceRegion",
            "StorageEncrypted",
            "Timezone",
        ),
        (
            "AutoMinorVersionUpgrade",
            "AvailabilityZone",
            "BackupRetentionPeriod",
            "DBClusterSnapshotIdentifier",
            "DBParameterGroupName",
            "DBSnapshotIdentifier",
            "Engine",
            "MultiAZ",
            "PerformanceInsightsKMSKeyId",
            "PreferredMaintenanceWindow",
            "RestoreTime",
            "SourceDBClusterIdentifier",
            "SourceDBInstanceAutomatedBackupsArn",
            "SourceDBInstanceIdentifier",
            "SourceDbiResourceId",
            "UseLatestRestorableTime",
        ),
    ),
    "AWS::RDS::DBParameterGroup": (("DBParameterGroupName", "Description", "Family"), ()),
    "AWS::RDS::DBSubnetGroup": (("DBSubnetGroupName",), ()),
    "AWS::S3::Bucket": (("BucketName", "BucketNamePrefix", "BucketNamespace"), ()),
    "AWS::S3::BucketPolicy": (("Bucket",), ()),
    "AWS::SecretsManager::Secret": (("Name",), ()),
}


#: Properties whose schema says that a change may replace, where the type's page says "Some interruptions" and no more.
INTERRUPTING: dict[str, tuple[str, ...]] = {
    "AWS::RDS::DBInstance": (
        "AutoMinorVersionUpgrade",
        "BackupRetentionPeriod",
        "DBParameterGroupName",
        "Engine",
        "MultiAZ",
        "PerformanceInsightsKMSKeyId",
        "PreferredMaintenanceWindow",
    ),
}


def replacement(resource_type: str, property_path: str) -> str:
    """What changing the property does to the resource: ``yes``, ``maybe``, ``no`` or ``unknown``.

    ``property_path`` is dotted, without list indexes and without the leading ``Properties``.
    """
    if resource_type not in REPLACING:
        return "unknown"
    always, sometimes = REPLACING[resource_type]
    if any(_overlap(property_path, listed) for listed in always):
        return "yes"
    interrupts = property_path in INTERRUPTING.get(resource_type, ())
    maybe = not interrupts and any(_overlap(property_path, listed) for listed in sometimes)
    return "maybe" if maybe else "no"


def _overlap(path: str, listed: str) -> bool:
    return path == listed or path.startswith(f"{listed}.") or listed.startswith(f"{path}.")
