# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the sandbox knows of EC2's resources beyond MiniStack's records."""

from dataclasses import dataclass
from operator import itemgetter

from sandbox.ministack import ec2
from sandbox.side_table import Record, SideTable


@dataclass
class NatGateway:
    """The network interface that a gateway has in its subnet."""

    network_interface_id: str = ""
    private_ip: str = ""


@dataclass
class FlowLog:
    """Where a flow log writes to, as which role, and what."""

    log_group_name: str = ""
    deliver_logs_permission_arn: str = ""
    log_format: str = ""
    max_aggregation_interval: str = ""


def _holds_nat_gateway(gateway: Record) -> bool:
    return any(held is gateway for held in ec2._nat_gateways.all_values())


def _holds_flow_log(flow_log: Record) -> bool:
    return any(held is flow_log for held in ec2._flow_logs.all_values())


_NAT_GATEWAYS = SideTable(itemgetter("NatGatewayId"), _holds_nat_gateway, NatGateway)
_FLOW_LOGS = SideTable(itemgetter("FlowLogId"), _holds_flow_log, FlowLog)
of_nat_gateway = _NAT_GATEWAYS.of
of_flow_log = _FLOW_LOGS.of


def forget() -> None:
    """Forget everything."""
    _NAT_GATEWAYS.clear()
    _FLOW_LOGS.clear()
