# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run says of resources that are in no stack any more."""

import pytest
from ansible_collections.fastbreak.aws.plugins.plugin_utils._left_behind import left_behind
from ansible_collections.fastbreak.aws.plugins.plugin_utils._summary import Summary

KEY = {
    "logical_id": "Key",
    "resource_type": "AWS::KMS::Key",
    "physical_id": "k-1",
    "is_snapshot": False,
    "usd": 1.0,
    "delete": "aws kms schedule-key-deletion --key-id k-1",
}
DATABASE = {
    "logical_id": "Database",
    "resource_type": "AWS::RDS::DBInstance",
    "physical_id": "d-1",
    "is_snapshot": True,
    "usd": 0.0,
    "delete": "aws rds delete-db-snapshot",
}
LINES = [
    "  rds.Key (AWS::KMS::Key k-1): aws kms schedule-key-deletion --key-id k-1",
    "  rds.Database (a last snapshot of AWS::RDS::DBInstance d-1): aws rds delete-db-snapshot",
]


@pytest.mark.parametrize(
    ("deletes", "check_mode", "words"),
    [
        (True, False, "These stay behind, and cost 1.00 USD a month and what"),
        (True, True, "These would stay behind, and cost 1.00 USD a month and what"),
        (False, False, "Earlier deletions left these behind, which cost 1.00 USD a month and what"),
        (False, True, "Earlier deletions left these behind, which cost 1.00 USD a month and what"),
    ],
)
def test_each_is_told_with_the_way_it_is_deleted(deletes: bool, check_mode: bool, words: str) -> None:
    found = {("rds", "fastbreak-dev-rds"): [KEY, DATABASE], ("ecr", "fastbreak-dev-ecr"): []}
    first, *lines = left_behind(found, deletes=deletes, check_mode=check_mode)
    assert first.startswith(words)
    assert lines == LINES


def test_what_costs_by_what_it_stores_alone_has_no_price() -> None:
    first, _line = left_behind({("rds", "s"): [DATABASE]}, deletes=True, check_mode=False)
    assert first == "These stay behind, and cost what they store. They are deleted so:"


def test_nothing_is_said_of_nothing() -> None:
    assert left_behind({("ecr", "s"): []}, deletes=True, check_mode=False) == []


def test_a_teardown_says_it_once_at_its_end() -> None:
    summary = Summary(playbook="teardown")
    result = {"changed": True, "summary": "delete: 2 to remove", "stack_name": "s", "left_behind": [KEY, DATABASE]}
    stack = "fastbreak.aws.cloudformation_stack"
    assert summary.ok("rds", stack, "Ask", result, checked=True) is None
    summary.ok("rds", stack, "Delete", result)
    ended = summary.end(0, 1)
    assert ended[2].startswith("These stay behind")
    assert ended[3:] == LINES
