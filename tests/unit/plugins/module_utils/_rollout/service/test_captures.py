# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that our wanted rules would take from other services."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.captures import (
    Capture,
    captured_requests,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.routing import samples, unmet
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import StandingRule, warming
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule
from hypothesis import given

from tests.unit.plugins.module_utils._rollout.service.test_losses import (
    API,
    FIXED,
    HOME,
    READ,
    RULES,
    TEAM,
    WEB,
    rule,
    standing,
)

THEIRS = "arn:aws:elasticloadbalancing:r:1:targetgroup/api/73e2d6bc24d8a067"
OURS = frozenset({"blue"})


def of_api(*paths: str, priority: int = 200, **other: object) -> StandingRule:
    return standing(rule(*paths, priority=priority, target_group_arn=THEIRS, **other), API)  # type: ignore[arg-type]


def captures(there: list[StandingRule], *wanted: ListenerRule) -> tuple[Capture, ...]:
    return captured_requests(there, wanted, WEB, OURS)


@pytest.mark.parametrize(
    ("theirs", "wanted", "told"),
    [
        # The same conditions of each kind, or wider ones.
        (of_api("/*"), rule("/*"), "path /*"),
        (of_api("/api/*"), rule("/api/*"), "path /api/*"),
        (of_api("/api/*"), rule("/a*"), "path /api/*"),
        (of_api("/api/*", "/b"), rule("/api/*"), "path /api/*"),
        (of_api(hosts=("api.example",)), rule(hosts=("*.EXAMPLE",)), "host api.example and path /*"),
        (of_api(hosts=("api.example", "b.example")), rule(hosts=("b.example",)), "host b.example and path /*"),
        (of_api(conditions=(TEAM,)), rule(), "path /* and header X-Team"),
        (of_api(conditions=(TEAM,)), rule(conditions=(TEAM,)), "path /* and header X-Team"),
        (of_api(conditions=(HOME,)), rule(conditions=(HOME,)), "path /* and source 10.0.0.0/8"),
        (
            of_api(conditions=(READ,)),
            rule(conditions=(Condition("http-request-method", frozenset({"GET"})),)),
            "path /* and method GET",
        ),
    ],
)
def test_rule_that_takes_all_of_a_condition_of_anothers_is_named(
    theirs: StandingRule, wanted: ListenerRule, told: str
) -> None:
    found = captures([theirs], wanted)
    assert told in [capture.told for capture in found]
    assert all(capture.whole and capture.names == ("api", "api") for capture in found)
    for capture in found:
        assert f"takes requests by {capture.told} now, and rule 100 of listener_rules would" in str(capture)
        assert 'set take_requests_from (ecs_rollout_take_requests_from of the role) to ["api"]' in str(capture)
        assert capture.meant([" api "])
        assert not capture.meant(["web", ""])
    # Behind theirs it takes nothing.
    assert captures([theirs], replace(wanted, priority=201)) == ()


def test_part_of_what_another_rule_takes_is_told_and_no_more() -> None:
    (capture,) = captures([of_api("/*", priority=500)], rule("/api/*"))
    assert not capture.whole
    assert "rule 100 of listener_rules takes requests by path /api/*, which rule 500" in capture.warning
    (narrow, *_) = captures([of_api("/api/*")], rule("/*", conditions=(TEAM,)))
    assert not narrow.whole


def test_nothing_is_taken_from_whom_it_is_not_served_by() -> None:
    wanted = rule("/*")
    # Ours, by its tags, its place or its target; what only health-checks; what answers itself; another listener.
    assert captures([standing(rule(priority=200))], wanted) == ()
    assert captures([standing(rule(priority=200), None)], wanted) == ()
    assert captures([of_api("/*", priority=100)], wanted) == ()
    assert captures([warming(rule(priority=200, target_group_arn=THEIRS), tags=API.marks)], wanted) == ()
    assert captures([replace(of_api("/*"), actions=(FIXED,))], wanted) == ()
    assert captures([of_api("/*", listener_arn="l/2")], wanted) == ()
    # What ours takes already, and what never reached them.
    assert captures([standing(rule(priority=150)), of_api("/*")], wanted) == ()
    # A third rule before both keeps it.
    other = of_api("/*", priority=50)
    assert captures([other, of_api("/*")], wanted) == ()


def test_rule_that_no_service_is_named_on_is_named_by_its_target_group() -> None:
    by_hand = standing(rule(priority=200, target_group_arn=THEIRS), None)
    (capture,) = captures([by_hand], rule())
    assert capture.names == ("api",)
    login = {"Type": "authenticate-oidc"}
    behind_login = replace(by_hand, actions=(login, *by_hand.actions))
    (capture,) = captures([behind_login], rule())
    assert capture.names == ("rule 200",)
    assert capture.meant(["rule 200"])


def test_order_in_which_rules_are_wanted_does_not_matter() -> None:
    wanted = [rule(priority=20), rule(priority=10)]
    (capture,) = captures([of_api("/*")], *wanted)
    assert capture == captures([of_api("/*")], *reversed(wanted))[0]
    assert capture.ours == "rule 10 of listener_rules"


@given(RULES, RULES)
def test_nothing_is_captured_exactly_when_each_sample_of_theirs_goes_where_it_went(
    before: list[ListenerRule], after: list[ListenerRule]
) -> None:
    theirs = [standing(replace(made, priority=made.priority * 10 + 5, target_group_arn=THEIRS), API) for made in before]
    wanted = [replace(made, priority=made.priority * 10) for made in after]
    taken = {capture.theirs for capture in captured_requests(theirs, tuple(wanted), WEB, OURS) if capture.whole}
    there = sorted((made.summary() for made in theirs), key=lambda made: made.priority)
    both = sorted([*there, *wanted], key=lambda made: made.priority)
    expected = set()
    for made in theirs:
        for sample in samples(made.summary()):
            now = next(each for each in there if not unmet(each, sample.request))
            then = next(each for each in both if not unmet(each, sample.request))
            if now == made.summary() and then in wanted:
                expected.add(f"{made.name} of {API} (to api)")
    assert taken == expected
