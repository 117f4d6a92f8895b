# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What deletions leave behind is told: by the one that leaves it, and by the creation of the next stack of its name."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackEvent, StackGoneError

from tests.unit.plugins.module_utils._stack.case import NAME, TEMPLATE, apply, remove

KEY, BUCKET, DATABASE = "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::RDS::DBInstance"
BODIES = {
    "Key": {"Type": KEY, "DeletionPolicy": "Retain"},
    "Logs": {"Type": BUCKET, "DeletionPolicy": "RetainExceptOnCreate"},
    "Database": {"Type": DATABASE, "DeletionPolicy": "Snapshot"},
    "Other": {"Type": BUCKET, "DeletionPolicy": "Delete"},
    "Odd": {"Type": "Odd::Kind::Of", "DeletionPolicy": "Retain"},
    "Plain": {"Type": BUCKET},
}


def told(result):
    return {item.logical_id: item for item in result.plan.left_behind}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_deletion_tells_what_it_leaves_what_that_costs_and_how_it_is_deleted(stacks, clock, check_mode):
    stacks.put(NAME, template={"Resources": BODIES})
    for name, body in BODIES.items():
        stacks.left(name, "CREATE_COMPLETE", body["Type"])
    found = told(remove(stacks, clock, check_mode))
    assert set(found) == {"Key", "Logs", "Database", "Odd"}
    assert {name: item.usd for name, item in found.items() if item.usd} == {"Key": 1.0}
    assert {name for name, item in found.items() if item.is_snapshot} == {"Database"}
    assert found["Key"].delete.endswith("aws kms schedule-key-deletion --key-id physical-Key")
    assert "--db-instance-identifier physical-Database" in found["Database"].delete
    assert found["Odd"].delete == "by hand, in its own service"


def test_what_is_retained_by_name_is_told_with_its_key(stacks, clock):
    bodies = {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"Key": {"Ref": "K"}}}, "K": {"Type": KEY}}
    stacks.put(NAME, "DELETE_FAILED", {"Resources": bodies})
    for name, body in bodies.items():
        stacks.left(name, "DELETE_FAILED", body["Type"])
    assert set(told(remove(stacks, clock, retain=("T",)))) == {"T", "K"}


def test_what_never_was_is_not_left_behind(stacks, clock):
    stacks.put(NAME, template={"Resources": BODIES})
    stacks.left("Key", "DELETE_SKIPPED", KEY)
    assert told(remove(stacks, clock)) == {}


def event(name, status):
    kind = BODIES.get(name, {}).get("Type", KEY)
    return StackEvent(name, kind, status, physical_id=f"old-{name}")


EARLIER = [
    event("Key", "CREATE_COMPLETE"),
    event("Key", "DELETE_SKIPPED"),
    event("Renamed", "DELETE_SKIPPED"),
    event("Database", "DELETE_COMPLETE"),
    event("Other", "DELETE_COMPLETE"),
]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_creation_tells_what_earlier_stacks_left_behind(stacks, clock, check_mode):
    stacks.deleted = {NAME: {"arn:1": EARLIER, "arn:2": EARLIER}, "other": {"arn:3": [event("Logs", "DELETE_SKIPPED")]}}
    template = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], **BODIES}}
    result, _said = apply(stacks, clock, check_mode=check_mode, template=template)
    # Once, though two stacks of the same name say it.
    assert [item.physical_id for item in result.plan.left_behind] == ["old-Database", "old-Renamed", "old-Key"]


def test_an_update_asks_for_nothing_that_was_before(stacks, clock):
    stacks.deleted = {NAME: {"arn:1": EARLIER}}
    apply(stacks, clock)
    result, _said = apply(stacks, clock, parameters={"Size": "large"})
    assert result.plan.left_behind == ()


DENIED = OperationError("Tried to look, but may not.")
UNSEEN = "Not everything that earlier stacks fastbreak-dev-rds left behind could be looked for: "


def failing(stacks, call, error, after=()):
    """Have *call* fail once it has answered *after*."""

    def answer(_argument):
        yield from after
        raise error

    setattr(stacks, call, answer if call == "describe_stack_events" else lambda name: list(answer(name)))


@pytest.mark.parametrize("check_mode", [True, False])
def test_whoever_may_not_list_stacks_creates_and_is_told_that_nobody_looked(stacks, clock, check_mode):
    failing(stacks, "list_deleted_stacks", DENIED)
    result, _said = apply(stacks, clock, check_mode=check_mode)
    assert (result.changed, result.plan.left_behind) == (True, ())
    assert [words for words in result.warnings if words.startswith(f"{UNSEEN}Tried to look, but may not. ")]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("error", [DENIED, StackGoneError("Stack [arn:2] does not exist")])
def test_events_that_cannot_be_read_stop_nobody_and_what_was_read_is_told(stacks, clock, check_mode, error):
    stacks.deleted = {NAME: {"arn:2": [], "arn:1": []}}
    seen = event("Key", "DELETE_SKIPPED")
    known = stacks.describe_stack_events

    def of(stack_id):
        # After the creation its own events are read.
        return known(stack_id) if stack_id not in stacks.deleted[NAME] else broken(stack_id)

    failing(stacks, "describe_stack_events", error, [seen])
    broken, stacks.describe_stack_events = stacks.describe_stack_events, of
    result, _said = apply(stacks, clock, check_mode=check_mode)
    assert [item.physical_id for item in result.plan.left_behind] == ["old-Key"]
    [words] = [words for words in result.warnings if words.startswith(UNSEEN)]
    assert error.message.rstrip(".") in words
    assert result.changed


def test_a_cloudformation_that_does_not_answer_is_no_refusal(stacks, clock):
    failing(stacks, "list_deleted_stacks", UnavailableError("no answer"))
    with pytest.raises(UnavailableError):
        apply(stacks, clock)


def test_where_all_was_seen_nothing_is_warned_of(stacks, clock):
    stacks.deleted = {NAME: {"arn:1": EARLIER}}
    result, _said = apply(stacks, clock)
    assert result.warnings == ()
