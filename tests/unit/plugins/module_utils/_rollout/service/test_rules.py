# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listener rules: what they send where, and how they are written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.comparison import same_rule
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.ownership import Owner
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.rules import (
    StandingRule,
    at,
    collision,
    excess,
    ours_or_there,
    routed_groups,
    warming,
    widened,
    with_waiting,
    written,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import Condition, ListenerRule

WANTED = ListenerRule("listener/app/alb/1/2", 100, frozenset({"/*"}), "blue", frozenset({"a.example"}))
WEB = Owner("web", "c")
RULE = written(WANTED, tags=WEB.marks, arn="r")
FIXED = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}


def forwarding(*actions: dict[str, Any]) -> StandingRule:
    return replace(RULE, actions=actions)


def weighted(**weights: int) -> dict[str, Any]:
    groups = [{"TargetGroupArn": name, "Weight": weight} for name, weight in weights.items()]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


@pytest.mark.parametrize(
    ("rule", "target", "waiting", "groups"),
    [
        (forwarding({"Type": "forward", "TargetGroupArn": "blue"}), "blue", set(), {"blue"}),
        (forwarding(weighted(blue=1)), "blue", set(), {"blue"}),
        (forwarding(weighted(blue=0, green=100)), "green", {"blue"}, {"green"}),
        (forwarding(weighted(blue=90, green=10)), "90 to blue, 10 to green", set(), {"blue", "green"}),
        (forwarding(weighted(blue=0)), "nothing", {"blue"}, set()),
        (forwarding(FIXED), "fixed-response", set(), set()),
        (forwarding({"Type": "authenticate-oidc"}, weighted(blue=1)), "authenticate-oidc then forward", set(), set()),
    ],
)
def test_rule_is_read_by_its_live_weights(rule: StandingRule, target: str, waiting: set[str], groups: set[str]) -> None:
    seen = rule.summary()
    assert (seen.target_group_arn, seen.waiting_group_arns, rule.groups) == (target, waiting, groups)


def test_what_is_written_reads_as_what_was_wanted() -> None:
    narrow = replace(WANTED, path_patterns=frozenset({"/a"}))
    assert written(narrow, arn="r").summary() == replace(narrow, arn="r")
    assert written(replace(WANTED, host_headers=frozenset())).summary().path_patterns == {"/*"}
    assert written(WANTED, waiting=["green", "blue"]).weights == {"blue": 1, "green": 0}
    assert RULE.name == "rule 100 of listener 2"


def test_warming_rule_meets_no_request_and_has_its_targets_checked() -> None:
    rule = warming(WANTED, tags=WEB.marks)
    assert rule.weights == {"blue": 1}
    assert [condition["Field"] for condition in rule.conditions] == ["http-header"]
    assert not rule.same_routing(RULE)
    assert [condition.name for condition in rule.summary().conditions] == ["x-fastbreak-warming"]


def test_conditions_are_written_and_compared_without_the_case_that_does_not_matter() -> None:
    team = Condition("http-header", frozenset({"Physio"}), "X-Team")
    rule = written(replace(WANTED, conditions=frozenset({team})), arn="r")
    assert [condition["Field"] for condition in rule.conditions] == ["host-header", "http-header"]
    other = replace(team, values=frozenset({"physio"}), name="x-team")
    same = written(replace(WANTED, conditions=frozenset({other}), host_headers=frozenset({"A.example"})), arn="s")
    assert rule.same_routing(same)
    assert not rule.same_routing(RULE)
    assert same_rule(rule.summary(), same.summary())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"path_patterns": frozenset("abcd")}, ""),
        ({"path_patterns": frozenset("abcde")}, "6 values in its conditions; a rule takes 5"),
        ({"conditions": frozenset({Condition("source-ip", frozenset("abcd"))})}, ""),
        ({"conditions": frozenset({Condition("source-ip", frozenset("abcde"))})}, "6 values in its conditions"),
        ({"path_patterns": frozenset({"/*?*?*", "/*"})}, "6 wildcards in its conditions; a rule takes 5"),
        ({"conditions": frozenset({Condition("query-string", frozenset({"***"}), "**?")})}, "6 wildcards"),
    ],
)
def test_what_a_rule_has_too_much_of_is_counted_over_all_conditions(fields: dict[str, Any], said: str) -> None:
    assert excess(replace(WANTED, **fields)).startswith(said)
    assert bool(excess(replace(WANTED, **fields))) == bool(said)


