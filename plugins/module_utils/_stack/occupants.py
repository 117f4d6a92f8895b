# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lives in something that an update takes away, like a load balancer in the subnets of a zone less.

CloudFormation applies such an update and then cannot delete the subnet, which stays behind with its stack settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.commands import TEARDOWN
from .._errors import RefusedError
from .kinds import PLACES
from .origins import named

if TYPE_CHECKING:
    from .plan import StackPlan
    from .ports import Ports
    from .types import StackSnapshot


def refuse_occupied(plan: StackPlan, snapshot: StackSnapshot | None, ports: Ports) -> None:
    """Raise `RefusedError` that lists whatever lives in a place that the update removes."""
    going = {change.logical_id for change in plan.resources if change.action == "remove"}
    places = {change.logical_id for change in plan.resources if change.resource_type in PLACES} & going
    taken = [change for change in plan.resources if change.logical_id in places]
    if snapshot is None or not places:
        return
    resources = [item for item in ports.stacks.list_stack_resources(snapshot.stack_id) if item.logical_id in places]
    found = [
        f"in {item.logical_id} ({item.resource_type} {item.physical_id}) live {', '.join(living)}"
        for item in resources
        if item.physical_id and (living := ports.living.occupants(item))
    ]
    if found:
        raise RefusedError(
            f"Stack {plan.name} was not touched, because this update takes away what others live in: "
            f"{'; '.join(found)}.{named(plan.asked_by, taken)} Put the former value back. If it is meant, take down "
            f"the components that live there first, {TEARDOWN} --limit <components>, and run again without a limit.",
            occupied=found,
        )
