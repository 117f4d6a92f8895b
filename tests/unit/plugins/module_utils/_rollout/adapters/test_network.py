# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.adapters.network import Ec2Client
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
