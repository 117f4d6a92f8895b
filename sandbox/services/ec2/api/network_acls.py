# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Network ACLs and the subnets that have them. AWS: API reference ReplaceNetworkAclAssociation."""

from sandbox.ministack import ec2
from sandbox.services.ec2.api.wire import Answer, Handler, Parameters, error, identifier, value


def install() -> None:
    """Wrap the actions."""
    actions = ec2._ACTION_MAP
    actions["DescribeNetworkAcls"] = _describe_network_acls(actions["DescribeNetworkAcls"])
    actions["ReplaceNetworkAclAssociation"] = _replace_network_acl_association


def _describe_network_acls(describe: Handler) -> Handler:
    def handle(parameters: Parameters) -> Answer:
        _associate_subnets()
        return describe(parameters)

    return handle


def _associate_subnets() -> None:
    """A subnet that names no network ACL has its network's default ACL."""
    known = {held["SubnetId"] for acl in ec2._network_acls.values() for held in acl["Associations"]}
    for subnet in list(ec2._subnets.values()):
        acl = ec2._network_acls.get((ec2._vpcs.get(subnet["VpcId"]) or {}).get("DefaultNetworkAclId"))
        if acl and subnet["SubnetId"] not in known:
            held = {"NetworkAclAssociationId": identifier("aclassoc"), "SubnetId": subnet["SubnetId"]}
            acl["Associations"].append(held)


def _replace_network_acl_association(parameters: Parameters) -> Answer:
    _associate_subnets()
    association, target = value(parameters, "AssociationId"), value(parameters, "NetworkAclId")
    if target not in ec2._network_acls:
        return error("InvalidNetworkAclID.NotFound", f"The network ACL '{target}' does not exist")
    for acl in ec2._network_acls.values():
        for held in acl["Associations"]:
            if held["NetworkAclAssociationId"] == association:
                acl["Associations"].remove(held)
                made = {"NetworkAclAssociationId": identifier("aclassoc"), "SubnetId": held["SubnetId"]}
                ec2._network_acls[target]["Associations"].append(made)
                new = f"<newAssociationId>{made['NetworkAclAssociationId']}</newAssociationId>"
                return ec2._xml(200, "ReplaceNetworkAclAssociationResponse", new)  # type: ignore[no-any-return]
    return error("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")
