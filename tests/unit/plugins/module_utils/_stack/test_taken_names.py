# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name that something else has is found before anything is made."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackResource

from tests.unit.plugins.module_utils._stack.case import NAME, apply
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving

GROUP = "AWS::Logs::LogGroup"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
ROLE = "AWS::IAM::Role"


def template(**names):
    return {
        "Resources": {logical: {"Type": GROUP, "Properties": {"LogGroupName": name}} for logical, name in names.items()}
    }


def taken(*names):
    living = FakeLiving()
    living.taken = {(GROUP, name) for name in names}
    return living


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_there_already_is_refused_with_the_way_it_is_deleted(stacks, clock, check_mode):
    with pytest.raises(
        RefusedError, match="/a; if it is left over: aws logs delete-log-group --log-group-name /a"
    ) as raised:
        apply(stacks, clock, check_mode=check_mode, living=taken("/a", "/c"), template=template(A="/a", B="/b", C="/c"))
    assert len(raised.value.details["taken"]) == 2
    assert stacks.calls == []


def test_what_an_update_adds_is_looked_for_and_what_stays_is_not(stacks, clock):
    stacks.put(NAME, template=template(A="/a"))
    with pytest.raises(RefusedError, match=r"B .AWS::Logs::LogGroup /b"):
        apply(stacks, clock, living=taken("/a", "/b"), template=template(A="/a", B="/b"))
    apply(stacks, clock, living=taken("/a"), template=template(A="/a", B="/b"))
    assert ("update", NAME) in stacks.calls


def test_a_name_that_is_not_known_yet_is_not_looked_for(stacks, clock):
    made_up = {"Fn::Sub": "/${AWS::AccountId}"}
    apply(stacks, clock, living=taken("/${AWS::AccountId}"), template=template(A=made_up))
    assert ("create", NAME) in stacks.calls


def test_what_a_failed_creation_left_is_deleted_with_it(stacks, clock):
    stacks.put(NAME, "ROLLBACK_FAILED", template(A="/a"))
    apply(stacks, clock, living=taken("/a"), template=template(A="/a"))
    assert stacks.calls == [("delete", NAME), ("create", NAME)]


def test_another_run_that_makes_the_same_stack_is_waited_for(stacks, clock):
    class Racing(FakeLiving):
        def is_taken(self, resource_type, name):
            stacks.put(NAME, "CREATE_IN_PROGRESS", template(A="/a"), pending=["CREATE_COMPLETE"])
            return True

    result, _said = apply(stacks, clock, living=Racing(), template=template(A="/a"))
    assert (result.changed, stacks.calls) == (False, [])


def standing(stacks, template, **ids):
    """Have the stack stand with resources that are called so."""
    stacks.put(NAME, template=template)
    kinds = {logical: body["Type"] for logical, body in template["Resources"].items()}
    stacks.resources = [StackResource(key, kinds[key], "CREATE_COMPLETE", found) for key, found in ids.items()]


HELD = {
    "removed in the same update": (template(Old="/a"), template(New="/a"), "New"),
    "renamed in the same update": (template(Old="/a"), template(Old="/b", New="/a"), "New"),
    "unchanged": (template(Old="/a"), template(Old="/a", New="/a"), "New"),
    "held by the other, which is renamed": (template(Old="/a", New="/b"), template(Old="/b", New="/a"), "New"),
}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("case", HELD.values(), ids=HELD)
def test_a_name_that_the_stack_itself_holds_is_never_to_be_deleted(stacks, clock, check_mode, case):
    before, after, new = case
    standing(stacks, before, Old="/a")
    with pytest.raises(RefusedError) as raised:
        apply(stacks, clock, check_mode=check_mode, living=taken("/a"), template=after, consent=("Old", "New"))
    words = raised.value.message
    assert (
        f"{new} (AWS::Logs::LogGroup /a), which Old holds. Put the former value back, keep the logical id, or" in words
    )
    assert "outside of this stack" not in words
    assert "delete-log-group" not in words
    assert stacks.calls == []


@pytest.mark.parametrize(
    ("named", "physical_id"),
    [
        ((BALANCER, "Name", "front"), "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/front/50dc6c495c0c9188"),
        ((ROLE, "RoleName", "Front"), "front"),
    ],
)
def test_a_name_in_an_arn_or_in_other_case_is_that_of_the_stack(stacks, clock, named, physical_id):
    kind, key, name = named
    body = {"Type": kind, "Properties": {key: name}}
    standing(stacks, {"Resources": {"Old": body}}, Old=physical_id)
    living = FakeLiving()
    living.taken = {(kind, name)}
    with pytest.raises(RefusedError, match="which Old holds") as raised:
        apply(stacks, clock, living=living, template={"Resources": {"New": body}})
    assert "Delete it" not in raised.value.message


def test_both_kinds_of_taken_names_are_told_at_once_each_with_its_own_way(stacks, clock):
    standing(stacks, template(Old="/a"), Old="/a")
    with pytest.raises(RefusedError) as raised:
        apply(stacks, clock, living=taken("/a", "/c"), template=template(New="/a", C="/c"), consent=("Old",))
    assert "New (AWS::Logs::LogGroup /a), which Old holds" in raised.value.message
    assert "delete-log-group --log-group-name /c)" in raised.value.message
    assert "--log-group-name /a" not in raised.value.message


def test_what_the_stack_had_and_keeps_no_more_is_outside(stacks, clock):
    standing(stacks, template(Old="/b"))
    stacks.resources = [StackResource("Gone", GROUP, "DELETE_SKIPPED", "/a")]
    with pytest.raises(RefusedError, match="outside of this stack"):
        apply(stacks, clock, living=taken("/a"), template=template(Old="/b", New="/a"))


def test_a_replacement_with_a_name_that_is_taken_is_refused(stacks, clock):
    standing(stacks, template(A="/a"), A="/a")
    with pytest.raises(RefusedError, match=r"outside of this stack.* A .AWS::Logs::LogGroup /b; if it is left over"):
        apply(stacks, clock, living=taken("/a", "/b"), template=template(A="/b"), consent=("A",))
    assert stacks.calls == []


def test_a_name_that_is_only_written_otherwise_is_its_own(stacks, clock):
    standing(stacks, template(A={"Fn::Sub": "/${AWS::AccountId}"}), A="/1")
    result, _said = apply(stacks, clock, check_mode=True, living=taken("/1"), template=template(A="/1"), consent=("A",))
    assert result.changed


def test_the_variables_that_ask_for_a_name_of_the_stack_are_named(stacks, clock):
    wanted = {"Parameters": {"Name": {"Type": "String"}}, **template(A="/a", B={"Ref": "Name"})}
    stacks.put(NAME, template=wanted, parameters={"Name": "/b"})
    stacks.resources = [StackResource("A", GROUP, "CREATE_COMPLETE", "/a")]
    asked = {"parameters": {"Name": "/a"}, "sources": {"Name": "rds_name"}, "consent": ("B",)}
    with pytest.raises(RefusedError, match=r"which A holds\. It comes of rds_name\. Put the former value back"):
        apply(stacks, clock, living=taken("/a", "/b"), template=wanted, **asked)
