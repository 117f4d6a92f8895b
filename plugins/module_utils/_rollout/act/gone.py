# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until a service is gone: ECS refuses to create one while the old one of its name drains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._common.wait import timed_out, until
from ..strategies.service_events import said_of

if TYPE_CHECKING:
    from ..._errors import WaitTimeoutError
    from ..session import Session
    from ..values import Service

_DRAIN_SECONDS = 600.0


def await_gone(session: Session) -> None:
    """Wait until no service of the name is left. Raises WaitTimeoutError after ten minutes."""
    request = session.request

    def look() -> Service | None:
        return session.ports.ecs.describe_service(request.cluster, request.service)

    def still_there(last: Service | None, _elapsed: float) -> WaitTimeoutError:
        status, running = (last.status, last.running_count) if last else ("", 0)
        return timed_out(
            f"Service {request.service} is still {status} after {_DRAIN_SECONDS:g} s, with {amount(running, 'task')} "
            f"running. Run again when it is gone.{said_of(last)}",
            status=status,
            running_count=running,
        )

    service = look()
    if service is None:
        return
    session.say(f"the old service is {service.status}; waiting until it is gone")
    until(
        look,
        lambda last: last is None,
        clock=session,
        seconds=_DRAIN_SECONDS,
        pause=min(request.poll_seconds, 2.0),
        on_timeout=still_there,
    )
