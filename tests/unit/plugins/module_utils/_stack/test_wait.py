# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a stack: bounded, with progress now and then."""

from ansible_collections.fastbreak.aws.plugins.module_utils._errors import WaitTimeoutError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.wait import wait_for_stack

from tests.unit.plugins.module_utils._stack.case import NAME, put
from tests.unit.plugins.module_utils._stack.fakes import ports_of


def wait(stacks, clock, seconds=3600, token=None):
    ports, said = ports_of(stacks, clock)
    try:
        return wait_for_stack(NAME, ports, seconds, token), said
    except WaitTimeoutError as error:
        return error, said


def test_a_stack_that_has_settled_is_looked_at_once(stacks, clock):
    put(stacks)
    snapshot, said = wait(stacks, clock)
    assert (snapshot.status, said, clock.sleeps) == ("CREATE_COMPLETE", [], [])


def test_a_stack_that_is_not_there_is_none(stacks, clock):
    assert wait(stacks, clock) == (None, [])


def test_a_timeout_carries_the_last_snapshot_and_what_is_being_worked_on(stacks, clock):
    put(stacks, "UPDATE_IN_PROGRESS")
    stacks.happen("Gone", "UPDATE_IN_PROGRESS", by="before")
    stacks.happen("R", "UPDATE_IN_PROGRESS")
    stacks.fail("Q", "denied")
    error, _said = wait(stacks, clock, 120, "token-1")
    assert error.details["last"] == {"status": "UPDATE_IN_PROGRESS", "status_reason": "", "stack_id": f"arn:{NAME}"}
    assert error.message.startswith(
        f"Stack {NAME} was still UPDATE_IN_PROGRESS after 120 s. Being worked on: R (T). Failed so far: Q (T) "
        "CREATE_FAILED: denied."
    )
    assert clock.time == clock.began + 120


def test_the_first_line_comes_after_five_seconds_and_the_others_every_fifteen(stacks, clock):
    put(stacks, "CREATE_IN_PROGRESS")
    _error, said = wait(stacks, clock)
    assert 3600 / 20 <= len(said) <= 3600 / 15
    assert f"{NAME}: CREATE_IN_PROGRESS 5 s, 0 resources done" == said[0]


def test_progress_is_told_by_the_clock_of_cloudformation(stacks, clock):
    put(stacks, "CREATE_IN_PROGRESS")
    stacks.happen("R", "CREATE_IN_PROGRESS")
    _error, said = wait(stacks, clock, 10)
    assert said[0] == f"{NAME}: CREATE_IN_PROGRESS 5 s, 0 resources done; R 5 s"
