# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that have what a listener rule asks for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.requests import aim
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule

URL = "https://alb.example:8000/readyz"
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
        ([rule(host_headers=frozenset({"ALB.example"}))], URL, {}),
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


def test_what_cannot_be_known_or_met_is_said() -> None:
    assert aim("GET", URL, {}, [rule(HOME, priority=7)]).only_from == (
        "rule 7 of listener_rules takes requests from 10.0.0.0/8 only"
    )
    problem = aim("GET", URL, {}, [rule(POST, priority=7)]).problem
    assert problem == "sends GET, which no rule of listener_rules takes for its path (priority 7 takes POST)"
    assert aim("POST", URL, {}, [rule(POST)]).problem == ""
