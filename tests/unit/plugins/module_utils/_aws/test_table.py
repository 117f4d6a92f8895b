# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of DynamoDB: what is written comes back as it was, in types of Python's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import ApiRefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.table import TableClient, decode, encode
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = st.text("aé", max_size=2)
LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT | st.binary(min_size=1, max_size=2)
SETS = st.sets(st.integers(0, 99), min_size=1) | st.sets(TEXT.filter(bool), min_size=1)
PLAIN = st.recursive(LEAVES | SETS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=4)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()
    client.close()


@given(st.dictionaries(TEXT, PLAIN, max_size=3))
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    assert decode(encode(values)) == values


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ({"N": "3"}, 3),
        ({"N": "3.0"}, 3),
        ({"N": "1E3"}, 1000),
        ({"N": "0.25"}, 0.25),
        ({"NS": ["1", "2"]}, {1, 2}),
        ({"BS": [b"a"]}, {b"a"}),
        ({"B": b"a"}, b"a"),
        ({"L": [{"M": {"n": {"N": "1"}}}]}, [{"n": 1}]),
    ],
)
def test_values_have_types_of_pythons_own(stored: dict[str, Any], plain: Any) -> None:
    found = decode({"value": stored})["value"]
    assert (found, type(found)) == (plain, type(plain))


def test_a_tuple_is_written_as_a_list() -> None:
    assert decode(encode({"gates": ("a", "b")})) == {"gates": ["a", "b"]}


class Table(TableClient):
    """A table that may be written to."""

    def put(self, condition: str, values: dict[str, Any]) -> bool:
        return self._put("write it", {"id": "a", "owner": "me"}, condition, values)


@pytest.mark.parametrize(
    ("condition", "values", "added"),
    [
        ("attribute_not_exists(id)", {}, {}),
        ("size = :size", {":size": 1}, {"ExpressionAttributeValues": {":size": {"N": "1"}}}),
        (
            "#owner = :owner",
            {":owner": "me"},
            {
                "ExpressionAttributeValues": {":owner": {"S": "me"}},
                "ExpressionAttributeNames": {"#owner": "owner"},
            },
        ),
    ],
)
def test_an_item_is_written_under_a_condition(
    stub: Stubber, condition: str, values: dict[str, Any], added: dict[str, Any]
) -> None:
    item = {"id": {"S": "a"}, "owner": {"S": "me"}}
    stub.add_response("put_item", {}, {"TableName": "t", "Item": item, "ConditionExpression": condition, **added})
    assert Table(lambda: stub.client, "t").put(condition, values)


def test_an_item_that_does_not_fit_is_not_written(stub: Stubber) -> None:
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    assert not Table(lambda: stub.client, "t").put("attribute_not_exists(id)", {})
    stub.add_client_error("put_item", "ValidationException")
    with pytest.raises(ApiRefusedError):
        Table(lambda: stub.client, "t").put("attribute_not_exists(id)", {})
