"""The EC2 answers that the types rely on and MiniStack leaves incomplete.

AWS: API reference CreateNatGateway, NatGateway, ReleaseAddress, CreateFlowLogs, FlowLog, ReplaceNetworkAclAssociation.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from sandbox.ministack import ec2

Parameters = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Parameters], Answer]

_FLOW_LOG_FIELDS = ("LogGroupName", "DeliverLogsPermissionArn", "LogFormat", "MaxAggregationInterval")
_DEFAULT_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)


def install() -> None:
    """Wrap the actions."""
    actions = ec2._ACTION_MAP
    actions["CreateNatGateway"] = _create_nat_gateway(actions["CreateNatGateway"])
    actions["DescribeNatGateways"] = _describe_nat_gateways(actions["DescribeNatGateways"])
    actions["DeleteNatGateway"] = _delete_nat_gateway(actions["DeleteNatGateway"])
    actions["ReleaseAddress"] = _release_address(actions["ReleaseAddress"])
    actions["CreateFlowLogs"] = _create_flow_logs(actions["CreateFlowLogs"])
    actions["DescribeFlowLogs"] = _describe_flow_logs(actions["DescribeFlowLogs"])
    actions["DescribeNetworkAcls"] = _describe_network_acls(actions["DescribeNetworkAcls"])
    actions["ReplaceNetworkAclAssociation"] = _replace_network_acl_association
    ec2._vpce_fields_xml = _endpoint_with_groups(ec2._vpce_fields_xml)


def _value(parameters: Parameters, name: str) -> str:
    return str(ec2._p(parameters, name))


def _error(code: str, message: str) -> Answer:
    return ec2._error(code, message, 400)  # type: ignore[no-any-return]


def _identifier(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def _text_of(answer: Answer) -> str:
    return answer[2].decode() if isinstance(answer[2], bytes) else str(answer[2])


def _create_nat_gateway(create: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        subnet, allocation = _value(parameters, "SubnetId"), _value(parameters, "AllocationId")
        public = _value(parameters, "ConnectivityType") != "private"
        address = ec2._addresses.get(allocation)
        if subnet not in ec2._subnets:
            return _error("InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
        if public and not allocation:
            return _error("MissingParameter", "The request must contain the parameter AllocationId")
        if public and address is None:
            return _error("InvalidAllocationID.NotFound", f"The allocation ID '{allocation}' does not exist")
        if address and address.get("AssociationId"):
            return _error("Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
        before = set(ec2._nat_gateways)
        answer = create(parameters)
        for made in set(ec2._nat_gateways) - before:
            _attach(ec2._nat_gateways[made], address)
        return answer

    return handle


def _attach(gateway: dict[str, Any], address: dict[str, Any] | None) -> None:
    """A gateway has a network interface in its subnet, and a public one the address on it."""
    network = ec2._subnets[gateway["SubnetId"]]["CidrBlock"].split("/")[0].rsplit(".", 1)[0]
    gateway["_NetworkInterfaceId"] = _identifier("eni")
    gateway["_PrivateIp"] = f"{network}.{4 + secrets.randbelow(200)}"
    if address:
        address["AssociationId"] = _identifier("eipassoc")
        address["NetworkInterfaceId"] = gateway["_NetworkInterfaceId"]
        address["PrivateIpAddress"] = gateway["_PrivateIp"]


def _describe_nat_gateways(describe: Handler) -> Handler:
    item = re.compile(r"(<natGatewayId>(nat-\w+)</natGatewayId>.*?)<natGatewayAddressSet/>", re.DOTALL)

    def handle(parameters: Parameters) -> Answer:
        answer = describe(parameters)
        return answer[0], answer[1], item.sub(_with_addresses, _text_of(answer)).encode()

    return handle


def _with_addresses(match: re.Match[str]) -> str:
    gateway = ec2._nat_gateways[match[2]]
    address = ec2._addresses.get(gateway.get("AllocationId")) or {}
    fields = {
        "allocationId": address.get("AllocationId"),
        "associationId": address.get("AssociationId"),
        "publicIp": address.get("PublicIp"),
        "networkInterfaceId": gateway.get("_NetworkInterfaceId"),
        "privateIp": gateway.get("_PrivateIp"),
        "isPrimary": "true",
        "status": "succeeded",
    }
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items() if text)
    return f"{match[1]}<natGatewayAddressSet><item>{inner}</item></natGatewayAddressSet>"


def _delete_nat_gateway(delete: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        answer = delete(parameters)
        gateway = ec2._nat_gateways.get(_value(parameters, "NatGatewayId"))
        if gateway and answer[0] < 400 and (address := ec2._addresses.get(gateway["AllocationId"])):
            address.update(AssociationId=None, NetworkInterfaceId=None, PrivateIpAddress=None)
        return answer

    return handle


def _release_address(release: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        address = ec2._addresses.get(_value(parameters, "AllocationId"))
        if address and address.get("AssociationId"):
            return _error("InvalidIPAddress.InUse", f"Address {address['PublicIp']} is in use.")
        return release(parameters)

    return handle


def _create_flow_logs(create: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        kind = _value(parameters, "LogDestinationType") or "cloud-watch-logs"
        if kind == "cloud-watch-logs" and not _value(parameters, "DeliverLogsPermissionArn"):
            return _error("InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogGroupName is used.")
        before = set(ec2._flow_logs)
        answer = create(parameters)
        for made in set(ec2._flow_logs) - before:
            record = ec2._flow_logs[made]
            record.update({name: _value(parameters, name) for name in _FLOW_LOG_FIELDS})
            record["LogDestination"] = _value(parameters, "LogDestination")
            record["LogFormat"] = record["LogFormat"] or _DEFAULT_LOG_FORMAT
            record["MaxAggregationInterval"] = record["MaxAggregationInterval"] or "600"
            ec2._parse_tag_specs(parameters, "vpc-flow-log", made)
        return answer

    return handle


def _describe_flow_logs(describe: Handler) -> Handler:
    item = re.compile(r"<flowLogId>(fl-\w+)</flowLogId>")

    def handle(parameters: Parameters) -> Answer:
        answer = describe(parameters)
        text = _text_of(answer).replace("<logDestination></logDestination>", "")
        return answer[0], answer[1], item.sub(_with_flow_log_fields, text).encode()

    return handle


def _with_flow_log_fields(match: re.Match[str]) -> str:
    record = ec2._flow_logs[match[1]]
    fields = "".join(
        f"<{name[0].lower()}{name[1:]}>{escape(record[name])}</{name[0].lower()}{name[1:]}>"
        for name in _FLOW_LOG_FIELDS
        if record.get(name)
    )
    return f"{match[0]}{fields}<deliverLogsStatus>SUCCESS</deliverLogsStatus>"


def _describe_network_acls(describe: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        _associate_subnets()
        return describe(parameters)

    return handle


def _endpoint_with_groups(render: Callable[..., str]) -> Callable[..., str]:
    """An endpoint's security groups and private DNS, which MiniStack keeps and does not show."""

    def fields_xml(endpoint: dict[str, Any], tag: str = "item") -> str:
        text, private = render(endpoint, tag), str(endpoint.get("PrivateDnsEnabled", False)).lower()
        groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint.get("SecurityGroupIds", []))
        head, end, _ = text.rpartition(f"</{tag}>")
        return f"{head}<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>{end}"

    return fields_xml


