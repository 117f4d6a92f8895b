# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Get a stack out of a state in which it can be neither compared nor updated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._common.commands import TEARDOWN
from .._errors import RefusedError
from .components import component_of
from .obstacles import refuse_obstacles
from .operation import delete, start
from .status import Standing, standing
from .template import Model
from .wait import wait_for_stack

if TYPE_CHECKING:
    from .ports import Ports
    from .types import StackRequest, StackSnapshot


def settle(request: StackRequest, ports: Ports) -> StackSnapshot | None:
    """The stack with no operation under way, whoever started the last operation."""
    snapshot = ports.stacks.describe_stack(request.name)
    if snapshot is None or standing(snapshot.status) is not Standing.BUSY:
        return snapshot
    ports.progress.say(f"{request.name}: {snapshot.status} by an earlier operation; waiting for it to end")
    return wait_for_stack(request.name, ports, request.timeout_seconds)


def usable(
    snapshot: StackSnapshot | None, request: StackRequest, ports: Ports, check_mode: bool
) -> StackSnapshot | None:
    """The stack to compare with, after clearing away what can be cleared. None: it is to be created."""
    found = standing(None if snapshot is None else snapshot.status)
    if snapshot is None or found is Standing.ABSENT:
        return None
    if found is Standing.STILLBORN:
        protected = replace(request, termination_protection=False, needed_by={})
        refuse_obstacles(protected, snapshot, Model(), ports)
        if not check_mode:
            _clear_stillborn(snapshot, request, ports)
        return None
    if found in {Standing.STUCK, Standing.HALTED} and not check_mode:
        return _roll_back(snapshot, request, ports)
    if found in {Standing.SETTLED, Standing.STUCK, Standing.HALTED}:
        return snapshot
    raise RefusedError(
        f"Stack {request.name} is {snapshot.status} ({snapshot.status_reason or 'no reason given'}), which cannot be "
        f"updated. {_way_out(found, snapshot, ports)}"
    )


def _way_out(found: Standing, snapshot: StackSnapshot, ports: Ports) -> str:
    component = component_of(snapshot.name)
    teardown = f"{TEARDOWN} --limit {component}"
    left = _left_over(snapshot, ports)
    if found is Standing.DELETE_FAILED:
        return f"Finish deleting it ({teardown}), then run again. {left}"
    if snapshot.status.startswith("IMPORT_"):
        return (
            "An import into it did not finish, nor its rollback, and CloudFormation lets such a stack only be deleted. "
            "AWS Support alone brings it back with what it holds: ask there first if it holds data. Otherwise delete "
            f"it ({teardown}), which keeps what a DeletionPolicy keeps and stops at what is protected, and run again. "
            f"{left}"
        )
    return (
        f"It was left as it failed, and never stood as a whole. {left} See what of that holds data; what is protected "
        f"is not deleted. Then delete it ({teardown}) and run again."
    )


def _clear_stillborn(snapshot: StackSnapshot, request: StackRequest, ports: Ports) -> None:
    """Delete a stack that never stood. It was never in use, so it holds no data; what it retained stays."""
    left = _left_over(snapshot, ports)
    ports.progress.say(
        f"{request.name}: {snapshot.status}, its creation never completed; deleting it to create it again. {left}"
    )
    if snapshot.termination_protection:
        ports.stacks.update_termination_protection(request.name, enabled=False)
    delete(snapshot, request.timeout_seconds, ports)


def _left_over(snapshot: StackSnapshot, ports: Ports) -> str:
    resources = ports.stacks.list_stack_resources(snapshot.stack_id)
    left = [item for item in resources if item.physical_id and item.status != "DELETE_COMPLETE"]
    named = ", ".join(f"{item.logical_id} ({item.physical_id}, {item.status})" for item in left)
    return f"Still there: {named}." if named else "It has no resources left."


def _roll_back(snapshot: StackSnapshot, request: StackRequest, ports: Ports) -> StackSnapshot | None:
    """Bring a stack whose update or rollback stopped half-way back to where it stood."""
    if standing(snapshot.status) is Standing.HALTED:
        ports.progress.say(f"{request.name}: {snapshot.status}; rolling the update back first")
        return start(
            "roll back",
            request.name,
            request.timeout_seconds,
            ports,
            lambda token: ports.stacks.rollback_stack(request.name, token),
        ).outcome()
    ports.progress.say(f"{request.name}: {snapshot.status}; continuing the rollback first")
    return start(
        "continue the rollback of",
        request.name,
        request.timeout_seconds,
        ports,
        lambda token: ports.stacks.continue_update_rollback(request.name, token, request.skip_rollback),
    ).outcome()
