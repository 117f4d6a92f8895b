# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that new resources would have and that something has already, in this stack or outside of it.

CloudFormation finds that when it makes the resource, and rolls back what it made before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError
from .compare import replacing
from .kinds import NAMES
from .left_behind import way_to_delete
from .origins import named
from .types import StackBusyError
from .unresolved import Unresolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .compare import ResourceChange
    from .plan import StackPlan
    from .ports import Ports
    from .types import StackResource, StackSnapshot

_GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})


def refuse_taken(plan: StackPlan, snapshot: StackSnapshot | None, ports: Ports) -> None:
    """Raise `RefusedError` that lists the names that are taken, as far as anybody looks.

    *snapshot* is the stack as it was found. Raises `StackBusyError` when somebody else makes it meanwhile.
    """
    taken = [
        (change, name)
        for change in plan.resources
        if (name := _new_name(change)) and ports.living.is_taken(change.resource_type, name)
    ]
    if not taken:
        return
    if snapshot is None and ports.stacks.describe_stack(plan.name) is not None:
        raise StackBusyError(f"Stack {plan.name} was made meanwhile.")
    of_stack = ports.stacks.list_stack_resources(snapshot.stack_id) if snapshot else ()
    holders = [_holder(change, name, of_stack) for change, name in taken]
    found = [
        (change, name, holder)
        for (change, name), holder in zip(taken, holders, strict=True)
        # Its own name, only written otherwise.
        if holder != change.logical_id
    ]
    if found:
        raise RefusedError(
            f"Stack {plan.name} was not touched, because " + " And ".join([*_outside(found), *_inside(plan, found)]),
            taken=[_label(change, name) for change, name, _holder in found],
        )


_Taken = tuple["ResourceChange", str, str]


def _outside(found: Sequence[_Taken]) -> list[str]:
    """What has a name in the account, and how it is deleted where it is left over."""
    told = [
        f"{_label(change, name)}; if it is left over: {way_to_delete(change.resource_type, name)})"
        for change, name, holder in found
        if not holder
    ]
    if not told:
        return []
    words = (
        f"the account already has, outside of this stack, what would get the same name: {'; '.join(told)}. See whose "
        "it is. Delete it, or rename it where it is made, and run again."
    )
    return [words]


def _inside(plan: StackPlan, found: Sequence[_Taken]) -> list[str]:
    """What has a name in this very stack, where it lives and is nobody's to delete by hand."""
    told = [(change, f"{_label(change, name)}), which {holder} holds") for change, name, holder in found if holder]
    if not told:
        return []
    asked = named(plan.asked_by, [change for change, _words in told])
    words = (
        "what is made would get the name of another resource of this stack, which holds it until the end of the "
        f"update: {'; '.join(words for _change, words in told)}.{asked} Put the former value back, keep the logical "
        "id, or take another name."
    )
    return [words]


def _label(change: ResourceChange, name: str) -> str:
    return f"{change.logical_id} ({change.resource_type} {name}"


def _new_name(change: ResourceChange) -> str:
    """The one name that what is made will have, where it is certain and known; empty where it keeps its name."""
    names = NAMES.get(change.resource_type, ())
    if len(names) != 1 or not change.certain:
        return ""
    renamed = any(item.path == f"Properties.{names[0]}" for item in replacing(change))
    if change.action == "remove" or (change.action == "modify" and not renamed):
        return ""
    name = change.body.get("Properties", {}).get(names[0])
    return name if isinstance(name, str) and not isinstance(name, Unresolved) else ""


def _holder(change: ResourceChange, name: str, resources: Sequence[StackResource]) -> str:
    """The logical id of the stack's own resource that has the name; empty when none has."""
    return next(
        (
            item.logical_id
            for item in resources
            if item.resource_type == change.resource_type
            and item.status not in _GONE
            and name.casefold() in _names(item.physical_id.casefold())
        ),
        "",
    )


def _names(physical_id: str) -> set[str]:
    """What a resource may be called: its id, or where that is an ARN, a part of its path."""
    return {physical_id, *physical_id.split("/")} if physical_id.startswith("arn:") else {physical_id}
