# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What it takes to have the rules of releases on another listener."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.listener_rules import Transfer, arriving, leaving

from tests.unit.plugins.module_utils._stack.rules import MARKS, rule

FOREIGN = rule(7, tags=frozenset({("fastbreak:cluster", "other")}))


def test_rules_of_a_listener_that_goes_are_copied_and_those_that_differ_are_set_right() -> None:
    source = [rule(1), rule(2), rule(3)]
    there = [rule(1, "secure"), rule(2, "secure", "green"), rule(9, "secure", tags=frozenset())]
    assert leaving(source, there, MARKS) == Transfer(create=(rule(3),), change=((there[1], rule(2)),))
    assert not leaving([rule(1)], [rule(1, "secure")], MARKS)


def test_rules_that_come_to_another_listener_leave_the_old_one_and_the_newer_stays() -> None:
    source = [rule(1), rule(2), FOREIGN]
    there = [rule(2, "secure", "green")]
    assert arriving(source, there, MARKS) == Transfer(create=(rule(1),), delete=(rule(1), rule(2)))
    assert not arriving([FOREIGN], there, MARKS)


def test_order_of_conditions_and_values_does_not_count_but_weights_do() -> None:
    paths = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}
    other_way = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b", "/a"]}}
    hosts = {"Field": "host-header", "HostHeaderConfig": {"Values": ["x.example"]}}
    assert rule(conditions=(paths, hosts)).same_work(rule(conditions=(hosts, other_way)))
    groups = [{"TargetGroupArn": "blue", "Weight": 9}]
    assert not rule().same_work(rule(actions=({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}},)))
    assert not rule().same_work(rule(transforms=({"Type": "url-rewrite"},)))


@pytest.mark.parametrize("tags", [frozenset(), FOREIGN.tags])
@pytest.mark.parametrize("way", [leaving, arriving])
def test_a_place_that_somebody_else_has_is_refused(way, tags) -> None:
    with pytest.raises(RefusedError, match=r"rule 1 of listener secure is not tagged fastbreak:cluster=fastbreak-dev"):
        way([rule(1)], [rule(1, "secure", tags=tags)], MARKS)


def test_rules_of_others_do_not_go_with_their_listener_without_a_word() -> None:
    with pytest.raises(RefusedError, match="rule 7 of listener plain would go with it"):
        leaving([rule(1), FOREIGN], [], MARKS)


@pytest.mark.parametrize("way", [leaving, arriving])
def test_an_action_that_cannot_be_copied_is_refused(way) -> None:
    strange = replace(rule(), actions=({"Type": "authenticate-oidc"}, *rule().actions))
    with pytest.raises(RefusedError, match="authenticate-oidc, which cannot be copied"):
        way([strange], [], MARKS)
