# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::EC2::NetworkAcl, AWS::EC2::NetworkAclEntry and AWS::EC2::SubnetNetworkAclAssociation."""

from botocore.exceptions import ClientError

from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, as_bool
from sandbox.services.ec2.cloudformation.tags import ec2, no_such_thing, retag, tag_specifications


def _create_acl(properties: Properties, _context: Context) -> Created:
    made = ec2().create_network_acl(VpcId=properties["VpcId"], **tag_specifications(properties, "network-acl"))
    identifier = made["NetworkAcl"]["NetworkAclId"]
    return identifier, {"Id": identifier}


def _update_acl(identifier: str, old: Properties, new: Properties) -> dict[str, str]:
    retag(identifier, old, new)
    return {"Id": identifier}


def _delete_acl(identifier: str, _properties: Properties) -> None:
    try:
        ec2().delete_network_acl(NetworkAclId=identifier)
    except ClientError as error:
        if not no_such_thing(error):
            raise


def _acl(identifier: str) -> Properties | None:
    found = ec2().describe_network_acls(NetworkAclIds=[identifier])["NetworkAcls"]
    return found[0] if found else None


def _read_acl(identifier: str, _properties: Properties) -> Properties | None:
    acl = _acl(identifier)
    return acl and {"VpcId": acl["VpcId"], "Tags": acl.get("Tags", [])}


def _entry_request(properties: Properties) -> Properties:
    request: Properties = {
        "NetworkAclId": properties["NetworkAclId"],
        "RuleNumber": int(properties["RuleNumber"]),
        "Protocol": str(properties["Protocol"]),
        "RuleAction": properties["RuleAction"],
        "Egress": as_bool(properties.get("Egress", False)),
    }
    for name in ("CidrBlock", "Ipv6CidrBlock"):
        if properties.get(name):
            request[name] = properties[name]
    if ports := properties.get("PortRange"):
        request["PortRange"] = {"From": int(ports["From"]), "To": int(ports["To"])}
    if icmp := properties.get("Icmp"):
        request["IcmpTypeCode"] = {"Code": int(icmp["Code"]), "Type": int(icmp["Type"])}
    return request


def _create_entry(properties: Properties, _context: Context) -> Created:
    if _entry(properties):
        raise ValueError(f"The network acl entry identified by {properties['RuleNumber']} already exists.")
    ec2().create_network_acl_entry(**_entry_request(properties))
    request = _entry_request(properties)
    identifier = f"{request['NetworkAclId']}|{request['RuleNumber']}|{str(request['Egress']).lower()}"
    return identifier, {"Id": identifier}


def _entry(properties: Properties) -> Properties | None:
    wanted, acl = _entry_request(properties), _acl(properties["NetworkAclId"])
    if acl is None:
        return None
    rules = (rule for rule in acl["Entries"] if rule["RuleNumber"] == wanted["RuleNumber"])
    return next((rule for rule in rules if rule["Egress"] == wanted["Egress"]), None)


def _update_entry(identifier: str, _old: Properties, new: Properties) -> dict[str, str]:
    ec2().replace_network_acl_entry(**_entry_request(new))
    return {"Id": identifier}


def _delete_entry(_identifier: str, properties: Properties) -> None:
    request = _entry_request(properties)
    if _entry(properties):
        ec2().delete_network_acl_entry(**{name: request[name] for name in ("NetworkAclId", "RuleNumber", "Egress")})


def _read_entry(_identifier: str, properties: Properties) -> Properties | None:
    rule = _entry(properties)
    return rule and {"NetworkAclId": properties["NetworkAclId"], **rule}


def _association(subnet: str) -> Properties | None:
    acls = ec2().describe_network_acls()["NetworkAcls"]
    return next((held for acl in acls for held in acl["Associations"] if held["SubnetId"] == subnet), None)


def _associate(properties: Properties, _context: Context) -> Created:
    held = _association(properties["SubnetId"])
    if held is None:
        raise ValueError(f"The subnet ID '{properties['SubnetId']}' does not exist")
    made = ec2().replace_network_acl_association(
        AssociationId=held["NetworkAclAssociationId"], NetworkAclId=properties["NetworkAclId"]
    )
    return made["NewAssociationId"], {"AssociationId": made["NewAssociationId"]}


def _dissociate(identifier: str, properties: Properties) -> None:
    """The subnet goes back to its network's default ACL."""
    held = _association(properties["SubnetId"])
    if held is None or held["NetworkAclAssociationId"] != identifier:
        return
    acl = _acl(held["NetworkAclId"])
    network = [{"Name": "vpc-id", "Values": [acl["VpcId"]]}] if acl else []
    default = ec2().describe_network_acls(Filters=[*network, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    ec2().replace_network_acl_association(AssociationId=identifier, NetworkAclId=default[0]["NetworkAclId"])


def _read_association(identifier: str, properties: Properties) -> Properties | None:
    held = _association(properties["SubnetId"])
    return held if held and held["NetworkAclAssociationId"] == identifier else None


TYPES = (
    ResourceType(
        name="AWS::EC2::NetworkAcl",
        create=_create_acl,
        update=_update_acl,
        delete=_delete_acl,
        read=_read_acl,
        compared=frozenset({"VpcId", "Tags"}),
        replacing=frozenset({"VpcId"}),
    ),
    ResourceType(
        name="AWS::EC2::NetworkAclEntry",
        create=_create_entry,
        update=_update_entry,
        delete=_delete_entry,
        read=_read_entry,
        compared=frozenset({"NetworkAclId", "RuleNumber", "Protocol", "RuleAction", "Egress", "CidrBlock"}),
        replacing=frozenset({"NetworkAclId", "RuleNumber", "Egress"}),
        tags=None,
    ),
    ResourceType(
        name="AWS::EC2::SubnetNetworkAclAssociation",
        create=_associate,
        delete=_dissociate,
        read=_read_association,
        compared=frozenset({"SubnetId", "NetworkAclId"}),
        replacing=frozenset({"SubnetId", "NetworkAclId"}),
        tags=None,
    ),
)
