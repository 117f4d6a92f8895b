# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::EC2::VPC: the attributes MiniStack's type leaves out."""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import ec2, provisioners

Made = tuple[str, dict[str, Any]]


def complete() -> None:
    """Complete what create and update answer."""
    entry = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPC"]
    for verb in ("create", "update"):
        entry[verb] = _completed(entry[verb])


def _completed(handler: Callable[..., Made]) -> Callable[..., Made]:
    def handle(*arguments: Any, **keywords: Any) -> Made:
        identifier, attributes = handler(*arguments, **keywords)
        return identifier, {**attributes, **_attributes(ec2._vpcs[identifier])}

    return handle


def _attributes(vpc: dict[str, Any]) -> dict[str, Any]:
    associations = vpc.get("CidrBlockAssociationSet") or [{}]
    return {
        "VpcId": vpc["VpcId"],
        "CidrBlock": vpc["CidrBlock"],
        "CidrBlockAssociations": [held["AssociationId"] for held in associations if held.get("AssociationId")],
        "Ipv6CidrBlocks": [],
        "DefaultSecurityGroup": vpc["DefaultSecurityGroupId"],
        "DefaultNetworkAcl": vpc["DefaultNetworkAclId"],
    }
