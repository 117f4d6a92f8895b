# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An operation that fails says what failed first, and only what failed in this operation."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError

from tests.unit.plugins.module_utils._stack.case import apply, put, remove
from tests.unit.plugins.module_utils._stack.fakes import FakeStacks


def test_a_failed_creation_names_what_failed_first(clock):
    stacks = FakeStacks(clock, {"create": ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]})
    stacks.fail("Other", "of an operation before", by="before")
    stacks.fail("R", "quota exceeded")
    stacks.fail("Later", "of an operation after", by="after")
    with pytest.raises(RolledBackError) as raised:
        apply(stacks, clock)
    assert "ended ROLLBACK_COMPLETE. First to fail: R (T) CREATE_FAILED: quota exceeded. What" in raised.value.message
    assert raised.value.details["stack_status"] == "ROLLBACK_COMPLETE"


def test_without_an_event_the_reason_of_the_stack_is_given(clock):
    stacks = FakeStacks(clock, {"update": ["UPDATE_ROLLBACK_COMPLETE"]})
    put(stacks, status_reason="the policy denies it")
    stacks.fail("Other", "of an operation before", by="before")
    with pytest.raises(RolledBackError, match="First to fail: the policy denies it"):
        apply(stacks, clock, parameters={"Size": "large"})


def test_a_stack_that_vanishes_meanwhile_is_an_error(clock):
    stacks = FakeStacks(clock, {"create": ["DELETE_COMPLETE"]})
    with pytest.raises(OperationError, match="somebody else deleted it"):
        apply(stacks, clock)


def test_a_failed_removal_says_what_stands_in_the_way(clock):
    stacks = FakeStacks(clock, {"delete": ["DELETE_FAILED"]})
    put(stacks)
    stacks.fail("R", "has dependents")
    with pytest.raises(OperationError, match=r"delete stack .* R .* has dependents"):
        remove(stacks, clock)
