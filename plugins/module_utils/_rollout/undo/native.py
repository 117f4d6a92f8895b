# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back while the deployment is under way: ECS rolls it back itself, and that is watched until it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._release.record import Outcome
from ..service.deployment import DeploymentState
from .arrival import await_arrival, home_groups
from .destination import Undone
from .ending import await_end
from .meanwhile import Meanwhile
from .redeploy import redeploy

if TYPE_CHECKING:
    from ..session import Session
    from ..strategies.model import Started
    from .destination import WayBack
    from .restore import Restoration


def await_rollback(session: Session, started: Started, back: WayBack, restoration: Restoration) -> Undone:
    """Wait for the end of the rollback that ECS is at; when it ends elsewhere, deploy the revision before instead."""
    groups = home_groups(session, restoration.snapshot)
    meanwhile = Meanwhile(session, restoration, groups)
    began = session.monotonic()
    ending = await_end(session, started, back, meanwhile)
    if ending.lost:
        return Undone(Outcome.FAILED, f"ECS was rolling the service back to {back.version}, but {ending.lost}.")
    if ending.state is DeploymentState.ROLLBACK_FAILED:
        session.say("ECS could not roll back; deploying the revision before instead")
    if ending.state in (DeploymentState.ROLLBACK_FAILED, DeploymentState.SUCCESSFUL):
        return redeploy(session, started.strategy, back, restoration)
    left = session.request.timeout_seconds - (session.monotonic() - began)
    arrival = await_arrival(session, back, left, groups, meanwhile)
    if arrival.lost:
        return Undone(Outcome.FAILED, f"ECS rolled the service back to {back.version}, but {arrival.lost}.")
    if not arrival.healthy:
        session.say(f"the service went to {arrival.task_definition_arn}, not to {back.version}; deploying that")
        return redeploy(session, started.strategy, back, restoration)
    return Undone(
        Outcome.ROLLED_BACK,
        f"The service is back on {back.version} ({back.revision}), {arrival}.",
    )
