# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The metrics of NAT gateways. Follows the VPC user guide, "NAT gateway metrics and dimensions".

No gateway carries traffic here, so none runs out of ports: ErrorPortAllocation is zero, as CloudWatch has it then.
"""

import time

from sandbox.ministack import cloudwatch, ec2, responses


def publish() -> None:
    """Put every account's available gateways into CloudWatch, once."""
    for (account, region, identifier), gateway in list(ec2._nat_gateways.all_items()):
        if gateway.get("State") != "available":
            continue
        with responses.request_scope(account, region):
            cloudwatch._store_datum(
                "AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": identifier}, time.time(), "Count", 0.0,
                None, None, None,
            )  # fmt: skip
