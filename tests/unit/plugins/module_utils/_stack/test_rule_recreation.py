# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another scheme replaces the load balancer: with consent alone, and the rules of releases stand on the new one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.apply import apply_stack
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import (
    ListenerRules,
    LivingState,
    StackRequest,
    StackResource,
)

from tests.unit.plugins.module_utils._stack.fakes import FakeLiving, ports_of
from tests.unit.plugins.module_utils._stack.rules import MARKS, FakeRules, rule

NAME, FRONT = "fastbreak-dev-ecs", "fastbreak-dev-cloudfront"
BALANCER, LISTENER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"


def listener(port: Any) -> dict[str, Any]:
    return {"Type": LISTENER, "Properties": {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": port}}


TEMPLATE = {
    "Parameters": {"Scheme": {"Type": "String"}, "Secure": {"Type": "String", "Default": "no"}},
    "Conditions": {"IsSecure": {"Fn::Equals": [{"Ref": "Secure"}, "yes"]}},
    "Resources": {
        "Balancer": {"Type": BALANCER, "Properties": {"Name": {"Ref": "Scheme"}, "Scheme": {"Ref": "Scheme"}}},
        "Plain": listener(80),
        "Secure": {**listener(443), "Condition": "IsSecure"},
        "Test": listener(9000),
    },
    "Outputs": {
        "Production": {"Value": {"Fn::If": ["IsSecure", {"Ref": "Secure"}, {"Ref": "Plain"}]}},
        "PlainArn": {"Value": {"Ref": "Plain"}},
        "TestArn": {"Value": {"Ref": "Test"}},
    },
}
OLD = {"Production": "plain", "PlainArn": "plain", "TestArn": "test"}
NEW = {"Production": "new-plain", "PlainArn": "new-plain", "TestArn": "new-test"}
RULES = ListenerRules("Production", "PlainArn", MARKS, test="TestArn", front=FRONT)
RESOURCES = [StackResource("Balancer", BALANCER, "CREATE_COMPLETE", "arn:lb")]


class Case:
    """A stack with a load balancer on the internet, and rules on its listeners."""

    def __init__(self, stacks, clock, *rules) -> None:
        stacks.put(NAME, template=TEMPLATE, parameters={"Scheme": "internet-facing", "Secure": "no"}, outputs=OLD)
        stacks.resources = RESOURCES
        self.stacks, self.clock, self.rules = stacks, clock, FakeRules(*rules)
        self.living = FakeLiving()
        update = stacks.update_stack

        def update_stack(*arguments: Any) -> None:
            update(*arguments)
            if stacks.script.get("update", ["UPDATE_COMPLETE"]) == ["UPDATE_COMPLETE"]:
                self.rules.standing.clear()

        stacks.update_stack = update_stack

    def apply(self, *consent: str, check_mode: bool = False, **parameters: str) -> Any:
        self.stacks.outputs = NEW
        ports, self.said = ports_of(self.stacks, self.clock, rules=self.rules, living=self.living)
        given = {"Scheme": "internal", "Secure": "no", **parameters}
        request = StackRequest(NAME, TEMPLATE, "{}", parameters=given, consent=consent, listener_rules=RULES)
        return apply_stack(request, ports, check_mode)

    def standing(self) -> dict[str, list[int]]:
        names = ("plain", "test", "new-plain", "new-test")
        found = {name: [each.priority for each in self.rules.list_rules(name)] for name in names}
        return {name: priorities for name, priorities in found.items() if priorities}


@pytest.mark.parametrize("check_mode", [True, False])
def test_with_consent_the_rules_stand_on_the_new_load_balancer(stacks, clock, check_mode) -> None:
    made = (rule(100, group="green"), rule(7), rule(100, "test"))
    case = Case(stacks, clock, *made)
    result = case.apply("Balancer", check_mode=check_mode)
    assert (result.changed, result.move.priorities) == (True, [7, 100])
    assert result.move.sides() == (
        {"plain": [7, 100], "test": [100]},
        {"Production (known after apply)": [7, 100], "TestArn (known after apply)": [100]},
    )
    if check_mode:
        assert (case.rules.calls, stacks.calls) == ([], [])
        return
    assert case.standing() == {"new-plain": [7, 100], "new-test": [100]}
    assert all(new.same_work(old) and new.tags == old.tags for new, old in zip(
        (*case.rules.list_rules("new-plain"), *case.rules.list_rules("new-test")),
        sorted(made, key=lambda each: (each.listener_arn, each.priority)),
        strict=True,
    ))  # fmt: skip
    again = case.apply("Balancer")
    assert (again.changed, again.move) == (False, None)


@pytest.mark.parametrize("check_mode", [True, False])
def test_without_consent_users_keep_their_load_balancer(stacks, clock, check_mode) -> None:
    case = Case(stacks, clock, rule(100))
    with pytest.raises(RefusedError, match=r"-e replace=ecs\.Balancer") as refused:
        case.apply(check_mode=check_mode)
    assert "users get no answer" in refused.value.message
    assert (case.rules.calls, stacks.calls) == ([], [])


def test_without_a_release_nobody_has_to_agree(stacks, clock) -> None:
    case = Case(stacks, clock)
    result = case.apply()
    assert (result.changed, result.move, case.rules.calls) == (True, None, [])


def test_an_update_that_fails_leaves_the_rules_where_they_are(stacks, clock) -> None:
    case = Case(stacks, clock, rule(100), rule(100, "test"))
    stacks.script["update"] = ["UPDATE_ROLLBACK_COMPLETE"]
    with pytest.raises(RolledBackError):
        case.apply("Balancer")
    assert (case.standing(), case.rules.calls) == ({"plain": [100], "test": [100]}, [])


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("where", ["plain", "test"])
def test_a_rule_of_somebody_else_would_be_lost(stacks, clock, check_mode, where) -> None:
    case = Case(stacks, clock, rule(100), rule(200, where, tags=frozenset()))
    with pytest.raises(RefusedError, match=f"rule 200 of listener {where}"):
        case.apply("Balancer", check_mode=check_mode)
    assert (case.rules.calls, stacks.calls) == ([], [])


@pytest.mark.parametrize("rules", [(), (rule(100),)])
def test_a_load_balancer_that_a_vpc_origin_names_is_kept(stacks, clock, rules) -> None:
    case = Case(stacks, clock, *rules)
    stacks.put(FRONT)
    stacks.resources = [*RESOURCES, StackResource("Origin", "AWS::CloudFront::VpcOrigin", "CREATE_COMPLETE", "vo_1")]
    with pytest.raises(RefusedError, match=r"vo_1 of stack fastbreak-dev-cloudfront.*--limit cloudfront"):
        case.apply("Balancer")
    stacks.resources = RESOURCES
    assert case.apply("Balancer").changed


def test_scheme_and_certificate_change_one_after_the_other(stacks, clock) -> None:
    case = Case(stacks, clock, rule(100))
    with pytest.raises(RefusedError, match="in another run"):
        case.apply("Balancer", Secure="yes")
    assert (case.rules.calls, stacks.calls) == ([], [])


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("protected", [True, False])
def test_what_refuses_to_be_deleted_would_stay_behind(stacks, clock, check_mode, protected) -> None:
    case = Case(stacks, clock, rule(100))
    case.living = FakeLiving({"Balancer": LivingState(protected=protected)})
    if not protected:
        assert case.apply("Balancer", check_mode=check_mode).changed
        return
    with pytest.raises(RefusedError, match=r"ecs_deletion_protection to false .* with the former value first"):
        case.apply("Balancer", check_mode=check_mode)
    assert (case.rules.calls, stacks.calls) == ([], [])
