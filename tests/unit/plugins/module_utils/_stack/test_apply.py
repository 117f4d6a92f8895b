# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack is created, updated, left alone or removed."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import WhenMade

from tests.unit.plugins.module_utils._stack.case import NAME, apply, put, remove

OPEN = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


def test_an_absent_stack_is_created_and_a_second_run_changes_nothing(stacks, clock):
    wanted = {"tags": {"a": "b"}, "termination_protection": True, "stack_policy": {"Statement": []}}
    first, said = apply(stacks, clock, **wanted)
    assert (first.changed, first.snapshot.status, first.outputs) == (True, "CREATE_COMPLETE", {"Id": "id-1"})
    assert said == [
        f"{NAME}: create: 1 to add, termination protection, stack policy",
        f"{NAME}: CREATE_COMPLETE after 0 s",
    ]
    second, said = apply(stacks, clock, **wanted)
    assert (second.changed, said, stacks.calls) == (False, [], [("create", NAME)])


@pytest.mark.parametrize("status", [None, "CREATE_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_check_mode_writes_nothing_and_says_what_a_run_does(stacks, clock, status):
    if status:
        put(stacks, status)
    checked, _said = apply(stacks, clock, check_mode=True, parameters={"Size": "large"})
    assert (checked.changed, stacks.calls) == (True, [])
    ran, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert ran.changed
    assert [change.logical_id for change in checked.plan.resources] == [
        change.logical_id for change in ran.plan.resources
    ]


def test_a_changed_parameter_updates(stacks, clock):
    put(stacks)
    result, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert (result.snapshot.status, stacks.calls) == ("UPDATE_COMPLETE", [("update", NAME)])


def test_parameters_that_do_not_fit_are_refused_before_anything_is_written(stacks, clock):
    with pytest.raises(RequestError, match="Sise is not a parameter"):
        apply(stacks, clock, parameters={"Sise": "large"})
    assert stacks.calls == []


def test_policy_and_protection_alone_need_no_update(stacks, clock):
    put(stacks)
    result, _said = apply(stacks, clock, stack_policy={"Statement": []}, termination_protection=True)
    assert result.changed
    assert stacks.calls == [("policy", NAME), ("protect", NAME)]
    assert result.snapshot.termination_protection


def test_a_guard_is_set_before_the_update_that_it_guards(stacks, clock):
    put(stacks)
    apply(stacks, clock, parameters={"Size": "large"}, stack_policy=OPEN)
    assert stacks.calls == [("policy", NAME), ("update", NAME)]


def test_nothing_to_update_is_unchanged_with_a_warning(stacks, clock):
    put(stacks)
    stacks.nothing_to_update = True
    result, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert not result.changed
    assert "found no update" in result.warnings[0]


def test_a_run_that_gets_in_between_is_waited_for(stacks, clock):
    stacks.busy_calls = 1
    result, said = apply(stacks, clock)
    assert result.changed
    assert any("got in between" in line for line in said)


def test_a_stack_that_is_always_taken_is_an_error(stacks, clock):
    stacks.busy_calls = 99
    with pytest.raises(OperationError, match="5 times in a row"):
        apply(stacks, clock)


def test_a_request_without_template_is_refused(stacks, clock):
    with pytest.raises(RequestError, match="no template"):
        apply(stacks, clock, template=None)


def test_a_stack_is_removed_once(stacks, clock):
    put(stacks)
    assert remove(stacks, clock).changed
    assert not remove(stacks, clock).changed
    assert stacks.calls == [("delete", NAME)]


def test_checking_a_removal_removes_nothing(stacks, clock):
    put(stacks)
    result = remove(stacks, clock, check_mode=True)
    assert (result.changed, stacks.calls) == (True, [])
    assert [change.action for change in result.plan.resources] == ["remove"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_protected_stack_stays(stacks, clock, check_mode):
    put(stacks, termination_protection=True)
    with pytest.raises(RefusedError, match="termination protection is on"):
        remove(stacks, clock, check_mode)
    assert stacks.calls == []


def test_protection_is_turned_off_when_asked(stacks, clock):
    put(stacks, termination_protection=True)
    remove(stacks, clock, termination_protection=False)
    assert stacks.calls == [("unprotect", NAME), ("delete", NAME)]


def test_a_value_for_a_stack_that_is_made_changes_none_that_stands(stacks, clock):
    given = {"Size": WhenMade("large")}
    apply(stacks, clock, parameters=given)
    assert stacks.snapshots[NAME].parameters == {"Size": "large"}
    assert not apply(stacks, clock, parameters=given)[0].changed
    put(stacks)
    assert not apply(stacks, clock, parameters=given)[0].changed
    assert stacks.snapshots[NAME].parameters == {"Size": "small"}
