# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.network import Ec2Client
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.access import Ingress
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def api() -> Iterator[tuple[Ec2Client, Stubber]]:
    client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield Ec2Client(lambda: client), stub
        stub.assert_no_pending_responses()


def test_subnets_and_groups_that_exist_are_told_with_their_vpc(api: tuple[Ec2Client, Stubber]) -> None:
    ec2, stub = api
    stub.add_response(
        "describe_subnets",
        {"Subnets": [{"SubnetId": "a", "VpcId": "v"}, {"SubnetId": "other", "VpcId": "v"}]},
        {"Filters": [{"Name": "subnet-id", "Values": ["a", "b"]}]},
    )
    stub.add_response(
        "describe_security_groups",
        {"SecurityGroups": [{"GroupId": "g", "VpcId": "w"}]},
        {"Filters": [{"Name": "group-id", "Values": ["g"]}]},
    )
    assert ec2.subnet_vpcs(frozenset("ab")) == {"a": "v"}
    assert ec2.security_group_vpcs(frozenset("g")) == {"g": "w"}


def test_free_addresses_are_counted_by_subnet(api: tuple[Ec2Client, Stubber]) -> None:
    ec2, stub = api
    stub.add_response(
        "describe_subnets",
        {"Subnets": [{"SubnetId": "a", "AvailableIpAddressCount": 3}, {"SubnetId": "x", "AvailableIpAddressCount": 9}]},
        {"Filters": [{"Name": "subnet-id", "Values": ["a", "b"]}]},
    )
    assert ec2.free_addresses(frozenset("ab")) == {"a": 3}


def test_addresses_of_subnets_are_told(api: tuple[Ec2Client, Stubber]) -> None:
    ec2, stub = api
    subnets = [{"SubnetId": "a", "CidrBlock": "10.0.0.0/24"}, {"SubnetId": "x", "CidrBlock": "10.0.9.0/24"}]
    stub.add_response("describe_subnets", {"Subnets": subnets})
    assert ec2.subnet_cidrs(frozenset("ab")) == {"a": "10.0.0.0/24"}


def test_what_groups_let_in_is_told_by_port_and_origin(api: tuple[Ec2Client, Stubber]) -> None:
    ec2, stub = api
    permissions = [
        {
            "IpProtocol": "tcp",
            "FromPort": 9000,
            "ToPort": 9001,
            "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            "UserIdGroupPairs": [{"GroupId": "sg-1"}, {"UserId": "111111111111"}],
            "PrefixListIds": [{"PrefixListId": "pl-1"}],
        },
        {"IpProtocol": "udp", "FromPort": 9000, "ToPort": 9000, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-2"}]},
    ]
    groups = [{"GroupId": "g", "IpPermissions": permissions}, {"GroupId": "other", "IpPermissions": permissions}]
    asked = {"Filters": [{"Name": "group-id", "Values": ["g"]}]}
    stub.add_response("describe_security_groups", {"SecurityGroups": groups}, asked)
    assert ec2.ingress(frozenset("g")) == (
        Ingress(9000, 9001, ("10.0.0.0/8", "::/0"), frozenset({"sg-1"}), ("pl-1",)),
        Ingress(0, 65535, (), frozenset({"sg-2"})),
    )
