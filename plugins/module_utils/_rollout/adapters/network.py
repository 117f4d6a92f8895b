# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of an account through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._aws.api import AwsClient
from ..service.access import Ingress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# -1 is every protocol, which has no ports.
_TCP = ("tcp", "6", "-1")
_LAST_PORT = 65_535


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

    def free_addresses(self, ids: frozenset[str]) -> Mapping[str, int]:
        """How many addresses each subnet that exists has left, by its id."""
        pages = self._pages(
            "count the free addresses of the subnets of the option network",
            "describe_subnets",
            Filters=[{"Name": "subnet-id", "Values": sorted(ids)}],
        )
        found = (subnet for page in pages for subnet in page["Subnets"])
        return {subnet["SubnetId"]: subnet["AvailableIpAddressCount"] for subnet in found if subnet["SubnetId"] in ids}

    def subnet_cidrs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The addresses of each subnet that exists, by its id."""
        pages = self._pages(
            "read the addresses of the subnets of the option network",
            "describe_subnets",
            Filters=[{"Name": "subnet-id", "Values": sorted(ids)}],
        )
        found = (subnet for page in pages for subnet in page["Subnets"])
        return {subnet["SubnetId"]: subnet["CidrBlock"] for subnet in found if subnet["SubnetId"] in ids}

    def ingress(self, ids: frozenset[str]) -> tuple[Ingress, ...]:
        """What the security groups let in by TCP."""
        pages = self._pages(
            "read what security groups let in",
            "describe_security_groups",
            Filters=[{"Name": "group-id", "Values": sorted(ids)}],
        )
        groups = [group for page in pages for group in page["SecurityGroups"] if group["GroupId"] in ids]
        return tuple(
            _ingress(permission)
            for group in groups
            for permission in group.get("IpPermissions", [])
            if permission.get("IpProtocol") in _TCP
        )

    def security_group_vpcs(self, ids: frozenset[str]) -> Mapping[str, str]:
        """The VPC of each security group that exists, by its id."""
        pages = self._pages(
            "describe the security groups of the option network",
            "describe_security_groups",
            Filters=[{"Name": "group-id", "Values": sorted(ids)}],
        )
        found = (group for page in pages for group in page["SecurityGroups"])
        return {group["GroupId"]: group.get("VpcId", "") for group in found if group["GroupId"] in ids}


def _ingress(permission: Mapping[str, Any]) -> Ingress:
    every = permission["IpProtocol"] == "-1"
    return Ingress(
        first_port=0 if every else permission.get("FromPort", 0),
        last_port=_LAST_PORT if every else permission.get("ToPort", _LAST_PORT),
        cidrs=(
            *(found["CidrIp"] for found in permission.get("IpRanges", [])),
            *(found["CidrIpv6"] for found in permission.get("Ipv6Ranges", [])),
        ),
        groups=frozenset(found["GroupId"] for found in permission.get("UserIdGroupPairs", []) if found.get("GroupId")),
        elsewhere=tuple(found["PrefixListId"] for found in permission.get("PrefixListIds", [])),
    )
