# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""EC2 in CloudFormation: gateways, addresses, network ACLs, flow logs, rules of security groups; drift of the rest."""

from sandbox.services.cloudformation.model.types import Resources
from sandbox.services.ec2.cloudformation import drift, flow_log, nat, network_acl, security_group_rules, vpc

RESOURCES = Resources(
    types=(*flow_log.TYPES, *nat.TYPES, *network_acl.TYPES, *security_group_rules.TYPES),
    completions=(vpc.complete,),
    drift_readers=drift.READERS,
    create_only={
        "AWS::EC2::InternetGateway": (),
        "AWS::EC2::Route": (
            "RouteTableId",
            "DestinationCidrBlock",
            "DestinationIpv6CidrBlock",
            "DestinationPrefixListId",
        ),
        "AWS::EC2::RouteTable": ("VpcId",),
        "AWS::EC2::SecurityGroup": ("GroupDescription", "GroupName", "VpcId"),
        "AWS::EC2::Subnet": (
            "VpcId",
            "AvailabilityZone",
            "AvailabilityZoneId",
            "CidrBlock",
            "OutpostArn",
            "Ipv6Native",
            "Ipv4IpamPoolId",
            "Ipv4NetmaskLength",
            "Ipv6IpamPoolId",
            "Ipv6NetmaskLength",
        ),
        "AWS::EC2::SubnetRouteTableAssociation": ("SubnetId", "RouteTableId"),
        "AWS::EC2::VPC": ("CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "VpcEncryptionControl"),
        "AWS::EC2::VPCEndpoint": (
            "ServiceName",
            "VpcEndpointType",
            "VpcId",
            "ServiceNetworkArn",
            "ResourceConfigurationArn",
            "ServiceRegion",
        ),
        "AWS::EC2::VPCGatewayAttachment": ("VpcId",),
    },
)
