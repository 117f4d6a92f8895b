# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The drift of EC2's types that MiniStack makes but never looks at again."""

from sandbox.ministack import cloudformation
from sandbox.services.cloudformation.model.types import DriftReader, Properties
from sandbox.services.ec2.cloudformation.tags import ec2

_RULES = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")


def _first(found: list[Properties]) -> Properties | None:
    return found[0] if found else None


def _vpc(identifier: str, _properties: Properties) -> Properties | None:
    vpc = _first(ec2().describe_vpcs(VpcIds=[identifier])["Vpcs"])
    if vpc is None:
        return None
    attributes = {}
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        member = name[0].upper() + name[1:]
        attributes[member] = ec2().describe_vpc_attribute(VpcId=identifier, Attribute=name)[member]["Value"]
    return {**vpc, **attributes}


def _subnet(identifier: str, _properties: Properties) -> Properties | None:
    return _first(ec2().describe_subnets(SubnetIds=[identifier])["Subnets"])


def _gateway(identifier: str, _properties: Properties) -> Properties | None:
    return _first(ec2().describe_internet_gateways(InternetGatewayIds=[identifier])["InternetGateways"])


def _attachment(_identifier: str, properties: Properties) -> Properties | None:
    gateway = _gateway(properties["InternetGatewayId"], properties)
    held = [attachment["VpcId"] for attachment in (gateway or {}).get("Attachments", [])]
    return dict(properties) if properties["VpcId"] in held else None


def _table(identifier: str) -> Properties | None:
    return _first(ec2().describe_route_tables(RouteTableIds=[identifier])["RouteTables"])


def _route_table(identifier: str, _properties: Properties) -> Properties | None:
    return _table(identifier)


def _route(_identifier: str, properties: Properties) -> Properties | None:
    table = _table(properties["RouteTableId"])
    destination = properties.get("DestinationCidrBlock") or properties.get("DestinationIpv6CidrBlock")
    for route in (table or {}).get("Routes", []):
        if destination in {route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")}:
            return {"RouteTableId": properties["RouteTableId"], **route}
    return None


def _association(identifier: str, properties: Properties) -> Properties | None:
    table = _table(properties["RouteTableId"])
    for held in (table or {}).get("Associations", []):
        if held["RouteTableAssociationId"] == identifier:
            return {"SubnetId": held.get("SubnetId"), "RouteTableId": held["RouteTableId"]}
    return None


def _endpoint(identifier: str, _properties: Properties) -> Properties | None:
    endpoint = _first(ec2().describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"])
    groups = [group["GroupId"] for group in (endpoint or {}).get("Groups", [])]
    return endpoint and {**endpoint, "SecurityGroupIds": groups}


def _security_group(identifier: str, _properties: Properties) -> Properties | None:
    group = _first(ec2().describe_security_groups(GroupIds=[identifier])["SecurityGroups"])
    if group is None:
        return None
    rules = ec2().describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [identifier]}])
    foreign = _rules_of_their_own()
    own = [rule for rule in rules["SecurityGroupRules"] if rule["SecurityGroupRuleId"] not in foreign]
    return {
        "GroupName": group["GroupName"],
        "GroupDescription": group["Description"],
        "VpcId": group["VpcId"],
        "Tags": group.get("Tags", []),
        "SecurityGroupIngress": [_rule(rule, "Source") for rule in own if not rule["IsEgress"]],
        "SecurityGroupEgress": [_rule(rule, "Destination") for rule in own if rule["IsEgress"]],
    }


def _rules_of_their_own() -> set[str]:
    """Rules that are resources themselves are theirs to have drifted, not their group's."""
    return {
        resource["PhysicalResourceId"]
        for stack in list(cloudformation._stacks.values())
        for resource in stack.get("_resources", {}).values()
        if resource["ResourceType"] in _RULES
    }


def _rule(rule: Properties, side: str) -> Properties:
    """A rule in the template's shape."""
    everything = rule["IpProtocol"] == "-1"
    shaped = {
        "IpProtocol": rule["IpProtocol"],
        "FromPort": None if everything else rule.get("FromPort"),
        "ToPort": None if everything else rule.get("ToPort"),
        "CidrIp": rule.get("CidrIpv4"),
        "CidrIpv6": rule.get("CidrIpv6"),
        "Description": rule.get("Description") or None,
        f"{side}SecurityGroupId": (rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
        f"{side}PrefixListId": rule.get("PrefixListId"),
    }
    return {name: thing for name, thing in shaped.items() if thing is not None}


READERS = {
    "AWS::EC2::VPC": DriftReader(
        _vpc,
        frozenset({"CidrBlock", "InstanceTenancy", "EnableDnsSupport", "EnableDnsHostnames", "Tags"}),
    ),
    "AWS::EC2::Subnet": DriftReader(
        _subnet,
        frozenset({"VpcId", "CidrBlock", "AvailabilityZone", "MapPublicIpOnLaunch", "Tags"}),
    ),
    "AWS::EC2::InternetGateway": DriftReader(_gateway, frozenset({"Tags"})),
    "AWS::EC2::VPCGatewayAttachment": DriftReader(_attachment, frozenset({"VpcId", "InternetGatewayId"})),
    "AWS::EC2::RouteTable": DriftReader(_route_table, frozenset({"VpcId", "Tags"})),
    "AWS::EC2::Route": DriftReader(
        _route,
        frozenset({"RouteTableId", "DestinationCidrBlock", "GatewayId", "NatGatewayId"}),
    ),
    "AWS::EC2::SubnetRouteTableAssociation": DriftReader(_association, frozenset({"SubnetId", "RouteTableId"})),
    "AWS::EC2::VPCEndpoint": DriftReader(
        _endpoint,
        frozenset(
            {
                "VpcId",
                "ServiceName",
                "VpcEndpointType",
                "RouteTableIds",
                "SubnetIds",
                "SecurityGroupIds",
                "PrivateDnsEnabled",
            }
        ),
    ),
    "AWS::EC2::SecurityGroup": DriftReader(
        _security_group,
        frozenset(
            {
                "GroupName",
                "GroupDescription",
                "VpcId",
                "SecurityGroupIngress",
                "SecurityGroupEgress",
                "Tags",
            }
        ),
    ),
}
