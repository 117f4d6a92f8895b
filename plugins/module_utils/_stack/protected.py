# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an update replaces or removes, and what refuses to be deleted.

CloudFormation makes the new one and says that the update is complete; the old one stays behind, in no stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.commands import PROVISION
from .._errors import RefusedError
from .components import component_of

if TYPE_CHECKING:
    from .compare import ResourceChange
    from .plan import StackPlan
    from .ports import Ports
    from .types import StackSnapshot

_KEPT = {"Retain", "RetainExceptOnCreate"}


def refuse_protected(plan: StackPlan, snapshot: StackSnapshot | None, ports: Ports) -> None:
    """Raise `RefusedError` that lists what the update would delete and what protects itself against that."""
    going = {change.logical_id for change in plan.resources if _goes(change)}
    if snapshot is None or not going:
        return
    found = [
        f"{item.logical_id} ({item.resource_type} {item.physical_id})"
        for item in ports.stacks.list_stack_resources(snapshot.stack_id)
        if item.logical_id in going
        and item.physical_id
        and (state := ports.living.describe(item)) is not None
        and state.protected
    ]
    if found:
        component = component_of(plan.name)
        raise RefusedError(
            f"Stack {plan.name} was not touched: it would lose what refuses to be deleted and would stay behind, "
            f"{', '.join(found)}. Put the former value back. If it is meant, set {component}_deletion_protection to "
            f"false and run {PROVISION} --limit {component} with the former value first; then run again with the new "
            "value, and turn the protection on again afterwards.",
            protected=found,
        )


def _goes(change: ResourceChange) -> bool:
    if change.action == "remove":
        return change.body.get("DeletionPolicy") not in _KEPT
    return (
        change.action == "modify"
        and change.replacement == "yes"
        and change.body.get("UpdateReplacePolicy") not in _KEPT
    )
