# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Prefix lists: CloudFront's has the id that inventories name, and a rule of a security group says which it admits.

MiniStack makes up an id for each list of AWS, and takes no notice of lists in rules.
"""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from sandbox.ministack import ec2, responses

ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"
#: Other regions keep the id that MiniStack makes up.
IDS = {"us-east-1": "pl-3b927c52", "eu-west-1": "pl-4fa04526"}


def install() -> None:
    """Wrap the making of ids, and the reading and the describing of rules."""
    ec2._aws_pl_id_from_name = _as_known(ec2._aws_pl_id_from_name)
    ec2._parse_ip_permissions = _with_lists(ec2._parse_ip_permissions)
    ec2._sg_rule_xml = _with_list(ec2._sg_rule_xml)


def _as_known(made_up: Callable[[str], str]) -> Callable[[str], str]:
    def identifier(prefix_name: str) -> str:
        known = IDS.get(responses.get_region()) if prefix_name == ORIGIN_FACING else None
        return known or made_up(prefix_name)

    return identifier


def _with_lists(read: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
    def permissions(params: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
        rules = read(params, prefix)
        for position, rule in enumerate(rules, start=1):
            named = f"{prefix}.{position}.PrefixListIds"
            while listed := ec2._p(params, f"{named}.{len(rule['PrefixListIds']) + 1}.PrefixListId"):
                told = ec2._p(params, f"{named}.{len(rule['PrefixListIds']) + 1}.Description")
                rule["PrefixListIds"].append({"PrefixListId": listed, **({"Description": told} if told else {})})
        return rules

    return permissions


def _with_list(described: Callable[..., str]) -> Callable[..., str]:
    def rule_xml(group: str, rule: dict[str, Any], is_egress: bool = False) -> str:
        text = described(group, rule, is_egress)
        lists = rule.get("PrefixListIds") or []
        # A rule has one peer. MiniStack's item of a rule without any that it knows is this rule's.
        if len(lists) != 1 or any(rule.get(peers) for peers in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs")):
            return text
        return text.replace("</item>", f"<prefixListId>{escape(lists[0]['PrefixListId'])}</prefixListId></item>")

    return rule_xml
