# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress; the physical id is the rule's."""

from botocore.exceptions import ClientError

from sandbox.services.cloudformation.model.types import Context, Created, Properties, ResourceType, given
from sandbox.services.ec2.cloudformation.tags import ec2, no_such_thing

_PEERS = {
    False: ("SourceSecurityGroupId", "SourcePrefixListId"),
    True: ("DestinationSecurityGroupId", "DestinationPrefixListId"),
}


def _permission(properties: Properties, *, egress: bool) -> Properties:
    group, prefix_list = _PEERS[egress]
    described = given(properties, "Description")
    permission: Properties = {"IpProtocol": str(properties["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if properties.get(port) is not None:
            permission[port] = int(properties[port])
    if cidr := properties.get("CidrIp"):
        permission["IpRanges"] = [{"CidrIp": cidr, **described}]
    if cidr := properties.get("CidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": cidr, **described}]
    if properties.get(prefix_list):
        permission["PrefixListIds"] = [{"PrefixListId": properties[prefix_list], **described}]
    if properties.get(group):
        permission["UserIdGroupPairs"] = [{"GroupId": properties[group], **described}]
    return permission


def _create(properties: Properties, *, egress: bool) -> Created:
    group, permission = properties["GroupId"], _permission(properties, egress=egress)
    if _same_rule(group, permission, egress=egress):
        raise ValueError("the specified rule already exists (Error Code: InvalidPermission.Duplicate)")
    call = ec2().authorize_security_group_egress if egress else ec2().authorize_security_group_ingress
    rule = call(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return rule, {"Id": rule}


def _same_rule(group_id: str, wanted: Properties, *, egress: bool) -> bool:
    """EC2 refuses to authorize a rule twice; the emulator does not."""
    group = ec2().describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    rules = group["IpPermissionsEgress" if egress else "IpPermissions"]
    return any(_identity(wanted) & _identity(rule) for rule in rules)


def _identity(permission: Properties) -> set[tuple[object, ...]]:
    span = (permission["IpProtocol"], permission.get("FromPort", -1), permission.get("ToPort", -1))
    peers = [item.get("CidrIp") for item in permission.get("IpRanges", [])]
    peers += [item.get("CidrIpv6") for item in permission.get("Ipv6Ranges", [])]
    peers += [item.get("PrefixListId") for item in permission.get("PrefixListIds", [])]
    peers += [item.get("GroupId") for item in permission.get("UserIdGroupPairs", [])]
    return {(*span, peer) for peer in peers}


def _rule(identifier: str) -> Properties | None:
    found = ec2().describe_security_group_rules(SecurityGroupRuleIds=[identifier])["SecurityGroupRules"]
    return found[0] if found else None


def _update(identifier: str, _old: Properties, new: Properties) -> dict[str, str]:
    """Only the description changes in place."""
    rule = _rule(identifier)
    if rule is None:
        raise ValueError(f"The security group rule ID '{identifier}' does not exist")
    wanted: Properties = {
        **{key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6") if key in rule},
        **({"ReferencedGroupId": rule["ReferencedGroupInfo"]["GroupId"]} if rule.get("ReferencedGroupInfo") else {}),
        "Description": new.get("Description", ""),
    }
    ec2().modify_security_group_rules(
        GroupId=rule["GroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": identifier, "SecurityGroupRule": wanted}],
    )
    return {"Id": identifier}


def _delete(identifier: str, properties: Properties, *, egress: bool) -> None:
    call = ec2().revoke_security_group_egress if egress else ec2().revoke_security_group_ingress
    try:
        if _rule(identifier):
            call(GroupId=properties["GroupId"], IpPermissions=[_permission(properties, egress=egress)])
    except ClientError as error:
        if not no_such_thing(error):
            raise


def _read(identifier: str, properties: Properties, *, egress: bool) -> Properties | None:
    rule = _rule(identifier)
    if rule is None or rule["IsEgress"] is not egress:
        return None
    group, prefix_list = _PEERS[egress]
    current = {
        "GroupId": rule["GroupId"],
        "IpProtocol": rule["IpProtocol"],
        "FromPort": rule.get("FromPort"),
        "ToPort": rule.get("ToPort"),
        "CidrIp": rule.get("CidrIpv4"),
        "CidrIpv6": rule.get("CidrIpv6"),
        "Description": rule.get("Description"),
        group: (rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
        prefix_list: rule.get("PrefixListId"),
    }
    return {name: thing for name, thing in current.items() if thing is not None or name in properties}


def _type(name: str, *, egress: bool) -> ResourceType:
    peers = frozenset(_PEERS[egress])
    compared = frozenset({"GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6"}) | peers
    unread = {"GroupName", "SourceSecurityGroupName", "SourceSecurityGroupOwnerId"}

    def create(properties: Properties, _context: Context) -> Created:
        return _create(properties, egress=egress)

    return ResourceType(
        name=name,
        create=create,
        update=_update,
        delete=lambda identifier, properties: _delete(identifier, properties, egress=egress),
        read=lambda identifier, properties: _read(identifier, properties, egress=egress),
        compared=compared | {"Description"},
        replacing=compared if egress else compared | unread,
        tags=None,
    )


TYPES = (
    _type("AWS::EC2::SecurityGroupIngress", egress=False),
    _type("AWS::EC2::SecurityGroupEgress", egress=True),
)
