# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What AWS tells of every subnet and network interface, and MiniStack leaves out. There is no IPv6."""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import ec2

_SUBNET = (
    "<ipv6CidrBlockAssociationSet/><blockPublicAccessStates><internetGatewayBlockMode>off</internetGatewayBlockMode>"
    "</blockPublicAccessStates>"
)
_INTERFACE = "<ipv6AddressesSet/><requesterManaged>false</requesterManaged>"


def install() -> None:
    """Wrap the XML of a subnet and of an interface."""
    ec2._subnet_fields_xml = _with(_SUBNET, ec2._subnet_fields_xml)
    ec2._eni_fields_xml = _with(_INTERFACE, ec2._eni_fields_xml)


def _with(more: str, render: Callable[..., str]) -> Callable[..., str]:
    def fields_xml(record: dict[str, Any], tag: str = "item") -> str:
        head, end, _ = render(record, tag).rpartition(f"</{tag}>")
        return f"{head}{more}{end}"

    return fields_xml
