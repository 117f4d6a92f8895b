# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The EC2 types of CloudFormation: each makes EC2's own resource."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.stacks import Stack, att, ref, with_properties

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.77.0.0/16"}}
SUBNET = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": ref("Vpc"), "CidrBlock": "10.77.1.0/24", "AvailabilityZone": "us-east-1a"},
}
ADDRESS = {
    "Type": "AWS::EC2::EIP",
    "Properties": {"Domain": "vpc", "Tags": [{"Key": "Name", "Value": "nat"}]},
}
GATEWAY = {
    "Type": "AWS::EC2::NatGateway",
    "Properties": {"SubnetId": ref("Subnet"), "AllocationId": att("Address", "AllocationId")},
}
NAT = {"Vpc": VPC, "Subnet": SUBNET, "Address": ADDRESS, "Gateway": GATEWAY}
GROUPS = {
    "Vpc": VPC,
    "Web": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "web",
            "VpcId": ref("Vpc"),
            "SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}],
        },
    },
    "Tasks": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "tasks", "VpcId": ref("Vpc")}},
    "WebToTasks": {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": att("Web", "GroupId"),
            "IpProtocol": "tcp",
            "FromPort": 8080,
            "ToPort": 8080,
            "DestinationSecurityGroupId": att("Tasks", "GroupId"),
            "Description": "requests",
        },
    },
    "TasksFromWeb": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": att("Tasks", "GroupId"),
            "IpProtocol": "tcp",
            "FromPort": 8080,
            "ToPort": 8080,
            "SourceSecurityGroupId": att("Web", "GroupId"),
        },
    },
}
FLOW_LOG = {
    "Vpc": VPC,
    "Log": {
        "Type": "AWS::EC2::FlowLog",
        "Properties": {
            "ResourceType": "VPC",
            "ResourceId": ref("Vpc"),
            "TrafficType": "ALL",
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": "/flow",
            "DeliverLogsPermissionArn": "arn:aws:iam::111111111111:role/flow",
            "MaxAggregationInterval": 60,
            "Tags": [{"Key": "Name", "Value": "flow"}],
        },
    },
}


@pytest.fixture
def ec2(sandbox: Any) -> Any:
    return sandbox.client("ec2")


def test_nat_gateway_is_described_with_its_address(stack: Stack, ec2: Any) -> None:
    assert stack.create(NAT, {"Allocation": att("Address", "AllocationId")}) == "CREATE_COMPLETE"
    gateway = ec2.describe_nat_gateways(NatGatewayIds=[stack.physical_id("Gateway")])["NatGateways"][0]
    assert gateway["State"] == "available"
    assert gateway["SubnetId"] == stack.physical_id("Subnet")
    [address] = gateway["NatGatewayAddresses"]
    assert address["PublicIp"] == stack.physical_id("Address")
    assert address["AllocationId"] == stack.outputs()["Allocation"]
    assert set(stack.drift().values()) == {"IN_SYNC"}


def test_address_in_use_is_neither_released_nor_used_twice(stack: Stack, ec2: Any) -> None:
    stack.create(NAT, {"Allocation": att("Address", "AllocationId")})
    allocation = stack.outputs()["Allocation"]
    with pytest.raises(ClientError, match=r"InvalidIPAddress\.InUse"):
        ec2.release_address(AllocationId=allocation)
    with pytest.raises(ClientError, match=r"Resource\.AlreadyAssociated"):
        ec2.create_nat_gateway(SubnetId=stack.physical_id("Subnet"), AllocationId=allocation)


