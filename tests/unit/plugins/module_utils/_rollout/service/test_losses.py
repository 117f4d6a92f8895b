# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that would reach the service no more."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.losses import (
    consent_problem,
    lost_requests,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.ownership import Owner
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.routing import Request, unmet
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import (
    StandingRule,
    warming,
    written,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples

WEB, API = Owner("web", "c"), Owner("api", "c")
TEAM = Condition("http-header", frozenset({"physio"}), "X-Team")
BETA = Condition("query-string", frozenset({"1"}), "beta")
HOME = Condition("source-ip", frozenset({"10.0.0.0/8"}))
READ = Condition("http-request-method", frozenset({"GET", "HEAD"}))
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


def rule(
    *paths: str, hosts: tuple[str, ...] = (), conditions: tuple[Condition, ...] = (), **other: Any
) -> ListenerRule:
    made = ListenerRule(
        "l/1", 100, frozenset(paths or ("/*",)), "blue", frozenset(hosts), conditions=frozenset(conditions)
    )
    return replace(made, **other)


def standing(wanted: ListenerRule, owner: Owner | None = WEB) -> StandingRule:
    return written(wanted, tags=owner.marks if owner else {}, arn=f"r{wanted.priority}")


def api(*conditions: Condition, hosts: tuple[str, ...] = ("api.example.com",)) -> ListenerRule:
    return rule(hosts=hosts, conditions=conditions)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        # Nothing is lost.
        ([rule()], [rule()], []),
        ([rule()], [rule(priority=7)], []),
        ([rule("/a/*", "/b")], [rule("/a/*"), rule("/b", priority=7)], []),
        ([rule("/a/*")], [rule("/*")], []),
        ([api()], [api(hosts=("*.EXAMPLE.com",))], []),
        ([api(TEAM)], [api()], []),
        ([rule(conditions=(HOME,))], [rule(conditions=(Condition("source-ip", frozenset({"10.0.0.0/7"})),))], []),
        ([rule(conditions=(READ,))], [rule()], []),
        ([rule(target_group_arn="green")], [rule()], []),
        ([rule("/a/*"), rule("/b", priority=7)], [rule("/*", priority=9)], []),
        # Each kind of condition that is misspelt, narrowed, added or taken out.
        ([api()], [api(hosts=("api.exmaple.com",))], [("host api.example.com",)]),
        ([api(hosts=("a.example.com", "b.example.com"))], [api(hosts=("a.example.com",))], [("host b.example.com",)]),
        ([api(hosts=("*.example.com",))], [api()], [("host *.example.com",)]),
        ([rule()], [api()], [("host *",)]),
        ([rule()], [rule("/typo/*")], [("path /*",)]),
        ([rule("/v1/*")], [rule("/V1/*")], [("path /v1/*",)]),
        ([rule("/v1/*", "/readyz")], [rule("/v1/*")], [("path /readyz",)]),
        ([rule("/a/*")], [rule("/a/?*")], [("path /a/*",)]),
        ([rule()], [rule(conditions=(TEAM,))], [("header X-Team",)]),
        (
            [rule(conditions=(TEAM,))],
            [rule(conditions=(replace(TEAM, values=frozenset({"phyiso"})),))],
            [("header X-Team",)],
        ),
        ([rule(conditions=(BETA,))], [rule(conditions=(replace(BETA, name="betta"),))], [("query betta",)]),
        ([rule()], [rule(conditions=(replace(BETA, name=""),))], [("query *",)]),
        ([rule()], [rule(conditions=(HOME,))], [("source *",)]),
        (
            [rule(conditions=(HOME,))],
            [rule(conditions=(Condition("source-ip", frozenset({"10.0.0.0/9"})),))],
            [("source 10.0.0.0/8",)],
        ),
        ([rule()], [rule(conditions=(READ,))], [("method *",)]),
        (
            [rule(conditions=(READ,))],
            [rule(conditions=(Condition("http-request-method", frozenset({"GET"})),))],
            [("method HEAD",)],
        ),
        ([api()], [rule("/b", hosts=("b.example.com",))], [("host api.example.com", "path /*")]),
        # Rules that are no longer listed.
        ([rule("/a/*"), rule("/b/*", priority=7)], [rule("/a/*")], [("path /b/*",)]),
        ([rule("/a/*")], [], [("path /a/*",)]),
        ([rule("/a/*", listener_arn="l/2"), rule("/a/*")], [rule("/a/*")], [("path /a/*",)]),
    ],
)
def test_what_no_wanted_rule_takes_is_named(
    before: list[ListenerRule], after: list[ListenerRule], names: list[tuple[str, ...]]
) -> None:
    lost = lost_requests(map(standing, before), tuple(after), WEB)
    assert [loss.names for loss in lost] == names
    for loss in lost:
        assert loss.meant([f" {name.upper()} " for name in loss.names])
        assert not loss.meant([])
        assert not loss.meant(["host another.example.com", "path /another"])


def test_all_that_is_lost_has_to_be_named() -> None:
    (loss,) = lost_requests([standing(api())], (rule("/b", hosts=("b.example.com",)),), WEB)
    assert not loss.meant(["host api.example.com"])
    assert not loss.meant(["path /*"])
    assert loss.meant(["path /*", "host api.example.com"])


