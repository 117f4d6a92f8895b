# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that new resources would have and that something in the account has already.

CloudFormation finds that when it makes the resource, and rolls back what it made before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError
from .kinds import NAMES
from .left_behind import way_to_delete
from .types import StackBusyError
from .unresolved import Unresolved

if TYPE_CHECKING:
    from .compare import ResourceChange
    from .plan import StackPlan
    from .ports import Ports
    from .types import StackSnapshot


def refuse_taken(plan: StackPlan, snapshot: StackSnapshot | None, ports: Ports) -> None:
    """Raise `RefusedError` that lists the names that are taken, as far as anybody looks.

    *snapshot* is the stack as it was found. Raises `StackBusyError` when somebody else makes it meanwhile.
    """
    named = [(change, name) for change in plan.resources if change.action == "add" and (name := _name(change))]
    found = [
        f"{change.logical_id} ({change.resource_type} {name}; if it is left over: "
        f"{way_to_delete(change.resource_type, name)})"
        for change, name in named
        if ports.living.is_taken(change.resource_type, name)
    ]
    if not found:
        return
    if snapshot is None and ports.stacks.describe_stack(plan.name) is not None:
        raise StackBusyError(f"Stack {plan.name} was made meanwhile.")
    raise RefusedError(
        f"Stack {plan.name} was not touched, because the account already has, outside of this stack, what would get "
        f"the same name: {'; '.join(found)}. See whose it is. Delete it, or rename it where it is made, and run again.",
        taken=found,
    )


def _name(change: ResourceChange) -> str:
    """The one name that the resource will have, where it is certain and known."""
    names = NAMES.get(change.resource_type, ())
    if len(names) != 1 or not change.certain:
        return ""
    name = change.body.get("Properties", {}).get(names[0])
    return name if isinstance(name, str) and not isinstance(name, Unresolved) else ""
