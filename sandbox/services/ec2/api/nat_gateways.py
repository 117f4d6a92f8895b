# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""NAT gateways with their addresses. AWS: API reference CreateNatGateway, NatGateway, ReleaseAddress."""

import re
import secrets
from typing import Any

from sandbox.ministack import ec2
from sandbox.services.ec2 import model
from sandbox.services.ec2.api.wire import Answer, Handler, Parameters, error, identifier, text_of, value


def install() -> None:
    """Wrap the actions."""
    actions = ec2._ACTION_MAP
    actions["CreateNatGateway"] = _create_nat_gateway(actions["CreateNatGateway"])
    actions["DescribeNatGateways"] = _describe_nat_gateways(actions["DescribeNatGateways"])
    actions["DeleteNatGateway"] = _delete_nat_gateway(actions["DeleteNatGateway"])
    actions["ReleaseAddress"] = _release_address(actions["ReleaseAddress"])


def _create_nat_gateway(create: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        subnet, allocation = value(parameters, "SubnetId"), value(parameters, "AllocationId")
        public = value(parameters, "ConnectivityType") != "private"
        address = ec2._addresses.get(allocation)
        if subnet not in ec2._subnets:
            return error("InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
        if public and not allocation:
            return error("MissingParameter", "The request must contain the parameter AllocationId")
        if public and address is None:
            return error("InvalidAllocationID.NotFound", f"The allocation ID '{allocation}' does not exist")
        if address and address.get("AssociationId"):
            return error("Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
        before = set(ec2._nat_gateways)
        answer = create(parameters)
        for made in set(ec2._nat_gateways) - before:
            _attach(ec2._nat_gateways[made], address)
        return answer

    return handle


def _attach(gateway: dict[str, Any], address: dict[str, Any] | None) -> None:
    """A gateway has a network interface in its subnet; a public gateway has its address on it."""
    network = ec2._subnets[gateway["SubnetId"]]["CidrBlock"].split("/")[0].rsplit(".", 1)[0]
    interface = model.of_nat_gateway(gateway)
    interface.network_interface_id = identifier("eni")
    interface.private_ip = f"{network}.{4 + secrets.randbelow(200)}"
    if address:
        address["AssociationId"] = identifier("eipassoc")
        address["NetworkInterfaceId"] = interface.network_interface_id
        address["PrivateIpAddress"] = interface.private_ip


def _describe_nat_gateways(describe: Handler) -> Handler:
    item = re.compile(r"(<natGatewayId>(nat-\w+)</natGatewayId>.*?)<natGatewayAddressSet/>", re.DOTALL)

    def handle(parameters: Parameters) -> Answer:
        answer = describe(parameters)
        return answer[0], answer[1], item.sub(_with_addresses, text_of(answer)).encode()

    return handle


def _with_addresses(match: re.Match[str]) -> str:
    gateway = ec2._nat_gateways[match[2]]
    address = ec2._addresses.get(gateway.get("AllocationId")) or {}
    interface = model.of_nat_gateway(gateway)
    fields = {
        "allocationId": address.get("AllocationId"),
        "associationId": address.get("AssociationId"),
        "publicIp": address.get("PublicIp"),
        "networkInterfaceId": interface.network_interface_id,
        "privateIp": interface.private_ip,
        "isPrimary": "true",
        "status": "succeeded",
    }
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items() if text)
    return f"{match[1]}<natGatewayAddressSet><item>{inner}</item></natGatewayAddressSet>"


def _delete_nat_gateway(delete: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        answer = delete(parameters)
        gateway = ec2._nat_gateways.get(value(parameters, "NatGatewayId"))
        if gateway and answer[0] < 400 and (address := ec2._addresses.get(gateway["AllocationId"])):
            address.update(AssociationId=None, NetworkInterfaceId=None, PrivateIpAddress=None)
        return answer

    return handle


def _release_address(release: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        address = ec2._addresses.get(value(parameters, "AllocationId"))
        if address and address.get("AssociationId"):
            return error("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use.")
        return release(parameters)

    return handle
