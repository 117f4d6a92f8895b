# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of DynamoDB: its items as plain data, read to the end, and written under a condition."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .api import ApiRefusedError, AwsClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_CONDITION_FAILED = "ConditionalCheckFailedException"


class TableClient(AwsClient):
    """One table."""

    label = "DynamoDB"

    def __init__(self, connect: Callable[[], Any], table: str) -> None:
        super().__init__(connect)
        self._table = table

    def _items(self, attempted: str, condition: str, values: Mapping[str, Any], **others: Any) -> Iterator[Any]:
        """The items whose keys fit *condition*, all pages, from the highest sort key down."""
        pages = self._pages(
            attempted,
            "query",
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=encode(values),
            ScanIndexForward=False,
            ConsistentRead=True,
            **others,
        )
        return (decode(item) for page in pages for item in page["Items"])

    def _get(self, attempted: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The item of *key* as it stands, or None."""
        answer = self._call(attempted, "get_item", TableName=self._table, Key=encode(key), ConsistentRead=True)
        return decode(answer["Item"]) if "Item" in answer else None

    def _put(self, attempted: str, item: Mapping[str, Any], condition: str, values: Mapping[str, Any]) -> bool:
        """Write *item* if what the table holds under its key fits *condition*; whether it did."""
        return self._change(attempted, "put_item", condition, values, Item=encode(item))

    def _delete(self, attempted: str, key: Mapping[str, Any], condition: str, values: Mapping[str, Any]) -> bool:
        """Delete the item of *key* if it fits *condition*; whether it did."""
        return self._change(attempted, "delete_item", condition, values, Key=encode(key))

    def _change(
        self, attempted: str, operation: str, condition: str, values: Mapping[str, Any], **arguments: Any
    ) -> bool:
        # DynamoDB refuses an empty mapping.
        given = {"ExpressionAttributeValues": encode(values)} if values else {}
        # "owner" is a word of DynamoDB's own, so that a condition has to write it with a mark.
        named = {"ExpressionAttributeNames": {"#owner": "owner"}} if "#owner" in condition else {}
        try:
            self._call(
                attempted,
                operation,
                TableName=self._table,
                ConditionExpression=condition,
                **arguments,
                **given,
                **named,
            )
        except ApiRefusedError as error:
            if error.code == _CONDITION_FAILED:
                return False
            raise
        return True


def encode(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data as DynamoDB's attribute values."""
    serializer = _types().TypeSerializer()
    return {name: serializer.serialize(value) for name, value in values.items()}


def decode(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's attribute values as plain data: whole numbers as int, others as float, binary as bytes."""
    deserializer = _types().TypeDeserializer()
    return {name: _plain(deserializer.deserialize(value)) for name, value in item.items()}


def _types() -> Any:
    # It loads boto3, which takes half a second, and is loaded where there is a table to ask.
    return import_module("boto3.dynamodb.types")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, _types().Binary):
        return value.value
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, set)):
        return type(value)(_plain(inner) for inner in value)
    return value
