# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Going back after the deployment has completed: a new deployment of the revision before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.wait import until
from ..._release.record import Outcome
from ..deployment import DeploymentState
from ..writes import ServiceChange
from .arrival import ask, await_arrival, unfinished
from .way import Undone

if TYPE_CHECKING:
    from ..deployment import ServiceDeployment
    from ..read import Facts
    from ..session import Session
    from ..strategies.model import Started, Strategy
    from .way import WayBack


def redeploy(session: Session, facts: Facts, strategy: Strategy, back: WayBack) -> Undone:
    """Deploy what *back* names, with the settings that were found, and wait until it is healthy."""
    session.say(f"deploying {back.version} again")
    again = strategy.update(session, _change(session, facts, back), back.task_definition_arn)
    began = session.monotonic()
    deployment = _await_end(session, again, back)
    if deployment.state is not DeploymentState.SUCCESSFUL:
        reason = f" ({deployment.reason})" if deployment.reason else ""
        return Undone(
            Outcome.FAILED,
            f"Going back to {back.version} failed as well: service deployment {again.arn} is {deployment.state.value}"
            f"{reason}. The service may be running a mixture; look at its events, then run playbooks/rollback.yml with "
            "a version that is known to be good.",
        )
    arrival = await_arrival(session, back, session.request.timeout_seconds - (session.monotonic() - began))
    if not arrival.healthy:
        return Undone(
            Outcome.FAILED,
            f"While going back to {back.version}, another change set the service to {arrival.task_definition_arn}.",
        )
    return Undone(
        Outcome.ROLLED_BACK,
        f"A new deployment put the service back on {back.version} ({back.revision}), all of its {arrival.desired} "
        "tasks healthy in the target group.",
    )


def _change(session: Session, facts: Facts, back: WayBack) -> ServiceChange:
    request, before = session.request, facts.found.service
    service = session.ports.ecs.describe_service(request.cluster, request.service)
    same = service is not None and service.task_definition_arn == back.task_definition_arn
    return ServiceChange(
        settings=before.settings if before else request.settings,
        changed=facts.plan.setting_changes,
        task_definition_arn="" if same else back.task_definition_arn,
        force=same,
    )


def _await_end(session: Session, again: Started, back: WayBack) -> ServiceDeployment:
    def look() -> list[ServiceDeployment]:
        deployment = ask(session, lambda: session.ports.ecs.describe_service_deployment(again.arn))
        return [deployment] if deployment else []

    return until(
        look,
        lambda seen: bool(seen) and not seen[0].moving,
        clock=session,
        seconds=session.request.timeout_seconds,
        pause=session.request.poll_seconds,
        on_timeout=lambda seen, _elapsed: unfinished(session, back, seen[0].state.value if seen else ""),
    )[0]
