# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A writing operation on a stack: start it, wait for it, and say what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._common.commands import PROVISION
from .._errors import OperationError, RolledBackError
from .components import component_of
from .events import describe_failures, operation_events
from .status import Standing, rolled_back, standing, succeeded
from .wait import wait_for_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ports import Ports
    from .types import StackSnapshot


@dataclass(frozen=True)
class Operation:
    """An operation under way.

    ``attempted`` is a verb for messages, ``began`` the clock's monotonic time; the token marks the operation's events.
    """

    attempted: str
    name: str
    timeout_seconds: float
    began: float
    token: str
    ports: Ports

    def outcome(self, stack_id: str | None = None) -> StackSnapshot | None:
        """The stack afterwards. Raises `OperationError` naming what failed first, or `WaitTimeoutError`."""
        snapshot = wait_for_stack(stack_id or self.name, self.ports, self.timeout_seconds, self.token)
        if self._is_good(snapshot):
            seen = "gone" if snapshot is None else snapshot.status
            elapsed = self.ports.clock.monotonic() - self.began
            self.ports.progress.say(f"{self.name}: {seen} after {elapsed:.0f} s")
            return snapshot
        raise self._failure(snapshot)

    def _is_good(self, snapshot: StackSnapshot | None) -> bool:
        if snapshot is None:
            return self.attempted == "delete"
        if self.attempted in {"continue the rollback of", "roll back"}:
            return standing(snapshot.status) is Standing.SETTLED
        return succeeded(snapshot.status)

    def _failure(self, snapshot: StackSnapshot | None) -> OperationError:
        tried = f"Tried to {self.attempted} stack {self.name}"
        if snapshot is None:
            return OperationError(f"{tried}, but it is gone: somebody else deleted it meanwhile. Run again.")
        causes = self._causes(snapshot) or snapshot.status_reason or "no event names a cause"
        back = rolled_back(snapshot.status)
        undone = " What it had changed was rolled back." if back else ""
        return (RolledBackError if back else OperationError)(
            f"{tried}; it ended {snapshot.status}. First to fail: {causes}.{undone} {way_on(snapshot)}",
            stack_status=snapshot.status,
            stack_id=snapshot.stack_id,
        )

    def _causes(self, snapshot: StackSnapshot) -> str:
        events = self.ports.stacks.describe_stack_events(snapshot.stack_id)
        return describe_failures(operation_events(events, self.token))


def way_on(snapshot: StackSnapshot) -> str:
    """What to do about a stack in which an operation failed."""
    component = component_of(snapshot.name)
    found = standing(snapshot.status)
    if found is Standing.DELETE_FAILED:
        return (
            "Put that right and run teardown.yml again; or leave a resource behind with "
            f"-e retain={component}.<LogicalId>."
        )
    if found is Standing.STUCK:
        return (
            f"Put that right and run again, which continues the rollback: {PROVISION}. Or leave a resource as it is "
            f"with -e skip_rollback={component}.<LogicalId>."
        )
    return "Put that right and run again."


def start(attempted: str, name: str, timeout_seconds: float, ports: Ports, call: Callable[[str], None]) -> Operation:
    """Start an operation by the call that takes its token."""
    operation = Operation(attempted, name, timeout_seconds, ports.clock.monotonic(), ports.new_token(), ports)
    call(operation.token)
    return operation


def delete(snapshot: StackSnapshot, timeout_seconds: float, ports: Ports, retain: Sequence[str] = ()) -> None:
    """Delete the stack, without what is to be retained, and wait until it is gone."""
    start(
        "delete",
        snapshot.name,
        timeout_seconds,
        ports,
        lambda token: ports.stacks.delete_stack(snapshot.name, token, retain),
    ).outcome(snapshot.stack_id)
