# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back while the deployment is under way: ECS rolls it back itself, and that is watched until it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.wait import until
from ..._release.record import Outcome
from ..service.deployment import DeploymentState
from .arrival import DELETED, ask, await_arrival, home_group, unfinished
from .destination import Undone
from .redeploy import redeploy

if TYPE_CHECKING:
    from ..session import Session
    from ..strategies.model import Started
    from .destination import WayBack
    from .snapshot import Snapshot

_ENDED = frozenset(
    {
        DeploymentState.ROLLED_BACK,
        DeploymentState.STOPPED,
        DeploymentState.SUCCESSFUL,
        DeploymentState.ROLLBACK_FAILED,
    }
)


def await_rollback(session: Session, started: Started, back: WayBack, snapshot: Snapshot) -> Undone:
    """Wait for the end of the rollback that ECS is at; when it ends elsewhere, deploy the revision before instead."""
    began = session.monotonic()
    state = until(
        lambda: _look(session, started),
        lambda seen: seen is None or seen in _ENDED,
        clock=session,
        seconds=session.request.timeout_seconds,
        pause=session.request.poll_seconds,
        on_timeout=lambda seen, _elapsed: unfinished(session, back, seen.value if seen else ""),
    )
    if state is None:
        return Undone(Outcome.FAILED, f"ECS was rolling the service back to {back.version}, but {DELETED}.")
    if state is DeploymentState.ROLLBACK_FAILED:
        session.say("ECS could not roll back; deploying the revision before instead")
    if state in (DeploymentState.ROLLBACK_FAILED, DeploymentState.SUCCESSFUL):
        return redeploy(session, started.strategy, back, snapshot)
    left = session.request.timeout_seconds - (session.monotonic() - began)
    arrival = await_arrival(session, back, left, home_group(session, snapshot))
    if arrival.lost:
        return Undone(Outcome.FAILED, f"ECS rolled the service back to {back.version}, but {arrival.lost}.")
    if not arrival.healthy:
        session.say(f"the service went to {arrival.task_definition_arn}, not to {back.version}; deploying that")
        return redeploy(session, started.strategy, back, snapshot)
    return Undone(
        Outcome.ROLLED_BACK,
        f"The service is back on {back.version} ({back.revision}), all of its {arrival.desired} tasks healthy in the "
        "target group.",
    )


def _look(session: Session, started: Started) -> DeploymentState | None:
    """How the deployment stands; None when the service is gone, so that it never ends."""
    request, ecs = session.request, session.ports.ecs
    service = ask(session, lambda: (ecs.describe_service(request.cluster, request.service),))
    if service and (service[0] is None or service[0].status != "ACTIVE"):
        return None
    standing = ask(session, lambda: started.strategy.follow(session, started))
    return standing.state if standing else DeploymentState.UNKNOWN
