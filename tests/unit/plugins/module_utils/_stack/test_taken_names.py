# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name that something else has is found before anything is made."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError

from tests.unit.plugins.module_utils._stack.case import NAME, apply
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving

GROUP = "AWS::Logs::LogGroup"


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
