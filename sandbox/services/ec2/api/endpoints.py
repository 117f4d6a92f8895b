# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""VPC endpoints: what MiniStack keeps of them and does not show. AWS: API reference VpcEndpoint."""

from collections.abc import Callable
from typing import Any

from sandbox.ministack import ec2


def install() -> None:
    """Wrap the XML of an endpoint."""
    ec2._vpce_fields_xml = _endpoint_with_groups(ec2._vpce_fields_xml)


def _endpoint_with_groups(render: Callable[..., str]) -> Callable[..., str]:
    """An endpoint's security groups and private DNS, which MiniStack keeps and does not show."""

    def fields_xml(endpoint: dict[str, Any], tag: str = "item") -> str:
        text, private = render(endpoint, tag), str(endpoint.get("PrivateDnsEnabled", False)).lower()
        groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint.get("SecurityGroupIds", []))
        head, end, _ = text.rpartition(f"</{tag}>")
        return f"{head}<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>{end}"

    return fields_xml
