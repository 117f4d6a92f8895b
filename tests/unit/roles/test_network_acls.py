# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the network ACLs let through, judged as EC2 judges: by packets, both ways, with no memory of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template

TEMPLATE = str(Path(__file__).parents[3] / "roles" / "network" / "files" / "stack.yaml")
RESOURCES = read_template(TEMPLATE)[1]["Resources"]
VPC = IPv4Network("10.20.0.0/16")
CLIENTS, TESTERS = IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.0/24")
PARAMETERS = {
    "VpcCidr": str(VPC),
    "SubnetHostBits": 12,
    "ContainerPort": 808,
    "TestListenerPort": 900,
    "DatabasePort": 5432,
    "IngressCidr": str(CLIENTS),
    "TestIngressCidr": str(TESTERS),
}
TIERS = ("Public", "Private", "Data")
CLIENT, TESTER, STRANGER = IPv4Address("203.0.113.9"), IPv4Address("198.51.100.9"), IPv4Address("192.0.2.9")
CHOSEN_PORTS = (1024, 3389, 32768, 65535)
"""Where a caller listens for its answer."""


@dataclass(frozen=True)
class Place:
    """An address, and the tier of the subnet it lies in; none for the internet."""

    address: IPv4Address
    tier: str | None = None
    zone: str = "A"


def inside(tier: str, zone: str = "A") -> Place:
    subnets = list(VPC.subnets(new_prefix=20))
    return Place(subnets[TIERS.index(tier) * 3 + "ABC".index(zone)][9], tier, zone)


def value(wanted: Any) -> Any:
    """A property's value with the parameters above."""
    match wanted:
        case {"Ref": name}:
            return PARAMETERS.get(name, name)
        case {"Fn::Cidr": [block, count, bits]}:
            subnets = IPv4Network(value(block)).subnets(new_prefix=32 - int(value(bits)))
            return [str(next(subnets)) for _ in range(int(count))]
        case {"Fn::Select": [index, choices]}:
            return value(choices)[int(index)]
    return wanted


PLAIN, FRONTED = frozenset({"ThreeZones"}), frozenset({"ThreeZones", "HasCloudFrontPrefixList"})
"""The conditions that hold: three zones, and in the second one CloudFront comes in."""


def rules(tier: str, *, egress: bool, conditions: frozenset[str] = PLAIN) -> list[dict[str, Any]]:
    entries = [
        body["Properties"]
        for body in RESOURCES.values()
        if body["Type"] == "AWS::EC2::NetworkAclEntry" and body.get("Condition") in {None, *conditions}
    ]
    held = [entry for entry in entries if value(entry["NetworkAclId"]) == f"{tier}NetworkAcl"]
    return [entry for entry in held if entry["Egress"] is egress]


def allowed(
    tier: str | None, other: IPv4Address, port: int, *, egress: bool, conditions: frozenset[str] = PLAIN
) -> bool:
    """Whether a subnet's ACL lets a packet through: out of it to an address, or in from one."""
    return tier is None or any(
        other in IPv4Network(value(rule["CidrBlock"]))
        and int(value(rule["PortRange"]["From"])) <= port <= int(value(rule["PortRange"]["To"]))
        for rule in rules(tier, egress=egress, conditions=conditions)
    )


def packet_arrives(source: Place, target: Place, port: int, conditions: frozenset[str] = PLAIN) -> bool:
    leaves = allowed(source.tier, target.address, port, egress=True, conditions=conditions)
    return leaves and allowed(target.tier, source.address, port, egress=False, conditions=conditions)


def answered(source: Place, target: Place, port: int, conditions: frozenset[str] = PLAIN) -> bool:
    """Whether a connection opens, whatever port the caller chose."""
    return packet_arrives(source, target, port, conditions) and all(
        packet_arrives(target, source, chosen, conditions) for chosen in CHOSEN_PORTS
    )


INTERNET = Place(STRANGER)


