# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan would do to each resource, as rows: what loses data first, what only comes last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Nobody reads more rows; the summary's lines count them all.
_MOST_ROWS = 200
_REPLACED = {"yes": "replace", "maybe": "replace, perhaps", "unknown": "replace, perhaps"}
_ORDER = ("replace", "remove", "replace, perhaps", "modify", "add")

Row = tuple[str, str, str, str]


@dataclass
class PlanTable:
    """The rows of the components that were planned so far."""

    planned: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def add(self, host: str, result: Mapping[str, Any]) -> None:
        """Keep what a module's *result* would change; of a component that is planned twice, the latest."""
        changes = result.get("changes")
        if isinstance(changes, list):
            self.planned[host] = [change for change in changes if isinstance(change, dict)]

    @property
    def rows(self) -> list[Row]:
        """What happens, the resource, its type, and the properties; what holds data and goes comes first."""
        found = [(host, change) for host, changes in self.planned.items() for change in changes]
        found.sort(key=lambda item: (_rank(item[1]), item[0], str(item[1].get("logical_id"))))
        rows = [_row(host, change) for host, change in found[:_MOST_ROWS]]
        left = len(found) - len(rows)
        return [*rows, *([("...", f"{left} more", "", "")] if left else [])]


def _action(change: Mapping[str, Any]) -> str:
    action = str(change.get("action", ""))
    return _REPLACED.get(str(change.get("replacement")), action) if action == "modify" else action


def _rank(change: Mapping[str, Any]) -> tuple[bool, int]:
    action = _action(change)
    place = _ORDER.index(action) if action in _ORDER else len(_ORDER)
    return not _loses(change), place


def _loses(change: Mapping[str, Any]) -> bool:
    return bool(change.get("holds_data")) and _action(change) not in {"modify", "add"}


def _row(host: str, change: Mapping[str, Any]) -> Row:
    action = _action(change) + (" (holds data)" if _loses(change) else "")
    properties = change.get("properties")
    listed = ", ".join(map(str, properties)) if isinstance(properties, list) else ""
    return action, f"{host}.{change.get('logical_id', '')}", str(change.get("resource_type", "")), listed
