# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A side table's values live as long as the records they belong to."""

from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import pytest

from sandbox.side_table import SideTable


@dataclass
class Known:
    notes: list[str] = field(default_factory=list)


@pytest.fixture
def store() -> dict[str, dict[str, Any]]:
    """MiniStack's records by ARN."""
    return {}


@pytest.fixture
def table(store: dict[str, dict[str, Any]]) -> SideTable[Known]:
    return SideTable(itemgetter("arn"), lambda record: store.get(record["arn"]) is record, Known)


def made(store: dict[str, dict[str, Any]], arn: str) -> dict[str, Any]:
    store[arn] = {"arn": arn}
    return store[arn]


def test_a_record_keeps_its_value_and_gets_no_key(store: dict[str, Any], table: SideTable[Known]) -> None:
    record = made(store, "arn:aws:ecs:us-east-1:111111111111:task/a")
    table.of(record).notes.append("seen")
    record["status"] = "RUNNING"
    assert table.of(record).notes == ["seen"]
    assert record.keys() == {"arn", "status"}


def test_records_of_two_accounts_are_apart(store: dict[str, Any], table: SideTable[Known]) -> None:
    ours, theirs = (made(store, f"arn:aws:ecs:us-east-1:{account * 12}:task/a") for account in "12")
    table.of(ours).notes.append("ours")
    assert table.of(theirs).notes == []
    assert table.of(ours).notes == ["ours"]


def test_a_record_made_anew_under_the_same_name_has_a_new_value(store: dict[str, Any], table: SideTable[Known]) -> None:
    table.of(made(store, "a")).notes.append("of the first")
    del store["a"]
    assert table.of(made(store, "a")).notes == []


def test_values_of_records_that_are_gone_go(store: dict[str, Any], table: SideTable[Known]) -> None:
    for number in range(1000):
        table.of(made(store, str(number)))
        del store[str(number)]
    assert len(table._entries) < 100
    kept = made(store, "kept")
    table.of(kept).notes.append("kept")
    assert len(table) == 1
    assert table.of(kept).notes == ["kept"]


def test_a_reset_forgets_everything(store: dict[str, Any], table: SideTable[Known]) -> None:
    record = made(store, "a")
    table.of(record).notes.append("before")
    table.clear()
    assert len(table) == 0
    assert table.of(record).notes == []