def _associate_subnets() -> None:
    """A subnet that names no network ACL has its network's default one."""
    known = {held["SubnetId"] for acl in ec2._network_acls.values() for held in acl["Associations"]}
    for subnet in list(ec2._subnets.values()):
        acl = ec2._network_acls.get((ec2._vpcs.get(subnet["VpcId"]) or {}).get("DefaultNetworkAclId"))
        if acl and subnet["SubnetId"] not in known:
            held = {"NetworkAclAssociationId": _identifier("aclassoc"), "SubnetId": subnet["SubnetId"]}
            acl["Associations"].append(held)


def _replace_network_acl_association(parameters: Parameters) -> Answer:
    _associate_subnets()
    association, target = _value(parameters, "AssociationId"), _value(parameters, "NetworkAclId")
    if target not in ec2._network_acls:
        return _error("InvalidNetworkAclID.NotFound", f"The network ACL '{target}' does not exist")
    for acl in ec2._network_acls.values():
        for held in acl["Associations"]:
            if held["NetworkAclAssociationId"] == association:
                acl["Associations"].remove(held)
                made = {"NetworkAclAssociationId": _identifier("aclassoc"), "SubnetId": held["SubnetId"]}
                ec2._network_acls[target]["Associations"].append(made)
                new = f"<newAssociationId>{made['NetworkAclAssociationId']}</newAssociationId>"
                return ec2._xml(200, "ReplaceNetworkAclAssociationResponse", new)  # type: ignore[no-any-return]
    return _error("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")
