# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that have what a listener rule asks for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.requests import aim, aims, names_host
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule

URL = "https://alb-1.us-east-1.elb.amazonaws.com:8000/readyz"
TEAM = Condition("http-header", frozenset({"physio*"}), "X-Team")
VERSION = Condition("query-string", frozenset({"2", "3"}), "v")
HOME = Condition("source-ip", frozenset({"10.0.0.0/8"}))
POST = Condition("http-request-method", frozenset({"POST"}))


def rule(*conditions: Condition, priority: int = 1, paths: tuple[str, ...] = ("/*",), **other: Any) -> ListenerRule:
    return ListenerRule("l", priority, frozenset(paths), "g", conditions=frozenset(conditions), **other)


@pytest.mark.parametrize(
    ("rules", "url", "headers"),
    [
        ([], URL, {}),
        ([rule()], URL, {}),
        ([rule(TEAM, paths=("/other/*",))], URL, {}),
        ([rule(TEAM)], URL, {"X-Team": "physiox"}),
        ([rule(TEAM, paths=())], URL, {"X-Team": "physiox"}),
        ([rule(VERSION)], f"{URL}?v=2", {}),
        ([rule(Condition("query-string", frozenset({"a b"})))], f"{URL}?x=a+b", {}),
        ([rule(host_headers=frozenset({"*.team.example", "a.example"}))], URL, {"Host": "x.team.example"}),
        ([rule(host_headers=frozenset({"ALB-1.us-east-1.elb.amazonaws.com"}))], URL, {}),
        ([rule(TEAM, VERSION)], f"{URL}?v=2", {"X-Team": "physiox"}),
        # The rule that asks for least.
        ([rule(TEAM, priority=1), rule(priority=2)], URL, {}),
        ([rule(HOME, priority=1), rule(TEAM, priority=2)], URL, {"X-Team": "physiox"}),
        ([rule(POST, priority=1), rule(TEAM, priority=2)], URL, {"X-Team": "physiox"}),
    ],
)
def test_request_has_what_the_rule_for_its_path_asks_for(
    rules: list[ListenerRule], url: str, headers: dict[str, str]
) -> None:
    made = aim("GET", URL, {}, rules)
    assert (made.url, dict(made.headers), made.only_from, made.problem) == (url, headers, "", "")


def test_what_a_request_has_already_stays() -> None:
    given = {"x-team": "Physio-1", "Accept": "text/plain"}
    made = aim("GET", f"{URL}?a=&v=3", given, [rule(TEAM, VERSION)])
    assert (made.url, dict(made.headers)) == (f"{URL}?a=&v=3", given)
    host = rule(host_headers=frozenset({"a.example"}))
    assert dict(aim("GET", URL, {"host": "a.example"}, [host]).headers) == {"host": "a.example"}


OWN = "https://api.example.com/readyz"
TYPO = rule(host_headers=frozenset({"api.exmaple.com"}), priority=7)


@pytest.mark.parametrize(
    ("url", "headers", "wanted", "unmet"),
    [
        (OWN, {}, TYPO, "host api.example.com, where rule 7 of listener_rules takes api.exmaple.com"),
        (URL, {"Host": "api.example.com"}, TYPO, "host api.example.com, where rule 7"),
        (URL, {"host": "api.example.com:8443"}, TYPO, "host api.example.com, where rule 7"),
        (OWN, {"x-team": "other"}, rule(TEAM, priority=7), "another header X-Team than rule 7"),
        (f"{OWN}?v=1", {}, rule(VERSION, priority=7), "another query v than rule 7"),
    ],
)
def test_what_a_request_says_itself_is_not_rewritten_to_please_a_rule(
    url: str, headers: dict[str, str], wanted: ListenerRule, unmet: str
) -> None:
    made = aim("GET", url, headers, [wanted])
    assert (made.url, dict(made.headers), made.problem) == (url, headers, "")
    assert unmet in made.unmet
    assert aims("GET", url, headers, [wanted]) == ()


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://api.example.com", True),
        ("http://d111.cloudfront.net", True),
        ("http://elb.example.com", True),
        ("http://alb", False),
        ("http://localhost:8000", False),
        ("http://lb.localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://[2001:db8::1]:8000", False),
        ("http://alb-1.us-east-1.elb.amazonaws.com", False),
        ("http://internal-alb-1.eu-central-1.elb.amazonaws.com.", False),
        ("http://nlb-1.elb.us-east-1.amazonaws.com", False),
        ("http://alb-1.cn-north-1.elb.amazonaws.com.cn", False),
    ],
)
def test_address_of_a_load_balancer_is_no_host_that_users_know(url: str, names: bool) -> None:
    assert names_host(url, {}) == names
    assert names_host(url, {"HOST": "a"})


def test_requests_stand_for_every_host_and_value_of_the_rules_that_take_them() -> None:
    rules = [
        rule(TEAM, host_headers=frozenset({"a.example", "*.b.example"})),
        rule(POST, priority=2),
        rule(VERSION, priority=3, paths=("/readyz",)),
        rule(priority=4, paths=("/other",)),
    ]
    made = aims("GET", URL, {}, rules)
    assert [(each.url.removeprefix(URL), dict(each.headers)) for each in made] == [
        ("", {"Host": "x.b.example", "X-Team": "physiox"}),
        ("", {"Host": "a.example", "X-Team": "physiox"}),
        ("?v=2", {}),
        ("?v=3", {}),
    ]
    own = rule(host_headers=frozenset({"a.example", "*.example.com"}))
    assert [(each.url, each.headers) for each in aims("GET", OWN, {}, [own])] == [(OWN, ())]
    many = rule(host_headers=frozenset(f"{name}.example" for name in "abcdefgh"))
    assert len(aims("GET", URL, {}, [many])) == 5


def test_what_cannot_be_known_or_met_is_said() -> None:
    assert aim("GET", URL, {}, [rule(HOME, priority=7)]).only_from == (
        "rule 7 of listener_rules takes requests from 10.0.0.0/8 only"
    )
    problem = aim("GET", URL, {}, [rule(POST, priority=7)]).problem
    assert problem == "sends GET, which no rule of listener_rules takes for its path (priority 7 takes POST)"
    assert aim("POST", URL, {}, [rule(POST)]).problem == ""
