# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack is brought out of a state in which it can be neither compared nor updated."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import LivingState

from tests.unit.plugins.module_utils._stack.case import NAME, apply, put
from tests.unit.plugins.module_utils._stack.fakes import FakeLiving, FakeStacks


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_stillborn_stack_is_deleted_and_created(stacks, clock, status):
    put(stacks, status, termination_protection=True)
    stacks.left("Key", "DELETE_SKIPPED")
    stacks.left("Gone", "DELETE_COMPLETE")
    result, said = apply(stacks, clock)
    assert stacks.calls == [("unprotect", NAME), ("delete", NAME), ("create", NAME)]
    assert result.snapshot.status == "CREATE_COMPLETE"
    assert "Still there: Key (physical-Key, DELETE_SKIPPED)." in said[0]


def test_a_failed_rollback_is_continued_first(stacks, clock):
    put(stacks, "UPDATE_ROLLBACK_FAILED")
    result, _said = apply(stacks, clock)
    assert stacks.calls == [("continue", NAME)]
    assert not result.changed


def test_a_rollback_that_fails_again_is_an_error(clock):
    stacks = FakeStacks(clock, {"continue": ["UPDATE_ROLLBACK_FAILED"]})
    put(stacks, "UPDATE_ROLLBACK_FAILED")
    stacks.fail("R", "still denied")
    with pytest.raises(OperationError, match=r"continue the rollback .* R .* still denied"):
        apply(stacks, clock)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("DELETE_FAILED", "Finish deleting"),
        ("CREATE_FAILED", "left as it failed, and never stood"),
        ("IMPORT_ROLLBACK_FAILED", "AWS Support alone brings it back"),
    ],
)
def test_what_cannot_be_repaired_is_refused_with_advice(stacks, clock, status, advice):
    put(stacks, status)
    with pytest.raises(RefusedError, match=advice):
        apply(stacks, clock)
    assert stacks.calls == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_operation_under_way_is_waited_for(stacks, clock, check_mode):
    put(stacks, "CREATE_IN_PROGRESS", pending=["CREATE_IN_PROGRESS"] * 3 + ["CREATE_COMPLETE"])
    result, said = apply(stacks, clock, check_mode=check_mode)
    assert (result.changed, stacks.calls) == (False, [])
    assert "by an earlier operation" in said[0]


def test_an_update_that_failed_and_was_left_so_is_rolled_back_first(stacks, clock):
    put(stacks, "UPDATE_FAILED")
    checked, _said = apply(stacks, clock, check_mode=True)
    assert (checked.changed, stacks.calls) == (False, [])
    apply(stacks, clock)
    assert stacks.calls == [("roll back", NAME)]


def test_a_rollback_goes_on_without_what_is_to_be_skipped(clock):
    stacks = FakeStacks(clock, {"continue": ["UPDATE_ROLLBACK_FAILED"]})
    put(stacks, "UPDATE_ROLLBACK_FAILED")
    with pytest.raises(OperationError, match=r"-e skip_rollback=rds\.<LogicalId>"):
        apply(stacks, clock)
    stacks.script = {}
    apply(stacks, clock, skip_rollback=("R",))
    assert stacks.skipped == ("R",)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_protected_resource_of_a_stillborn_stack_is_told_before_its_deletion(stacks, clock, check_mode):
    put(stacks, "ROLLBACK_FAILED")
    stacks.left("Balancer", "DELETE_FAILED")
    with pytest.raises(RefusedError, match=r"Balancer .* -e unprotect=rds\.Balancer"):
        apply(stacks, clock, check_mode=check_mode, living=FakeLiving({"Balancer": LivingState(protected=True)}))
    assert stacks.calls == []
