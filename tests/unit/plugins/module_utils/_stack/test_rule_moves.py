# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users get another listener: the rules come along, before or after, and are taken back when that fails."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import ListenerRules, StackRequest

from tests.unit.plugins.module_utils._stack.fakes import ports_of
from tests.unit.plugins.module_utils._stack.rules import MARKS, FakeRules, rule

NAME = "fastbreak-dev-ecs"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
TEMPLATE = {
    "Parameters": {"Certificate": {"Type": "String", "Default": ""}},
    "Conditions": {"Has": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Certificate"}, ""]}]}},
    "Resources": {
        "Plain": {"Type": LISTENER, "Properties": {"Port": 80, "Kind": {"Fn::If": ["Has", "redirect", "503"]}}},
        "Secure": {"Type": LISTENER, "Condition": "Has", "Properties": {"Port": 443, "By": {"Ref": "Certificate"}}},
    },
    "Outputs": {
        "Production": {"Value": {"Fn::If": ["Has", {"Ref": "Secure"}, {"Ref": "Plain"}]}},
        "PlainArn": {"Value": {"Ref": "Plain"}},
    },
}
SECURE = {"Production": "secure", "PlainArn": "plain"}
PLAIN = {"Production": "plain", "PlainArn": "plain"}
RULES = ListenerRules("Production", "PlainArn", MARKS)


class Case:
    """A stack that stands with or without a certificate, and rules on its listeners."""

    def __init__(self, stacks, clock, certificate: str, *rules) -> None:
        outputs = SECURE if certificate else PLAIN
        stacks.put(NAME, template=TEMPLATE, parameters={"Certificate": certificate}, outputs=outputs)
        self.stacks, self.clock, self.rules = stacks, clock, FakeRules(*rules)
        self.said: list[str] = []
        update = stacks.update_stack

        def update_stack(*arguments: Any) -> None:
            self.rules.calls.append(("update", "", 0))
            update(*arguments)

        stacks.update_stack = update_stack

    def apply(self, certificate: str, check_mode: bool = False) -> Any:
        self.stacks.outputs = SECURE if certificate else PLAIN
        ports, self.said = ports_of(self.stacks, self.clock, rules=self.rules)
        request = StackRequest(
            NAME,
            TEMPLATE,
            "{}",
            parameters={"Certificate": certificate},
            listener_rules=RULES,
        )
        return apply_stack(request, ports, check_mode)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_certificate_brings_the_rules_to_the_secure_listener_once_it_stands(stacks, clock, check_mode) -> None:
    case = Case(stacks, clock, "", rule(100))
    result = case.apply("arn", check_mode)
    assert (result.changed, result.move.priorities) == (True, [100])
    assert result.move.sides() == ({"plain": [100]}, {"Production (known after apply)": [100]})
    if check_mode:
        assert case.rules.calls == []
        return
    assert case.rules.calls == [("update", "", 0), ("create", "secure", 100), ("delete", "plain", 100)]
    assert not case.apply("arn").changed


@pytest.mark.parametrize("check_mode", [True, False])
def test_without_its_certificate_the_rules_are_back_before_their_listener_goes(stacks, clock, check_mode) -> None:
    case = Case(stacks, clock, "arn", rule(100, "secure"))
    result = case.apply("", check_mode)
    assert (result.changed, result.move.sides()) == (True, ({"secure": [100]}, {"plain": [100]}))
    assert case.rules.calls == ([] if check_mode else [("create", "plain", 100), ("update", "", 0)])


def test_another_certificate_moves_no_rule(stacks, clock) -> None:
    case = Case(stacks, clock, "arn", rule(100, "secure"))
    result = case.apply("newer")
    assert (result.changed, result.move, case.rules.calls) == (True, None, [("update", "", 0)])


def test_what_an_interrupted_run_left_behind_is_finished(stacks, clock) -> None:
    case = Case(stacks, clock, "arn", rule(100), rule(200), rule(200, "secure", "green"))
    checked = case.apply("arn", check_mode=True)
    assert (checked.changed, checked.plan.changed, case.rules.calls) == (True, False, [])
    assert case.apply("arn").changed
    assert [each.priority for each in case.rules.list_rules("secure")] == [100, 200]
    assert case.rules.list_rules("secure")[1].same_work(rule(200, group="green"))
    assert case.rules.list_rules("plain") == []
    assert not case.apply("arn").changed


def test_copies_go_when_the_update_is_rolled_back(stacks, clock) -> None:
    before = rule(200, group="green")
    case = Case(stacks, clock, "arn", rule(100, "secure"), rule(200, "secure"), before)
    stacks.script["update"] = ["UPDATE_ROLLBACK_COMPLETE"]
    with pytest.raises(RolledBackError):
        case.apply("")
    assert [each.priority for each in case.rules.list_rules("plain")] == [200]
    assert case.rules.list_rules("plain")[0].same_work(before)


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("foreign", [rule(7, "secure", tags=frozenset()), rule(100, "plain", tags=frozenset())])
def test_what_cannot_be_moved_is_refused_before_anything_changes(stacks, clock, check_mode, foreign) -> None:
    case = Case(stacks, clock, "arn", rule(100, "secure"), foreign)
    with pytest.raises(RefusedError, match="Nothing was touched"):
        case.apply("", check_mode)
    assert (case.rules.calls, stacks.calls) == ([], [])


def test_a_stack_from_before_the_second_output_is_changed_alike(stacks, clock) -> None:
    case = Case(stacks, clock, "", rule(100))
    old = {**TEMPLATE, "Outputs": {"Production": TEMPLATE["Outputs"]["Production"]}}
    stacks.put(NAME, template=old, parameters={"Certificate": ""}, outputs={"Production": "plain"})
    assert not case.apply("").move
    stacks.put(NAME, template=old, parameters={"Certificate": ""}, outputs={"Production": "plain"})
    assert case.apply("arn").changed
    assert [each.priority for each in case.rules.list_rules("secure")] == [100]
