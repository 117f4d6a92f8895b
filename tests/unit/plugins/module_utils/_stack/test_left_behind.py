# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What deletions leave behind is told: by the one that leaves it, and by the creation of the next stack of its name."""

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import StackEvent

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
