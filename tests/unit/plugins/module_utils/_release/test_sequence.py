# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of records, kept by the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.table import encode
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.sequence import (
    SequencedTable,
    following_key,
    numbered_key,
)
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = "R#2099-12-31T23:59:59.999Z#ffffffff"
RECORD = {"service": "web", "release_id": "", "version": "1.0.0"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()
    client.close()


def newest(stub: Stubber, *keys: str) -> None:
    stub.add_response("query", {"Items": [encode({"service": "web", "release_id": key}) for key in keys]})


def put(stub: Stubber, number: int) -> None:
    item = encode({**RECORD, "release_id": numbered_key("R#", number)})
    condition = "attribute_not_exists(release_id)"
    stub.add_response("put_item", {}, {"TableName": "t", "Item": item, "ConditionExpression": condition})


def taken(stub: Stubber, number: int, *, by: dict[str, Any]) -> None:
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    key = {"service": "web", "release_id": numbered_key("R#", number)}
    expected = {"TableName": "t", "Key": encode(key), "ConsistentRead": True}
    stub.add_response("get_item", {"Item": encode({**key, **by})}, expected)


def append(stub: Stubber) -> str:
    return SequencedTable(lambda: stub.client, "t")._append("record it", "R#", RECORD)


@given(st.integers(0, 10**12 - 2))
def test_keys_follow_each_other_and_sort_behind_those_that_hold_a_time(number: int) -> None:
    key = numbered_key("R#", number)
    assert OLD < key < following_key("R#", key)


@pytest.mark.parametrize(("found", "number"), [((), 1), ((OLD,), 1), ((numbered_key("R#", 41), OLD), 42)])
def test_a_record_is_written_behind_the_newest(stub: Stubber, found: tuple[str, ...], number: int) -> None:
    newest(stub, *found)
    put(stub, number)
    assert append(stub) == numbered_key("R#", number)


def test_a_number_that_another_took_is_left_to_it(stub: Stubber) -> None:
    newest(stub)
    taken(stub, 1, by={"version": "2.0.0"})
    taken(stub, 2, by={"version": "3.0.0"})
    put(stub, 3)
    assert append(stub) == numbered_key("R#", 3)


def test_an_answer_that_was_lost_writes_no_second_record(stub: Stubber) -> None:
    newest(stub)
    taken(stub, 1, by={"version": "1.0.0"})
    assert append(stub) == numbered_key("R#", 1)


def test_a_race_that_is_lost_again_and_again_ends(stub: Stubber) -> None:
    newest(stub)
    for number in range(1, 101):
        taken(stub, number, by={"version": "2.0.0"})
    with pytest.raises(OperationError, match="others took each of 100 numbers"):
        append(stub)
