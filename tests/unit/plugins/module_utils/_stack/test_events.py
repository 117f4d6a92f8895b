"""What is read from a stack's events and statuses."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.events import (
    describe_failures,
    first_failures,
    progress_line,
    under_way,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.status import Standing, rolled_back, standing
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackEvent, StackSnapshot

STACK = "AWS::CloudFormation::Stack"


def event(name, status, at, reason="", kind="T"):
    return StackEvent(logical_id=name, resource_type=kind, status=status, reason=reason, at=at)


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
    line = progress_line(StackSnapshot("s", "arn", "CREATE_IN_PROGRESS"), events, 10, now=12)
    assert line == "s: CREATE_IN_PROGRESS 10 s, 1 resources done; B 10 s"


def test_a_long_list_is_cut():
    events = [event(name, "CREATE_IN_PROGRESS", 1) for name in "ABCDE"]
    assert progress_line(StackSnapshot("s", "arn", "X"), events, 1, now=1).endswith("A 0 s, B 0 s, C 0 s and 2 more")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, Standing.ABSENT),
        ("DELETE_COMPLETE", Standing.ABSENT),
        ("CREATE_COMPLETE", Standing.SETTLED),
        ("UPDATE_COMPLETE", Standing.SETTLED),
        ("UPDATE_ROLLBACK_COMPLETE", Standing.SETTLED),
        ("IMPORT_COMPLETE", Standing.SETTLED),
        ("CREATE_IN_PROGRESS", Standing.BUSY),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Standing.BUSY),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Standing.BUSY),
        ("DELETE_IN_PROGRESS", Standing.BUSY),
        ("SOMETHING_NEW_IN_PROGRESS", Standing.BUSY),
        ("REVIEW_IN_PROGRESS", Standing.STILLBORN),
        ("ROLLBACK_COMPLETE", Standing.STILLBORN),
        ("ROLLBACK_FAILED", Standing.STILLBORN),
        ("UPDATE_ROLLBACK_FAILED", Standing.STUCK),
        ("DELETE_FAILED", Standing.DELETE_FAILED),
        ("CREATE_FAILED", Standing.BROKEN),
        ("UPDATE_FAILED", Standing.BROKEN),
    ],
)
def test_every_status_has_a_standing(status, expected):
    assert standing(status) is expected


def test_every_status_that_the_api_knows_has_a_meant_standing():
    import botocore.session  # noqa: PLC0415 # only this test needs the API's model

    model = botocore.session.get_session().get_service_model("cloudformation")
    broken = {status for status in model.shape_for("StackStatus").enum if standing(status) is Standing.BROKEN}
    assert broken == {"CREATE_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED"}


def test_rolled_back():
    assert rolled_back("UPDATE_ROLLBACK_COMPLETE")
    assert not rolled_back("UPDATE_ROLLBACK_FAILED")
