# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of resources that are in no stack any more: what they cost, and how they are deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Found = Mapping[str, Any]


def left_behind(stacks: Mapping[tuple[str, str], Sequence[Found]], *, deletes: bool, check_mode: bool) -> list[str]:
    """Lines on what is left behind, by component and stack. *deletes*: by this run, not by earlier ones."""
    found = [(component, item) for (component, _stack), items in stacks.items() for item in items]
    if not found:
        return []
    usd = sum(float(item.get("usd") or 0) for _component, item in found)
    # Keys cost by their number, everything else by what it stores.
    priced = f"{usd:.2f} USD a month and what they store" if usd else "what they store"
    if deletes:
        first = f"{'These would stay' if check_mode else 'These stay'} behind, and cost {priced}. They are deleted so:"
    else:
        first = (
            f"Earlier deletions left these behind, which cost {priced}. Nothing is taken back: new ones are made. What "
            "you do not need any more is deleted so, unless it is gone by now:"
        )
    return [first, *(f"  {_line(component, item)}" for component, item in found)]


def _line(component: str, item: Found) -> str:
    what = "a last snapshot of " if item.get("is_snapshot") else ""
    named = f"{item.get('resource_type')} {item.get('physical_id')}"
    return f"{component}.{item.get('logical_id')} ({what}{named}): {item.get('delete')}"
