# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a stack's events: what failed first, and what is being worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.amount import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .types import StackEvent, StackSnapshot

_STACK = "AWS::CloudFormation::Stack"
# CloudFormation reports these for resources that it stopped because another resource had failed.
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")
# The reason of a stack's own first event in each operation.
_BEGINNING = "User Initiated"


def operation_events(events: Iterable[StackEvent], token: str | None = None) -> list[StackEvent]:
    """The events of the operation that carries the token; without a token, those of the newest operation.

    *events* come newest first and are read no further than the operation's beginning. So no clock decides which events
    belong to an operation: neither that of the controller nor that of CloudFormation.
    """
    found: list[StackEvent] = []
    for event in events:
        token = event.token if token is None else token
        if event.token == token:
            found.append(event)
            if event.reason == _BEGINNING:
                break
        elif found:
            break
    return found


def first_failures(events: Iterable[StackEvent], limit: int = 3) -> list[StackEvent]:
    """The earliest failed resources, oldest first, without those that only failed because of them.

    Of a resource that failed more than once the first failure counts. The stack's own failure is named only when no
    resource failed.
    """
    failed = sorted((event for event in events if event.status.endswith("_FAILED")), key=lambda event: event.at)
    causes = [event for event in failed if not event.reason.startswith(_CONSEQUENCES)] or failed
    resources = [event for event in causes if event.resource_type != _STACK] or causes
    by_resource: dict[str, StackEvent] = {}
    for event in resources:
        by_resource.setdefault(event.logical_id, event)
    return list(by_resource.values())[:limit]


def describe_failures(events: Iterable[StackEvent]) -> str:
    """The first failures in words, or an empty string."""
    return "; ".join(
        f"{event.logical_id} ({event.resource_type}) {event.status}: {event.reason.rstrip('. ') or 'no reason given'}"
        for event in first_failures(events)
    )


def under_way(events: Sequence[StackEvent]) -> list[StackEvent]:
    """Resources whose latest event says that they are being worked on, longest first."""
    latest: dict[str, StackEvent] = {}
    started: dict[str, StackEvent] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.resource_type == _STACK:
            continue
        previous = latest.get(event.logical_id)
        if previous is None or previous.status != event.status:
            started[event.logical_id] = event
        latest[event.logical_id] = event
    return [started[name] for name, event in latest.items() if event.status.endswith("_IN_PROGRESS")]


def finished(events: Iterable[StackEvent]) -> int:
    """How many resources are done."""
    latest = {event.logical_id: event for event in sorted(events, key=lambda event: event.at)}
    return sum(event.status.endswith("_COMPLETE") for event in latest.values() if event.resource_type != _STACK)


def progress_line(snapshot: StackSnapshot, events: Sequence[StackEvent], elapsed_seconds: float) -> str:
    """A line about an operation: how long it was waited for, what is done, what is being worked on and since when."""
    working = under_way(events)
    now = _their_now(events, elapsed_seconds)
    shown = ", ".join(f"{event.logical_id} {now - event.at:.0f} s" for event in working[:3])
    more = f" and {len(working) - 3} more" if len(working) > 3 else ""
    current = f"; {shown}{more}" if shown else ""
    return (
        f"{snapshot.name}: {snapshot.status} {elapsed_seconds:.0f} s, "
        f"{amount(finished(events), 'resource')} done{current}"
    )


def _their_now(events: Iterable[StackEvent], elapsed_seconds: float) -> float:
    """The time by CloudFormation's clock, which may differ from the controller's.

    It is not before the newest event, nor before the first event and the time that was waited since.
    """
    times = [event.at for event in events]
    return max(*times, min(times) + elapsed_seconds) if times else 0.0
