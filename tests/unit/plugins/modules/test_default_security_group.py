# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Closing the group that EC2 makes with every VPC."""

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.clock import SystemClock
from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import Context
from ansible_collections.fastbreak.aws.plugins.module_utils._common.progress import Silence
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.modules.default_security_group import perform
from botocore.stub import Stubber

RULE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
FILTERS = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}, {"Name": "group-name", "Values": ["default"]}]}


@pytest.fixture
def ec2():
    client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def close(client, check_mode=False):
    return perform({"vpc_id": "vpc-1"}, Context(lambda _service: client, SystemClock(), Silence(), check_mode))


def describe(stub, ingress, egress):
    group = {"GroupId": "sg-1", "IpPermissions": ingress, "IpPermissionsEgress": egress}
    stub.add_response("describe_security_groups", {"SecurityGroups": [group]}, FILTERS)


def test_a_closed_group_is_left_alone(ec2):
    client, stub = ec2
    describe(stub, [], [])
    assert not close(client)["changed"]


def test_only_what_is_there_is_revoked(ec2):
    client, stub = ec2
    describe(stub, [], [RULE])
    stub.add_response("revoke_security_group_egress", {}, {"GroupId": "sg-1", "IpPermissions": [RULE]})
    result = close(client)
    assert (result["changed"], result["group_id"]) == (True, "sg-1")
    assert result["diff"]["before"]["egress"] == [RULE]


def test_check_mode_revokes_nothing(ec2):
    client, stub = ec2
    describe(stub, [RULE], [RULE])
    assert close(client, check_mode=True)["changed"]


def test_an_unknown_vpc_is_an_error(ec2):
    client, stub = ec2
    stub.add_response("describe_security_groups", {"SecurityGroups": []}, FILTERS)
    with pytest.raises(OperationError, match="vpc-1"):
        close(client)
