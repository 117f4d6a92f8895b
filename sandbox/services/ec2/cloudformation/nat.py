# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::EC2::EIP and AWS::EC2::NatGateway."""

from botocore.exceptions import ClientError

from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, given
from sandbox.services.ec2.cloudformation.tags import ec2, no_such_thing, retag, tag_specifications


def _create_address(properties: Properties, _context: Context) -> Created:
    made = ec2().allocate_address(
        **given({"Domain": "vpc", **properties}, "Domain"), **tag_specifications(properties, "elastic-ip")
    )
    if instance := properties.get("InstanceId"):
        ec2().associate_address(AllocationId=made["AllocationId"], InstanceId=instance)
    return made["PublicIp"], _address_attributes(made)


def _address_attributes(address: Properties) -> dict[str, str]:
    return {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}


def _address(public_ip: str) -> Properties | None:
    found = ec2().describe_addresses(Filters=[{"Name": "public-ip", "Values": [public_ip]}])["Addresses"]
    return next((address for address in found if address["PublicIp"] == public_ip), None)


def _update_address(public_ip: str, old: Properties, new: Properties) -> dict[str, str]:
    address = _address(public_ip)
    if address is None:
        raise ValueError(f"The address '{public_ip}' does not belong to you.")
    retag(address["AllocationId"], old, new)
    if old.get("InstanceId") != new.get("InstanceId"):
        if address.get("AssociationId"):
            ec2().disassociate_address(AssociationId=address["AssociationId"])
        if new.get("InstanceId"):
            ec2().associate_address(AllocationId=address["AllocationId"], InstanceId=new["InstanceId"])
    return _address_attributes(address)


def _delete_address(public_ip: str, _properties: Properties) -> None:
    if address := _address(public_ip):
        ec2().release_address(AllocationId=address["AllocationId"])


def _read_address(public_ip: str, _properties: Properties) -> Properties | None:
    address = _address(public_ip)
    return address and {"Domain": address["Domain"], "Tags": address.get("Tags", [])}


def _create_gateway(properties: Properties, _context: Context) -> Created:
    made = ec2().create_nat_gateway(
        **given(properties, "SubnetId", "AllocationId", "ConnectivityType", "PrivateIpAddress"),
        **tag_specifications(properties, "natgateway"),
    )["NatGateway"]
    identifier = made["NatGatewayId"]
    return identifier, {"NatGatewayId": identifier}


def _gateway(identifier: str) -> Properties | None:
    found = ec2().describe_nat_gateways(NatGatewayIds=[identifier])["NatGateways"]
    return next((gateway for gateway in found if gateway["State"] not in {"deleting", "deleted"}), None)


def _update_gateway(identifier: str, old: Properties, new: Properties) -> dict[str, str]:
    retag(identifier, old, new)
    return {"NatGatewayId": identifier}


def _delete_gateway(identifier: str, _properties: Properties) -> None:
    try:
        ec2().delete_nat_gateway(NatGatewayId=identifier)
    except ClientError as error:
        if not no_such_thing(error):
            raise


def _read_gateway(identifier: str, _properties: Properties) -> Properties | None:
    gateway = _gateway(identifier)
    if gateway is None:
        return None
    addresses = gateway.get("NatGatewayAddresses") or [{}]
    return {
        "SubnetId": gateway["SubnetId"],
        "ConnectivityType": gateway["ConnectivityType"],
        "AllocationId": addresses[0].get("AllocationId"),
        "Tags": gateway.get("Tags", []),
    }


TYPES = (
    ResourceType(
        name="AWS::EC2::EIP",
        create=_create_address,
        update=_update_address,
        delete=_delete_address,
        read=_read_address,
        compared=frozenset({"Domain", "Tags"}),
        replacing=frozenset({"NetworkBorderGroup", "TransferAddress", "Address", "IpamPoolId"}),
    ),
    ResourceType(
        name="AWS::EC2::NatGateway",
        create=_create_gateway,
        update=_update_gateway,
        delete=_delete_gateway,
        read=_read_gateway,
        compared=frozenset({"SubnetId", "ConnectivityType", "AllocationId", "Tags"}),
        replacing=frozenset(
            {
                "SubnetId",
                "ConnectivityType",
                "AllocationId",
                "PrivateIpAddress",
                "VpcId",
                "AvailabilityMode",
            }
        ),
    ),
)
