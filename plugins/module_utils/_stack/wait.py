# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for a stack, showing what it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.wait import growing, timed_out, until
from .events import describe_failures, operation_events, progress_line, under_way
from .status import Standing, standing

if TYPE_CHECKING:
    from .._errors import WaitTimeoutError
    from .ports import Ports
    from .types import StackEvent, StackSnapshot

# The first line of progress comes early enough to be reassuring, later ones seldom enough not to drown a log.
_FIRST_LINE_SECONDS = 5.0
_NEXT_LINE_SECONDS = 15.0
# A stack that others wait for is seen to have settled within a twentieth of its time.
_PAUSE = growing(0.2, 5.0, share=0.05)


def wait_for_stack(
    stack_id: str, ports: Ports, timeout_seconds: float, token: str | None = None
) -> StackSnapshot | None:
    """The stack once no operation is under way; None when it is gone.

    Progress is told of the operation that carries *token*; without a token, of the newest operation. Raises
    `WaitTimeoutError` with the last snapshot and the resources still being worked on.
    """
    watch = _Watch(stack_id, ports, token)
    return until(
        watch.look,
        lambda snapshot: not _is_busy(snapshot),
        clock=ports.clock,
        seconds=timeout_seconds,
        pause=_PAUSE,
        on_timeout=watch.timeout,
    )


def _is_busy(snapshot: StackSnapshot | None) -> bool:
    return snapshot is not None and standing(snapshot.status) is Standing.BUSY


class _Watch:
    """Looks at a stack, and says now and then how far its operation is."""

    def __init__(self, stack_id: str, ports: Ports, token: str | None) -> None:
        self._stack_id = stack_id
        self._ports = ports
        self._token = token
        self._began = ports.clock.monotonic()
        self._next_line = _FIRST_LINE_SECONDS

    def look(self) -> StackSnapshot | None:
        snapshot = self._ports.stacks.describe_stack(self._stack_id)
        elapsed = self._ports.clock.monotonic() - self._began
        if snapshot is not None and _is_busy(snapshot) and elapsed >= self._next_line:
            self._ports.progress.say(progress_line(snapshot, self._events(), elapsed))
            self._next_line = elapsed + _NEXT_LINE_SECONDS
        return snapshot

    def timeout(self, snapshot: StackSnapshot | None, elapsed: float) -> WaitTimeoutError:
        events = self._events()
        working = ", ".join(f"{event.logical_id} ({event.resource_type})" for event in under_way(events))
        failures = describe_failures(events)
        status, reason = (snapshot.status, snapshot.status_reason) if snapshot else ("", "")
        return timed_out(
            f"Stack {snapshot.name if snapshot else self._stack_id} was still {status} after {elapsed:.0f} s. "
            f"Being worked on: {working or 'nothing named'}."
            + (f" Failed so far: {failures}." if failures else "")
            + " CloudFormation goes on by itself: run again to wait on, or raise timeout_seconds.",
            status=status,
            status_reason=reason,
            stack_id=snapshot.stack_id if snapshot else self._stack_id,
        )

    def _events(self) -> list[StackEvent]:
        return operation_events(self._ports.stacks.describe_stack_events(self._stack_id), self._token)