@pytest.mark.parametrize("zone", ["A", "B", "C"])
def test_what_the_platform_does_works(zone: str) -> None:
    public, private, data = (inside(tier, zone) for tier in TIERS)
    assert answered(Place(CLIENT), public, 80)
    assert answered(Place(CLIENT), public, 443)
    assert answered(Place(TESTER), public, 900)
    assert answered(public, private, 808), "the load balancer to tasks"
    assert answered(inside("Private", "B"), private, 443), "the network to an internal load balancer"
    assert answered(private, inside("Private", "B"), 808), "an internal load balancer to tasks"
    assert answered(private, data, 5432), "tasks to the database"
    assert answered(private, inside("Private", "B"), 443), "tasks to interface endpoints"
    assert answered(private, INTERNET, 443), "as the private subnet sees it: a NAT gateway keeps the address"
    # A gateway's subnet sees a packet twice: in with the task's address, and out again with the gateway's.
    assert allowed("Public", private.address, 443, egress=False)
    assert answered(public, INTERNET, 443)
    assert all(allowed("Public", private.address, chosen, egress=True) for chosen in CHOSEN_PORTS)


def test_an_internal_load_balancer_is_reached() -> None:
    private = inside("Private")
    assert answered(INTERNET, private, 443, FRONTED), "CloudFront: no ACL can name its addresses"
    assert answered(Place(TESTER), private, 900, FRONTED)
    assert not answered(INTERNET, private, 443)
    assert not answered(INTERNET, private, 808, FRONTED)
    assert not answered(INTERNET, inside("Data"), 5432, FRONTED)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (INTERNET, inside("Public"), 80),
        (INTERNET, inside("Public"), 443),
        (Place(CLIENT), inside("Public"), 900),
        (Place(CLIENT), inside("Public"), 22),
        (INTERNET, inside("Private"), 808),
        (INTERNET, inside("Data"), 5432),
        (inside("Public"), inside("Data"), 5432),
        (inside("Data"), inside("Data", "B"), 5432),
        (inside("Data"), INTERNET, 443),
        (inside("Data"), inside("Private"), 443),
        (inside("Private"), INTERNET, 5432),
        (inside("Public"), inside("Private"), 22),
    ],
)
def test_nothing_else_gets_an_answer(source: Place, target: Place, port: int) -> None:
    assert not answered(source, target, port)


def test_every_subnet_takes_its_acl_after_all_of_its_rules() -> None:
    """In between it would let nothing through."""
    taken = {}
    for body in RESOURCES.values():
        if body["Type"] == "AWS::EC2::SubnetNetworkAclAssociation":
            acl = value(body["Properties"]["NetworkAclId"])
            taken[value(body["Properties"]["SubnetId"])] = acl
            three_zones = "Condition" in body
            needed = {
                name
                for name, entry in RESOURCES.items()
                if entry["Type"] == "AWS::EC2::NetworkAclEntry"
                and value(entry["Properties"]["NetworkAclId"]) == acl
                and entry.get("Condition") in ({None, "ThreeZones"} if three_zones else {None})
            }
            assert set(body["DependsOn"]) == needed
    assert taken == {f"{tier}Subnet{zone}": f"{tier}NetworkAcl" for tier in TIERS for zone in "ABC"}


def test_two_zones_have_no_rule_about_a_third() -> None:
    subnets = [value({"Fn::Select": [slot, {"Fn::Cidr": [str(VPC), 9, 12]}]}) for slot in range(9)]
    assert [rule["CidrBlock"] for rule in rules("Data", egress=False)][2:]
    named = [value(rule["CidrBlock"]) for rule in rules("Data", egress=False, conditions=frozenset())]
    assert named == subnets[3:5]


def test_no_two_rules_of_an_acl_share_a_number() -> None:
    for tier in TIERS:
        for egress in (False, True):
            numbers = [rule["RuleNumber"] for rule in rules(tier, egress=egress, conditions=FRONTED)]
            assert numbers
            assert len(numbers) == len(set(numbers))
