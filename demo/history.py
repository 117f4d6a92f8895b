# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The release table of an environment, as docs/contracts.md describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.platform import Platform

RELEASES = "R#"
PROMOTIONS = "P#"
SERVICE = "inference"


@dataclass(frozen=True)
class History:
    """What was released and promoted in an environment, the newest first: the table's items as they are."""

    environment: str
    releases: tuple[Mapping[str, Any], ...]
    promotions: tuple[Mapping[str, Any], ...]


def read(platform: Platform) -> History:
    """All records of the environment's release table."""
    return History(platform.environment, _items(platform, RELEASES), _items(platform, PROMOTIONS))


def _items(platform: Platform, prefix: str) -> tuple[Mapping[str, Any], ...]:
    table = platform.table(platform.outputs("service")["ReleaseTableName"])
    arguments: dict[str, Any] = {
        "KeyConditionExpression": "service = :service AND begins_with(release_id, :prefix)",
        "ExpressionAttributeValues": {":service": SERVICE, ":prefix": prefix},
        "ScanIndexForward": False,
        "ConsistentRead": True,
    }
    items: list[Mapping[str, Any]] = []
    while True:
        answer = table.query(**arguments)
        items += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return tuple(items)
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
