# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECS and the load balancer tell about why tasks do not come up, in words and in bounds.

Sources: "Amazon ECS service event messages" in the ECS developer guide, and ``TargetHealth`` of the Elastic Load
Balancing API.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ..values import ServiceEvent, Target

_MOST_EVENTS, _LONGEST_EVENT, _ROUTINE_SHOWN = 5, 300, 2
# Events that say that ECS does its work. Everything else tells something.
_ROUTINE = re.compile(
    r"has reached a steady state|has started \d+ tasks|has stopped \d+ running tasks|registered \d+ targets"
    r"|has begun draining connections|deployment completed|updated computed desiredCount"
)
_NAMES = re.compile(r"\([^()]*\)|\b[0-9a-f]{8,}\b")
_SERVICE = re.compile(r"^\(service [^()]*\) ")

_TARGETS: Mapping[str, str] = {
    "Elb.RegistrationInProgress": "it is still being registered",
    "Elb.InitialHealthChecking": "its first health checks are under way",
    "Elb.InternalError": "the load balancer had an error of its own",
    "Target.ResponseCodeMismatch": "its health check answered another status than the target group expects",
    "Target.Timeout": "its health check was not answered in time",
    "Target.FailedHealthChecks": "its health check found nobody, or the connection broke",
    "Target.NotRegistered": "it is not registered",
    "Target.NotInUse": "no listener forwards to its target group, or its zone is not enabled at the load balancer",
    "Target.DeregistrationInProgress": "it is being deregistered",
    "Target.InvalidState": "it is stopped",
    "Target.IpUnusable": "its address is used by a load balancer",
    "Target.HealthCheckDisabled": "health checks are off",
}


def target_words(target: Target) -> str:
    """The state of *target*, and why: the API's code, what it means, and what the API adds."""
    if not target.reason:
        return target.state
    meaning = _TARGETS.get(target.reason, "")
    added = target.description if any(map(str.isdigit, target.description)) or not meaning else ""
    words = ", ".join(part for part in (meaning, added.rstrip(".")) if part)
    return f"{target.state} ({target.reason}{f': {words}' if words else ''})"


def events_in_words(events: Iterable[ServiceEvent], since: datetime | None) -> str:
    """What ECS said at or after *since*, the newest first, equal events once; empty when it said nothing.

    What tells nothing is left out, unless there is nothing else.
    """
    recent = [event for event in events if since is None or event.created_at >= since]
    recent.sort(key=lambda event: event.created_at, reverse=True)
    telling = [event.text for event in recent if not _ROUTINE.search(event.text)]
    texts = telling or [event.text for event in recent][:_ROUTINE_SHOWN]
    counted: dict[str, tuple[str, int]] = {}
    for text in texts:
        kind = _NAMES.sub("", text)
        first, count = counted.get(kind, (text, 0))
        counted[kind] = (first, count + 1)
    shown = [_shortened(text) + (f" ({count} times)" if count > 1 else "") for text, count in counted.values()]
    return " | ".join(shown[:_MOST_EVENTS])


def _shortened(text: str) -> str:
    plain = " ".join(_SERVICE.sub("", text).split()).rstrip(".")
    return plain if len(plain) <= _LONGEST_EVENT else f"{plain[:_LONGEST_EVENT]}..."
