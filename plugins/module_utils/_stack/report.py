# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a plan is shown: the two sides of a diff, a list of changes as plain data, a line of summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .kinds import HOLDS_DATA

if TYPE_CHECKING:
    from .compare import ResourceChange
    from .plan import StackPlan

Side = dict[str, Any]


def diff_of(plan: StackPlan, rules: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """``before`` and ``after`` with only what changes, and headers that name the stack.

    *rules* are the two sides of listener rules that move.
    """
    before: Side = {}
    after: Side = {}
    for change in plan.resources:
        left, right = _resource_sides(change)
        if left is not None:
            before.setdefault("resources", {})[_title(change)] = left
        if right is not None:
            after.setdefault("resources", {})[_title(change)] = right
    for section, pairs in (("outputs", plan.outputs), ("tags", plan.tags)):
        _add_pairs(before, after, section, pairs)
    if plan.termination_protection:
        before["termination_protection"], after["termination_protection"] = plan.termination_protection
    if plan.stack_policy:
        before["stack_policy"], after["stack_policy"] = plan.stack_policy
    if rules:
        before["listener_rules"], after["listener_rules"] = rules
    if plan.action == "create":
        before = {}
    return {
        "before": before,
        "after": after,
        "before_header": f"stack {plan.name}",
        "after_header": f"stack {plan.name} ({summary(plan)})",
    }


def _title(change: ResourceChange) -> str:
    return f"{change.logical_id} ({change.resource_type}{'' if change.certain else ', perhaps'})"


def _resource_sides(change: ResourceChange) -> tuple[Any, Any]:
    if change.action != "modify":
        body = _plain({key: item for key, item in change.body.items() if key != "Type"})
        return (body, None) if change.action == "remove" else (None, body)
    left: Side = {item.path: _plain(item.before) for item in change.properties if item.before is not None}
    right: Side = {item.path: _plain(item.after) for item in change.properties if item.after is not None}
    if change.replacement != "no":
        right["(replacement)"] = change.replacement
    if change.because:
        right["(reads what is replaced)"] = ", ".join(change.because)
    return left, right


def _add_pairs(before: Side, after: Side, section: str, pairs: Mapping[str, tuple[Any, Any]]) -> None:
    for key, (left, right) in pairs.items():
        if left is not None:
            before.setdefault(section, {})[key] = _plain(left)
        if right is not None:
            after.setdefault(section, {})[key] = _plain(right)


def _plain(value: Any) -> Any:
    """Without our own string class, which no serializer needs to know."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def changes_of(plan: StackPlan) -> list[dict[str, Any]]:
    """The resource changes as plain data, for a module's result."""
    return [
        {
            "action": change.action,
            "logical_id": change.logical_id,
            "resource_type": change.resource_type,
            "replacement": change.replacement,
            "holds_data": change.resource_type in HOLDS_DATA,
            "properties": [item.path for item in change.properties],
        }
        for change in plan.resources
    ]


def summary(plan: StackPlan) -> str:
    """A line, like ``create: 12 to add`` or ``update: 1 to modify (1 replaced), tags``."""
    if not plan.changed:
        return "no change"
    parts = []
    for action in ("add", "modify", "remove"):
        of_this = [change for change in plan.resources if change.action == action]
        certain = sum(change.certain for change in of_this)
        replaced = sum(change.replacement in {"yes", "maybe"} for change in of_this)
        if of_this:
            parts.append(
                f"{certain} to {action}"
                + (f" ({len(of_this) - certain} more perhaps)" if certain < len(of_this) else "")
                + (f" ({replaced} replaced or maybe so)" if replaced else "")
            )
    named = {
        "outputs": plan.outputs,
        "tags": plan.tags if plan.action == "update" else None,
        "termination protection": plan.termination_protection,
        "stack policy": plan.stack_policy,
    }
    parts += [name for name, value in named.items() if value]
    return f"{plan.action}: {', '.join(parts)}"