def test_tags_change_in_place_and_a_subnet_replaces_the_gateway(stack: Stack, ec2: Any) -> None:
    stack.create(NAT)
    first, address = stack.physical_id("Gateway"), stack.physical_id("Address")
    retagged = with_properties(NAT, "Gateway", Tags=[{"Key": "Name", "Value": "other"}])
    assert stack.update(retagged) == "UPDATE_COMPLETE"
    assert stack.physical_id("Gateway") == first
    tags = ec2.describe_nat_gateways(NatGatewayIds=[first])["NatGateways"][0]["Tags"]
    assert {"Key": "Name", "Value": "other"} in tags

    second_subnet = {**SUBNET, "Properties": {**SUBNET["Properties"], "CidrBlock": "10.77.2.0/24"}}
    moved = {
        **with_properties(retagged, "Gateway", SubnetId=ref("Second"), AllocationId=att("Spare", "AllocationId")),
        "Second": second_subnet,
        "Spare": ADDRESS,
    }
    assert stack.update(moved) == "UPDATE_COMPLETE"
    assert stack.physical_id("Gateway") != first
    states = {gateway["NatGatewayId"]: gateway["State"] for gateway in ec2.describe_nat_gateways()["NatGateways"]}
    assert states[first] == "deleted"
    assert stack.physical_id("Address") == address


def test_deleting_the_stack_deletes_gateway_and_address(stack: Stack, ec2: Any) -> None:
    stack.create(NAT)
    gateway, address = stack.physical_id("Gateway"), stack.physical_id("Address")
    assert stack.delete() == "DELETE_COMPLETE"
    assert ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]["State"] == "deleted"
    assert address not in [item["PublicIp"] for item in ec2.describe_addresses()["Addresses"]]


def test_a_gateway_that_cannot_be_made_rolls_the_stack_back_and_says_why(stack: Stack, ec2: Any) -> None:
    before = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    assert stack.create(with_properties(NAT, "Gateway", SubnetId="subnet-0000000000000000f")) == "ROLLBACK_COMPLETE"
    assert "The subnet ID 'subnet-0000000000000000f' does not exist" in stack.reasons()
    assert {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]} == before


def test_security_group_rules_of_their_own_are_real_rules(stack: Stack, ec2: Any) -> None:
    assert stack.create(GROUPS) == "CREATE_COMPLETE"
    web, tasks = stack.physical_id("Web"), stack.physical_id("Tasks")
    rules = ec2.describe_security_group_rules(SecurityGroupRuleIds=[stack.physical_id("WebToTasks")])
    [rule] = rules["SecurityGroupRules"]
    assert (rule["IsEgress"], rule["FromPort"], rule["GroupId"]) == (True, 8080, web)
    assert rule["ReferencedGroupInfo"]["GroupId"] == tasks
    ingress = ec2.describe_security_groups(GroupIds=[tasks])["SecurityGroups"][0]["IpPermissions"]
    assert [pair["GroupId"] for permission in ingress for pair in permission["UserIdGroupPairs"]] == [web]
    drift = stack.drift()
    assert (drift["WebToTasks"], drift["TasksFromWeb"]) == ("IN_SYNC", "IN_SYNC")


def test_a_revoked_rule_has_drifted_and_a_changed_port_replaces_it(stack: Stack, ec2: Any) -> None:
    stack.create(GROUPS)
    first, web = stack.physical_id("WebToTasks"), stack.physical_id("Web")
    assert stack.update(with_properties(GROUPS, "WebToTasks", FromPort=9090, ToPort=9090)) == "UPDATE_COMPLETE"
    second = stack.physical_id("WebToTasks")
    assert second != first
    egress = ec2.describe_security_groups(GroupIds=[web])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert 8080 not in [permission.get("FromPort") for permission in egress]
    ec2.revoke_security_group_egress(GroupId=web, SecurityGroupRuleIds=[second])
    assert stack.drift()["WebToTasks"] == "DELETED"


def test_the_same_rule_twice_is_refused(stack: Stack) -> None:
    twice = {**GROUPS, "Again": GROUPS["WebToTasks"]}
    assert stack.create(twice) == "ROLLBACK_COMPLETE"
    assert "the specified rule already exists" in stack.reasons()


