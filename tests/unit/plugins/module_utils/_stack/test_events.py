# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from a stack's events."""

from itertools import chain, repeat

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.events import (
    describe_failures,
    first_failures,
    operation_events,
    progress_line,
    under_way,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackEvent, StackSnapshot

STACK = "AWS::CloudFormation::Stack"


def event(name, status, at, reason="", kind="T", **fields):
    return StackEvent(logical_id=name, resource_type=kind, status=status, reason=reason, at=at, **fields)


def test_the_first_cause_comes_first_and_consequences_are_left_out():
    events = [
        event("s", "CREATE_FAILED", 9, "The following resource(s) failed", STACK),
        event("B", "CREATE_FAILED", 5, "Resource creation cancelled"),
        event("C", "CREATE_FAILED", 6, "quota"),
        event("A", "CREATE_FAILED", 4, "no such subnet."),
        event("A", "CREATE_IN_PROGRESS", 1),
    ]
    assert [found.logical_id for found in first_failures(events)] == ["A", "C"]
    assert describe_failures(events) == "A (T) CREATE_FAILED: no such subnet; C (T) CREATE_FAILED: quota"


def test_a_stack_that_fails_by_itself_is_named():
    assert describe_failures([event("s", "UPDATE_FAILED", 1, "denied by policy", STACK)]) == (
        f"s ({STACK}) UPDATE_FAILED: denied by policy"
    )


def test_only_consequences_are_better_than_nothing():
    assert "B" in describe_failures([event("B", "CREATE_FAILED", 5, "Resource creation cancelled")])


def test_no_failure_no_words():
    assert describe_failures([event("A", "CREATE_COMPLETE", 1)]) == ""


def test_under_way_since_it_started():
    events = [
        event("A", "CREATE_COMPLETE", 4),
        event("B", "CREATE_IN_PROGRESS", 3, "Resource creation Initiated"),
        event("B", "CREATE_IN_PROGRESS", 2),
        event("A", "CREATE_IN_PROGRESS", 1),
    ]
    assert [(found.logical_id, found.at) for found in under_way(events)] == [("B", 2)]
    line = progress_line(StackSnapshot("s", "arn", "CREATE_IN_PROGRESS"), events, 10)
    assert line == "s: CREATE_IN_PROGRESS 10 s, 1 resource done; B 9 s"


def test_an_operation_that_began_before_the_wait_is_as_old_as_its_events_tell():
    events = [event("B", "CREATE_IN_PROGRESS", 90), event("A", "CREATE_IN_PROGRESS", 10)]
    line = progress_line(StackSnapshot("s", "arn", "X"), events, elapsed_seconds=5)
    assert line == "s: X 5 s, 0 resources done; A 80 s, B 0 s"


def test_without_events_only_the_status_is_told():
    assert progress_line(StackSnapshot("s", "arn", "X"), [], 5) == "s: X 5 s, 0 resources done"


def test_a_long_list_is_cut():
    events = [event(name, "CREATE_IN_PROGRESS", 1) for name in "ABCDE"]
    assert progress_line(StackSnapshot("s", "arn", "X"), events, 1).endswith("A 1 s, B 1 s, C 1 s and 2 more")


BEGUN = "User Initiated"
HISTORY = [
    event("s", "UPDATE_IN_PROGRESS", 9, BEGUN, token="third"),
    event("B", "UPDATE_COMPLETE", 6, token="second"),
    event("B", "UPDATE_IN_PROGRESS", 5, token="second"),
    event("s", "UPDATE_IN_PROGRESS", 4, BEGUN, token="second"),
    event("A", "CREATE_COMPLETE", 3),
    event("s", "CREATE_IN_PROGRESS", 2, BEGUN),
    event("A", "DELETE_FAILED", 1),
]


@pytest.mark.parametrize(
    ("events", "token", "times"),
    [
        (HISTORY, "third", [9]),
        (HISTORY, "second", [6, 5, 4]),
        (HISTORY, "", [3, 2]),
        (HISTORY, "unknown", []),
        (HISTORY, None, [9]),
        (HISTORY[2:], None, [5, 4]),
        (HISTORY[4:], None, [3, 2]),
        ([], None, []),
    ],
)
def test_an_operation_is_told_by_its_token_and_ends_where_it_began(events, token, times):
    assert [found.at for found in operation_events(iter(events), token)] == times


def test_what_is_older_than_the_operation_is_not_read():
    older = repeat(event("A", "CREATE_COMPLETE", 1, token="first"))
    assert len(operation_events(chain(HISTORY[1:3], older), "second")) == 2
