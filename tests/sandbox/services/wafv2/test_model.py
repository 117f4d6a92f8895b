# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Each rule of the firewall that we ship (`roles/edge`) blocks what it should and lets its neighbour pass."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.adapters.template_file import read_template

from sandbox.services.wafv2 import model
from sandbox.services.wafv2.model import Firewall, Request
from tools.files import ROOT

LIMIT = 20
WELL = Request("192.0.2.7", "GET", "/api/v1/analyses", "limit=1", {"user-agent": "browser"}, b"")
LOG4J = "${jndi:ldap://x/y}"
BLOCKED = {
    "NoUserAgent_HEADER": replace(WELL, headers={}),
    "SizeRestrictions_QUERYSTRING": replace(WELL, query="q" * 2049),
    "GenericLFI_URIPATH": replace(WELL, uri="/../etc/passwd"),
    "CrossSiteScripting_QUERYARGUMENTS": replace(WELL, query="name=<script>alert(1)</script>"),
    "Log4JRCE_HEADER": replace(WELL, headers={"user-agent": "browser", "x-api-version": LOG4J}),
    "ExploitablePaths_URIPATH": replace(WELL, uri="/.git/config"),
}
PASSED = {
    "a user": WELL,
    "a user without a query": replace(WELL, query=""),
    "a long query": replace(WELL, query="q" * 2048),
    "footage": replace(WELL, method="POST", body=b"x" * 100_000),
    "a file that only looks like git": replace(WELL, uri="/.gitignore"),
    "an empty header": replace(WELL, headers={"user-agent": "browser", "x-api-version": ""}),
}


def shipped() -> dict[str, Any]:
    """The web ACL of the template, as WAF keeps it."""
    resources = read_template(str(ROOT / "roles/edge/files/stack.yaml"))[1]["Resources"]
    acl: dict[str, Any] = resources["WebAcl"]["Properties"]
    rate = next(rule for rule in acl["Rules"] if rule["Name"] == "rate")
    rate["Statement"]["RateBasedStatement"]["Limit"] = LIMIT
    return acl


@pytest.fixture
def firewall(monkeypatch: pytest.MonkeyPatch) -> Firewall:
    acl = shipped()
    stored = SimpleNamespace(_resolve_local_web_acl=lambda arn: (acl if arn == "ours" else None, None))
    monkeypatch.setattr(model, "waf", stored)
    return Firewall()


@pytest.mark.parametrize("rule", BLOCKED)
def test_a_managed_rule_blocks(firewall: Firewall, rule: str) -> None:
    assert firewall.blocks("ours", BLOCKED[rule])
    assert not firewall.blocks("another", BLOCKED[rule])


@pytest.mark.parametrize("what", PASSED)
def test_users_pass(firewall: Firewall, what: str) -> None:
    assert not firewall.blocks("ours", PASSED[what])


def test_every_managed_rule_is_tried_here() -> None:
    known = {name for rules in model._MANAGED.values() for name in rules}
    counted = {"SizeRestrictions_BODY"}
    assert known == {*BLOCKED, *counted}


def test_a_group_that_is_not_known_matches_nothing(firewall: Firewall) -> None:
    groups = [
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]
        for rule in shipped()["Rules"]
        if "ManagedRuleGroupStatement" in rule["Statement"]
    ]
    assert set(groups) - set(model._MANAGED) == {"AWSManagedRulesAmazonIpReputationList"}
    assert not firewall.blocks("ours", replace(WELL, client="203.0.113.66"))


def test_an_address_that_asks_too_often_is_blocked_and_no_other(firewall: Firewall) -> None:
    asked = [firewall.blocks("ours", WELL) for _ in range(LIMIT + 3)]
    assert asked == [False] * LIMIT + [True] * 3
    assert not firewall.blocks("ours", replace(WELL, client="192.0.2.8"))
    firewall.clear()
    assert not firewall.blocks("ours", WELL)