def test_every_path_needs_no_condition_beside_another_and_is_no_difference() -> None:
    team = frozenset({Condition("http-header", frozenset({"a"}), "X-Team")})
    for fields in ({}, {"host_headers": frozenset(), "conditions": team}):
        rule = replace(WANTED, **fields)
        made = written(rule)
        assert "path-pattern" not in {condition["Field"] for condition in made.conditions}
        whole = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
        as_before = replace(made, conditions=(whole, *made.conditions))
        assert same_rule(as_before.summary(), rule)
        assert same_rule(made.summary(), rule)
        assert not same_rule(made.summary(), replace(rule, path_patterns=frozenset({"/a"})))


def test_waiting_groups_keep_the_rest_of_the_forward() -> None:
    sticky = {"TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}
    action = weighted(blue=3)
    action["ForwardConfig"].update(sticky)
    rule = with_waiting(forwarding(action), ["green", "blue"])
    assert rule.weights == {"blue": 3, "green": 0}
    assert rule.actions[0]["ForwardConfig"]["TargetGroupStickinessConfig"] == sticky["TargetGroupStickinessConfig"]
    assert with_waiting(rule, ["green"]) == rule
    assert with_waiting(forwarding(FIXED), ["green"]) == forwarding(FIXED)


def test_rules_are_found_by_place_and_owner() -> None:
    theirs = replace(RULE, priority=7, tags=frozenset(Owner("api", "c").marks.items()))
    there = replace(RULE, priority=8, tags=frozenset())
    rules = (RULE, theirs, there)
    assert at(rules, theirs.place) == theirs
    assert at(rules, ("listener", 7)) is None
    assert ours_or_there(rules, [replace(WANTED, priority=8)], WEB) == (RULE, there)
    assert routed_groups((with_waiting(RULE, ["green"]), forwarding(FIXED))) == {"blue"}


def test_collision_names_the_owner_and_what_to_do() -> None:
    theirs = replace(RULE, tags=frozenset(Owner("api", "c").marks.items()))
    said = collision(theirs, WANTED, WEB)
    assert "priority 100 of listener listener/app/alb/1/2 (listener_rules) belongs to service api of cluster c" in said
    assert "where service web of cluster c wants it. Name another priority" in said
    assert collision(None, WANTED, WEB) == ""
    other = replace(forwarding(weighted(green=1)), tags=frozenset())
    assert "fastbreak:service=web, fastbreak:cluster=c" in collision(other, WANTED, WEB)


@pytest.mark.parametrize(
    ("there", "wanted", "paths"),
    [
        (["/a"], ["/b"], {"/a", "/b"}),
        (["/a", "/b"], ["/b"], {"/a", "/b"}),
        (["/1", "/2", "/3"], ["/4", "/5"], {"/4", "/5"}),
        ([], ["/b"], {"/*"}),
        (["/*"], ["/b"], {"/*"}),
    ],
)
def test_rule_is_widened_where_it_can_hold_both(there: list[str], wanted: list[str], paths: set[str]) -> None:
    standing = written(replace(WANTED, path_patterns=frozenset(there)))
    assert widened(standing, replace(WANTED, path_patterns=frozenset(wanted))).path_patterns == paths
    elsewhere = replace(WANTED, path_patterns=frozenset(wanted), host_headers=frozenset())
    assert widened(standing, elsewhere) == elsewhere
    assert widened(warming(WANTED, tags={}), WANTED) == WANTED
