# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of an account through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._aws.api import AwsClient

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ec2Client(AwsClient):
    """The subnets and security groups of one account and region, by filters: an unknown id would be an error."""

    label = "EC2"

    def subnet_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each subnet that exists, by its id."""
        pages = self._pages(
            "describe the subnets of the option network",
            "describe_subnets",
            Filters=[{"Name": "subnet-id", "Values": sorted(ids)}],
        )
        found = (subnet for page in pages for subnet in page["Subnets"])
        return {subnet["SubnetId"]: subnet["VpcId"] for subnet in found if subnet["SubnetId"] in ids}

    def security_group_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each security group that exists, by its id."""
        pages = self._pages(
            "describe the security groups of the option network",
            "describe_security_groups",
            Filters=[{"Name": "group-id", "Values": sorted(ids)}],
        )
        found = (group for page in pages for group in page["SecurityGroups"])
        return {group["GroupId"]: group.get("VpcId", "") for group in found if group["GroupId"] in ids}
