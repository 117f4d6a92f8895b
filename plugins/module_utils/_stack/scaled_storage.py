# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage that RDS scaled by itself, of which the stack knows nothing: an update cannot go below it.

Amazon RDS User Guide, "Managing capacity automatically with Amazon RDS storage autoscaling".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError
from .origins import named
from .template import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .compare import ResourceChange
    from .plan import StackPlan
    from .ports import Ports
    from .types import StackSnapshot

_DATABASE = "AWS::RDS::DBInstance"
#: The limits of storage, and how many tenths of what the database has each has to be at least.
_TENTHS = {"AllocatedStorage": 10, "MaxAllocatedStorage": 11}


def refuse_less_storage(plan: StackPlan, snapshot: StackSnapshot | None, ports: Ports) -> None:
    """Raise `RefusedError` when the plan would give a database less storage than it has by now."""
    changes = {change.logical_id: change for change in plan.resources if _wanted(change)}
    if snapshot is None or not changes:
        return
    resources = [item for item in ports.stacks.list_stack_resources(snapshot.stack_id) if item.logical_id in changes]
    found: list[str] = []
    for item in resources:
        state = ports.living.describe(item) if item.physical_id else None
        if state is not None and state.storage_gib:
            found += _too_little(changes[item.logical_id], state.storage_gib)
    if found:
        raise RefusedError(
            f"Stack {plan.name} was not touched, because RDS would refuse this update: {'; '.join(found)}. RDS scaled "
            f"the storage, which never shrinks.{named(plan.asked_by, list(changes.values()))}",
            impossible=found,
        )


def _wanted(change: ResourceChange) -> dict[str, int]:
    """The new limits of a database that is changed in place."""
    if change.action != "modify" or change.resource_type != _DATABASE or change.replacement == "yes":
        return {}
    after = {item.path.removeprefix("Properties."): scalar(item.after) for item in change.properties}
    return {name: int(after[name]) for name in _TENTHS if after.get(name, "").isdecimal()}


def _too_little(change: ResourceChange, has: int) -> Iterator[str]:
    for name, wanted in _wanted(change).items():
        least = -(-has * _TENTHS[name] // 10)
        if wanted < least:
            yield (
                f"{change.logical_id} ({_DATABASE}) has {has} GiB by now, and {name} would be {wanted}; "
                f"it has to be {least} at least"
            )