def test_cloudfronts_prefix_list_has_the_id_that_inventories_name(ec2: Any) -> None:
    wanted = [{"Name": "prefix-list-id", "Values": ["pl-3b927c52"]}]
    (found,) = ec2.describe_managed_prefix_lists(Filters=wanted)["PrefixLists"]
    assert found["PrefixListName"] == "com.amazonaws.global.cloudfront.origin-facing"
    wanted[0]["Values"] = ["pl-12345678"]
    assert ec2.describe_managed_prefix_lists(Filters=wanted)["PrefixLists"] == []


def test_a_rule_of_a_prefix_list_is_described_with_it(stack: Stack) -> None:
    listed = {
        "Vpc": VPC,
        "Web": GROUPS["Web"],
        "Admits": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                "GroupId": att("Web", "GroupId"),
                "Description": "from CloudFront",
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "SourcePrefixListId": "pl-3b927c52",
            },
        },
    }
    assert stack.create(listed) == "CREATE_COMPLETE", stack.reasons()
    assert stack.drift()["Admits"] == "IN_SYNC"


def test_flow_log_is_described_as_it_was_asked_for(stack: Stack, ec2: Any) -> None:
    assert stack.create(FLOW_LOG) == "CREATE_COMPLETE"
    identifier = stack.physical_id("Log")
    [log] = ec2.describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"]
    assert log["ResourceId"] == stack.physical_id("Vpc")
    assert (log["LogGroupName"], log["MaxAggregationInterval"]) == ("/flow", 60)
    assert log["DeliverLogsPermissionArn"].endswith("role/flow")
    assert {"Key": "Name", "Value": "flow"} in log["Tags"]
    assert stack.drift()["Log"] == "IN_SYNC"
    assert stack.update(with_properties(FLOW_LOG, "Log", TrafficType="REJECT")) == "UPDATE_COMPLETE"
    assert stack.physical_id("Log") != identifier
    assert not ec2.describe_flow_logs(FlowLogIds=[identifier])["FlowLogs"]
    replaced = stack.physical_id("Log")
    ec2.delete_flow_logs(FlowLogIds=[replaced])
    assert stack.drift()["Log"] == "DELETED"


def test_network_acl_takes_its_subnet_and_gives_it_back(stack: Stack, ec2: Any) -> None:
    resources = {
        "Vpc": VPC,
        "Subnet": SUBNET,
        "Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": ref("Vpc")}},
        "Entry": {
            "Type": "AWS::EC2::NetworkAclEntry",
            "Properties": {
                "NetworkAclId": ref("Acl"),
                "RuleNumber": 100,
                "Protocol": 6,
                "RuleAction": "allow",
                "CidrBlock": "10.0.0.0/8",
                "PortRange": {"From": 443, "To": 443},
            },
        },
        "Association": {
            "Type": "AWS::EC2::SubnetNetworkAclAssociation",
            "Properties": {"SubnetId": ref("Subnet"), "NetworkAclId": ref("Acl")},
        },
    }
    assert stack.create(resources) == "CREATE_COMPLETE"
    acl, subnet = stack.physical_id("Acl"), stack.physical_id("Subnet")
    found = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]
    assert [held["SubnetId"] for held in found["Associations"]] == [subnet]
    assert [entry["RuleNumber"] for entry in found["Entries"]] == [100]
    drift = stack.drift()
    assert {drift[name] for name in ("Acl", "Entry", "Association")} == {"IN_SYNC"}
    del resources["Association"]
    assert stack.update(resources) == "UPDATE_COMPLETE"
    assert not ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Associations"]


def test_vpc_attributes(stack: Stack, ec2: Any) -> None:
    outputs = {"Cidr": att("Vpc", "CidrBlock"), "Group": att("Vpc", "DefaultSecurityGroup")}
    assert stack.create({"Vpc": VPC}, outputs) == "CREATE_COMPLETE"
    assert stack.outputs()["Cidr"] == "10.77.0.0/16"
    group = ec2.describe_security_groups(GroupIds=[stack.outputs()["Group"]])["SecurityGroups"][0]
    assert (group["GroupName"], group["VpcId"]) == ("default", stack.physical_id("Vpc"))
