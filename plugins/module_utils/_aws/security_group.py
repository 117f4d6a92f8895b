# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security group that EC2 makes with every VPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._errors import OperationError
from .api import AwsClient

Permissions = list[dict[str, Any]]


@dataclass(frozen=True)
class DefaultGroup:
    """The group with its rules, as EC2's ``IpPermissions``."""

    group_id: str
    ingress: Permissions
    egress: Permissions


class DefaultSecurityGroups(AwsClient):
    """The default groups of one account and region."""

    label = "EC2"

    def describe_default_group(self, vpc_id: str) -> DefaultGroup:
        """The default group of a VPC. Raises `OperationError` when there is no such VPC."""
        pages = self._pages(
            f"read the default security group of {vpc_id}",
            "describe_security_groups",
            Filters=[{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}],
        )
        group = next((group for page in pages for group in page["SecurityGroups"]), None)
        if group is None:
            raise OperationError(
                f"Tried to read the default security group of {vpc_id}, but there is none. Check the id of the VPC."
            )
        return DefaultGroup(group["GroupId"], group.get("IpPermissions", []), group.get("IpPermissionsEgress", []))

    def revoke_rules(self, group: DefaultGroup) -> None:
        """Take every rule away."""
        for direction, rules in (("ingress", group.ingress), ("egress", group.egress)):
            if rules:
                self._call(
                    f"take the {direction} rules from {group.group_id}",
                    f"revoke_security_group_{direction}",
                    GroupId=group.group_id,
                    IpPermissions=rules,
                )
