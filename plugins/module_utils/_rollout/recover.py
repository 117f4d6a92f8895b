# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Recovering from a run that was killed: its record says IN_PROGRESS, and its lock is dead because we hold it now.

What it left in ECS is looked at. A release that is still the wanted one, and whose deployment moves or completed, is
adopted: judged from here on, under the same record. Any other record is closed with what really became of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._common.wait import timed_out, until
from .._errors import WaitTimeoutError
from .._release.record import Outcome, Release, finished
from .service.deployment import DeploymentState, ServiceDeployment

if TYPE_CHECKING:
    from .plan.read import Facts
    from .session import Session


@dataclass(frozen=True, slots=True)
class Recovery:
    """``adopted``: the interrupted release to go on with. ``orphan_arn``: a deployment of ours that may be replaced."""

    adopted: Release | None = None
    orphan_arn: str = ""
    closed: bool = False


def recover(session: Session, facts: Facts) -> Recovery:
    """Close or adopt what interrupted runs left. Waits for a rollback that ECS is still at."""
    recovery = Recovery()
    for release in facts.interrupted:
        deployment = _deployment_of(session, facts, release)
        if recovery.adopted is None and _is_wanted(facts, release, deployment):
            session.say(f"an earlier run releasing {release.name} was interrupted; going on with it")
            adopted = replace(release, deployment_id=deployment.arn if deployment else "")
            recovery = replace(recovery, adopted=adopted)
        else:
            orphan = _close(session, release, deployment)
            recovery = replace(recovery, orphan_arn=orphan or recovery.orphan_arn, closed=True)
    return recovery


def _deployment_of(session: Session, facts: Facts, release: Release) -> ServiceDeployment | None:
    ecs = session.ports.ecs
    if release.deployment_id:
        return ecs.describe_service_deployment(release.deployment_id)
    if facts.found.service is None:
        return None
    recorded = {known.deployment_id for known in facts.history}
    unrecorded = (deployment for deployment in facts.deployments if deployment.arn not in recorded)
    return next(
        (
            deployment
            for deployment in unrecorded
            if ecs.revision_task_definition(deployment.target_revision_arn) == release.task_definition_arn
        ),
        None,
    )


def _is_wanted(facts: Facts, release: Release, deployment: ServiceDeployment | None) -> bool:
    return (
        deployment is not None
        and deployment.state in (DeploymentState.PENDING, DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL)
        and release.task_definition_arn == facts.plan.reuse_arn == facts.running_arn
    )


def _close(session: Session, release: Release, deployment: ServiceDeployment | None) -> str:
    """Complete the record; the ARN of its deployment when that still moves and may be replaced."""
    if deployment is not None and deployment.state is DeploymentState.ROLLING_BACK:
        deployment = _await_end(session, deployment)
    outcome, reason = _became(deployment)
    session.say(f"closing the interrupted release of {release.name}: {outcome.value}, {reason}")
    session.ports.releases.finish(
        finished(
            release,
            outcome,
            moment=session.clock.now(),
            reason=session.redaction.text(f"the run was interrupted; {reason}"),
        )
    )
    return deployment.arn if deployment is not None and deployment.moving else ""


def _await_end(session: Session, deployment: ServiceDeployment) -> ServiceDeployment:
    """The deployment after the end of its rollback, or as it is when that takes longer than a rollback may."""
    short = deployment.arn.rpartition("/")[2]
    session.say(f"ECS is still rolling {short} back; waiting for its end")

    def look() -> ServiceDeployment:
        return session.ports.ecs.describe_service_deployment(deployment.arn) or deployment

    try:
        return until(
            look,
            lambda seen: seen.state is not DeploymentState.ROLLING_BACK,
            clock=session,
            seconds=session.request.timeout_seconds,
            pause=session.request.poll_seconds,
            on_timeout=lambda seen, elapsed: timed_out(
                f"{short} is still {seen.state.value} after {elapsed:.0f} s", state=seen.state.value
            ),
        )
    except WaitTimeoutError as error:
        session.say(error.message)
        return look()


def _became(deployment: ServiceDeployment | None) -> tuple[Outcome, str]:
    if deployment is None:
        return Outcome.FAILED, "no deployment of it was found, so the service was not changed by it"
    said = f" ({deployment.reason})" if deployment.reason else ""
    match deployment.state:
        case DeploymentState.SUCCESSFUL:
            return Outcome.FAILED, f"ECS completed deployment {deployment.arn}, but it was never judged"
        case DeploymentState.ROLLED_BACK:
            return Outcome.ROLLED_BACK, f"ECS rolled deployment {deployment.arn} back{said}"
        case DeploymentState.STOPPED:
            return Outcome.SUPERSEDED, f"deployment {deployment.arn} was stopped before it completed{said}"
        case DeploymentState.PENDING | DeploymentState.IN_PROGRESS | DeploymentState.UNKNOWN:
            return (
                Outcome.SUPERSEDED,
                f"deployment {deployment.arn} was still under way and another release replaces it",
            )
        case _:
            return Outcome.FAILED, f"deployment {deployment.arn} ended as {deployment.state.value}{said}"
