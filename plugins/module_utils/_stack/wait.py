# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait for a stack, showing what it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import WaitTimeoutError
from .events import describe_failures, progress_line, under_way
from .status import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from .ports import Ports
    from .types import StackEvent, StackSnapshot

# The first line of progress comes early enough to be reassuring, later ones seldom enough not to drown a log.
_FIRST_LINE_SECONDS = 5.0
_NEXT_LINE_SECONDS = 15.0
_SHORTEST_POLL_SECONDS = 0.2
_CHEAP_POLL_SECONDS = 0.2
_LONGEST_POLL_SECONDS = 5.0


def pause_seconds(elapsed_seconds: float) -> float:
    """How long to sleep before looking again: short while young, at most five seconds."""
    return min(_LONGEST_POLL_SECONDS, max(_SHORTEST_POLL_SECONDS, elapsed_seconds / 10))


def wait_until(done: Callable[[], bool], ports: Ports, timeout_seconds: float, on_timeout: Callable[[], str]) -> None:
    """Look at something cheap until it is done. Raises `WaitTimeoutError` with the text of ``on_timeout``."""
    started = ports.clock.now()
    while not done():
        elapsed = ports.clock.now() - started
        if elapsed >= timeout_seconds:
            raise WaitTimeoutError(on_timeout())
        ports.clock.sleep(min(_CHEAP_POLL_SECONDS, timeout_seconds - elapsed))


def wait_for_stack(stack_id: str, ports: Ports, timeout_seconds: float) -> StackSnapshot | None:
    """The stack once no operation is under way; None when it is gone.

    Raises `WaitTimeoutError` with the last snapshot and the resources still being worked on.
    """
    started = next_line = ports.clock.now()
    next_line += _FIRST_LINE_SECONDS
    while True:
        snapshot = ports.stacks.describe_stack(stack_id)
        if snapshot is None or standing(snapshot.status) is not Standing.BUSY:
            return snapshot
        now = ports.clock.now()
        elapsed = now - started
        if elapsed >= timeout_seconds:
            events = ports.stacks.describe_stack_events(stack_id, started)
            raise _timeout(snapshot, list(events), elapsed)
        if now >= next_line:
            events = ports.stacks.describe_stack_events(stack_id, started)
            ports.say(progress_line(snapshot, events, elapsed, now))
            next_line = now + _NEXT_LINE_SECONDS
        ports.clock.sleep(min(pause_seconds(elapsed), timeout_seconds - elapsed))


def _timeout(snapshot: StackSnapshot, events: list[StackEvent], elapsed: float) -> WaitTimeoutError:
    working = ", ".join(f"{event.logical_id} ({event.resource_type})" for event in under_way(events)) or "nothing named"
    failures = describe_failures(events)
    return WaitTimeoutError(
        f"Stack {snapshot.name} was still {snapshot.status} after {elapsed:.0f} s. Being worked on: {working}."
        + (f" Failed so far: {failures}." if failures else "")
        + " CloudFormation goes on by itself: run again to wait on, or raise timeout_seconds.",
        last={"status": snapshot.status, "status_reason": snapshot.status_reason, "stack_id": snapshot.stack_id},
    )