def test_loss_says_by_what_users_come_who_takes_them_then_and_what_to_do() -> None:
    typo = (api(hosts=("api.exmaple.com",)),)
    (loss,) = lost_requests([standing(api())], typo, WEB)
    assert str(loss) == (
        "Users reach this service by host api.example.com now (rule 100 of listener 1), and no rule of listener_rules "
        "would take that any more; the listener's default action would. Correct host_headers of listener_rules "
        "(ecs_rollout_rule_conditions of the role); or, if nobody is to reach it so any longer, set stop_serving "
        '(ecs_rollout_stop_serving of the role) to ["host api.example.com"].'
    )
    catch_all = replace(standing(rule(priority=500), API), actions=(FIXED,))
    (loss,) = lost_requests([standing(api()), catch_all], typo, WEB)
    assert "rule 500 of listener 1 would, to fixed-response" in str(loss)


def test_loss_tells_requests_without_a_header_from_those_with_another_value() -> None:
    (without,) = lost_requests([standing(rule())], (rule(conditions=(TEAM,)),), WEB)
    assert "by requests without header X-Team now" in str(without)
    misspelt = replace(TEAM, values=frozenset({"phyiso"}), name="x-team")
    (other,) = lost_requests([standing(rule(conditions=(TEAM,)))], (rule(conditions=(misspelt,)),), WEB)
    assert "by another value of header x-team now" in str(other)
    assert "physio" not in str(other)


def test_rule_of_others_is_no_place_for_our_users_unless_it_leads_to_us() -> None:
    old, new = standing(rule(priority=10)), (rule(priority=100),)
    theirs = standing(rule("/api/*", priority=50, target_group_arn="api"), API)
    (loss,) = lost_requests([old, theirs], new, WEB)
    assert loss.names == ("path /api/*",)
    api_of_team = standing(rule("/api/*", conditions=(TEAM,), priority=50, target_group_arn="api"), API)
    narrow = standing(rule(hosts=("api.example.com",), priority=10))
    told = lost_requests([narrow, api_of_team], (rule(hosts=("api.example.com",)),), WEB)
    assert [loss.names for loss in told] == [("path /api/*",)]
    assert "rule 50 of listener 1 would, to api" in str(loss)
    assert lost_requests([old, replace(theirs, priority=5)], new, WEB) == ()
    ours_by_hand = standing(rule("/a/*", priority=50), None)
    assert lost_requests([standing(rule("/a/*")), ours_by_hand], (rule("/b/*", priority=7),), WEB) == ()


def test_what_reached_nobody_is_not_lost() -> None:
    narrower = (rule("/b"),)
    assert lost_requests([warming(rule(), tags=WEB.marks)], narrower, WEB) == ()
    assert lost_requests([replace(standing(rule()), actions=(FIXED,))], narrower, WEB) == ()
    assert lost_requests([standing(rule(priority=7), API)], narrower, WEB) == ()


def test_condition_that_no_option_stands_for_is_taken_for_any() -> None:
    regex = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a"]}}
    by_hand = replace(standing(rule()), conditions=(regex,))
    assert lost_requests([by_hand], (rule(),), WEB) == ()
    (loss,) = lost_requests([by_hand], (rule("/a/*"),), WEB)
    assert loss.names == ("path /*",)


@pytest.mark.parametrize("entry", ["host a.example", "path /*", " header X-Team ", "query *", "source *", "method GET"])
def test_entry_that_names_a_part_of_requests_can_be_meant(entry: str) -> None:
    assert consent_problem(entry) == ""


@pytest.mark.parametrize("entry", ["", " ", "host", "host ", "api.example.com", "hosts a.example", "*", "all"])
def test_entry_that_names_nothing_is_refused(entry: str) -> None:
    assert "host api.example.com" in consent_problem(entry)


PATHS = st.sets(st.sampled_from(["/*", "/a", "/a/*", "/?", "/a*", "*a"]), max_size=2)
HOSTS = st.sets(st.sampled_from(["a.example", "*.example", "b.example"]), max_size=2)
CONDITIONS = st.sets(st.sampled_from([TEAM, BETA, READ, replace(TEAM, values=frozenset({"*"}))]), max_size=2)
RULES = st.lists(
    st.builds(
        lambda paths, hosts, conditions, priority: rule(
            *sorted(paths), hosts=tuple(hosts), conditions=tuple(conditions), priority=priority
        ),
        PATHS,
        HOSTS,
        CONDITIONS,
        st.integers(1, 5),
    ),
    max_size=3,
    unique_by=lambda made: made.priority,
)
REQUESTS = [
    Request(host, path, method, headers=headers, query=query)
    for host, path, method, headers, query in itertools.product(
        ["a.example", "b.example", "c.other"],
        ["/", "/a", "/b", "/a/b", "/ba"],
        ["GET", "POST"],
        [(), (("x-team", "physio"),), (("x-team", "other"),)],
        [(), (("beta", "1"),)],
    )
]


def taken_by(rules: list[tuple[ListenerRule, bool]], request: Request) -> bool:
    """Whether the first rule that takes the request leads to us."""
    ordered = sorted(rules, key=lambda each: each[0].priority)
    return next((ours for made, ours in ordered if not unmet(made, request)), False)


@examples(60)
@given(RULES, RULES, RULES)
def test_no_request_is_lost_without_a_word(
    before: list[ListenerRule], after: list[ListenerRule], others: list[ListenerRule]
) -> None:
    theirs = [replace(made, priority=made.priority * 2 + 1, target_group_arn="api") for made in others]
    before, after = ([replace(made, priority=made.priority * 2) for made in rules] for rules in (before, after))
    lost = [
        request
        for request in REQUESTS
        if taken_by([(made, True) for made in before] + [(made, False) for made in theirs], request)
        and not taken_by([(made, True) for made in after] + [(made, False) for made in theirs], request)
    ]
    found = [*map(standing, before), *(standing(made, API) for made in theirs)]
    told = lost_requests(found, tuple(after), WEB)
    assert bool(told) >= bool(lost), lost[:1]
