# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the release table's records: a number in the sort key, given by the table and by no clock.

A record is written behind the newest of its service under the condition that nobody else took that number. Sort keys
of before numbers were given hold a time, and sort before all that hold a number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._aws.table import TableClient
from .._errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMBERED = re.compile(r"seq-(\d{12})")
# How many numbers may be taken by others while this run looks for its own.
_ATTEMPTS = 100


def numbered_key(prefix: str, number: int) -> str:
    """The sort key of the record with *number* among those whose keys begin with *prefix*."""
    return f"{prefix}seq-{number:012d}"


def following_key(prefix: str, newest: str) -> str:
    """The sort key behind the *newest*; the first when that is empty or holds a time."""
    match = _NUMBERED.fullmatch(newest.removeprefix(prefix))
    return numbered_key(prefix, int(match[1]) + 1 if match else 1)


class SequencedTable(TableClient):
    """A release table whose records are numbered by service and kind."""

    def _records(self, attempted: str, service: str, prefix: str, **others: Any) -> Iterator[Any]:
        """The records whose sort keys begin with *prefix*, all pages, the newest first."""
        values = {":service": service, ":prefix": prefix, **others.pop("values", {})}
        return self._items(attempted, "service = :service AND begins_with(release_id, :prefix)", values, **others)

    def _append(self, attempted: str, prefix: str, record: Mapping[str, Any]) -> str:
        """Write *record* behind the newest of its service; the sort key that it got.

        Raises OperationError when others are quicker again and again.
        """
        newest = next(self._records(attempted, str(record["service"]), prefix, Limit=1), None)
        key = str(newest["release_id"]) if newest else ""
        for _attempt in range(_ATTEMPTS):
            key = following_key(prefix, key)
            item = {**record, "release_id": key}
            if self._put(attempted, item, "attribute_not_exists(release_id)", {}) or self._is_there(attempted, item):
                return key
        raise OperationError(
            f"Tried to {attempted}, but others took each of {_ATTEMPTS} numbers in release table {self._table}. "
            "Nothing was written. Run again when fewer runs write at once."
        )

    def _is_there(self, attempted: str, item: Mapping[str, Any]) -> bool:
        """Whether the table holds this very item: an answer may be lost after the item was written."""
        return self._get(attempted, {"service": item["service"], "release_id": item["release_id"]}) == item
