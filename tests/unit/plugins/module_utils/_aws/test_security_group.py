# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The default group of a VPC, asked for page by page, and its rules taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.security_group import (
    DefaultGroup,
    DefaultSecurityGroups,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = {"IpProtocol": "-1"}
FILTERS = [{"Name": "vpc-id", "Values": ["vpc-1"]}, {"Name": "group-name", "Values": ["default"]}]


@pytest.fixture
def ec2() -> Iterator[tuple[DefaultSecurityGroups, Stubber]]:
    client: Any = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield DefaultSecurityGroups(lambda: client), stub
        stub.assert_no_pending_responses()
    client.close()


def test_a_group_on_a_later_page_is_found(ec2: tuple[DefaultSecurityGroups, Stubber]) -> None:
    groups, stub = ec2
    stub.add_response("describe_security_groups", {"SecurityGroups": [], "NextToken": "t"}, {"Filters": FILTERS})
    found = {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissionsEgress": [RULE]}]}
    stub.add_response("describe_security_groups", found, {"Filters": FILTERS, "NextToken": "t"})
    assert groups.describe_default_group("vpc-1") == DefaultGroup("sg-1", [], [RULE])


def test_no_group_is_an_error_that_names_the_vpc(ec2: tuple[DefaultSecurityGroups, Stubber]) -> None:
    groups, stub = ec2
    stub.add_response("describe_security_groups", {"SecurityGroups": []}, {"Filters": FILTERS})
    with pytest.raises(OperationError, match="vpc-1, but there is none"):
        groups.describe_default_group("vpc-1")


@pytest.mark.parametrize(
    ("ingress", "egress", "called"),
    [
        ([], [], []),
        ([RULE], [], ["ingress"]),
        ([], [RULE], ["egress"]),
        ([RULE], [RULE], ["ingress", "egress"]),
    ],
)
def test_only_directions_with_rules_are_revoked(
    ec2: tuple[DefaultSecurityGroups, Stubber],
    ingress: list[dict[str, Any]],
    egress: list[dict[str, Any]],
    called: list[str],
) -> None:
    groups, stub = ec2
    for direction in called:
        stub.add_response(f"revoke_security_group_{direction}", {}, {"GroupId": "sg-1", "IpPermissions": [RULE]})
    groups.revoke_rules(DefaultGroup("sg-1", ingress, egress))


def test_a_refusal_says_what_was_tried(ec2: tuple[DefaultSecurityGroups, Stubber]) -> None:
    groups, stub = ec2
    stub.add_client_error("revoke_security_group_ingress", "UnauthorizedOperation", "no", 403)
    with pytest.raises(ApiRefusedError, match="take the ingress rules from sg-1"):
        groups.revoke_rules(DefaultGroup("sg-1", [RULE], []))
