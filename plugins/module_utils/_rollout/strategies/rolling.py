# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The strategy ``ROLLING``: ECS replaces tasks a few at a time, and each new one gets traffic once it is healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.wait import timed_out, until
from ..._errors import UnavailableError
from ..service.deployment import DeploymentState
from .model import Standing, Started

if TYPE_CHECKING:
    from ..service.deployment import ServiceDeployment
    from ..service.writes import ServiceChange
    from ..session import Session
    from ..values import Service

_FIND_SECONDS = 60.0
# Only one that moves or completed can be followed; after any other end, the running tasks are judged as they are.
_FOLLOWED = (DeploymentState.PENDING, DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL)


class Rolling:
    """Started by CreateService or UpdateService, followed by the service deployment's ARN, stopped with ROLLBACK."""

    name = "ROLLING"

    def create(self, session: Session, task_definition_arn: str, known: frozenset[str]) -> Started:
        """Create the service. *known* are service deployments of one that had its name before."""
        request = session.request
        service = session.ports.ecs.create_service(
            request.cluster,
            request.service,
            task_definition_arn=task_definition_arn,
            settings=request.settings,
            desired_count=request.desired_count,
        )
        session.say(f"created the service with {request.desired_count} tasks")
        return self._find_started(session, known, service, task_definition_arn)

    def update(self, session: Session, change: ServiceChange, task_definition_arn: str) -> Started:
        """Make the change, which brings a living service to the revision."""
        known = frozenset(deployment.arn for deployment in _list(session))
        service = session.ports.ecs.update_service(session.request.cluster, session.request.service, change)
        return self._find_started(session, known, service, task_definition_arn)

    def _find_started(
        self, session: Session, known: frozenset[str], service: Service, task_definition_arn: str
    ) -> Started:
        found = _await_listed(session, known, task_definition_arn)
        primary = service.primary.id if service.primary else ""
        session.say(f"deployment {found.arn.rpartition('/')[2]} is {found.state.value}")
        return Started(self, task_definition_arn, found.arn, primary)

    def adopt(self, session: Session, task_definition_arn: str) -> Started:
        """What runs already, to be judged: with its latest service deployment when that goes to the revision."""
        request, ecs = session.request, session.ports.ecs
        service = ecs.describe_service(request.cluster, request.service)
        primary = service.primary.id if service and service.primary else ""
        latest = next(iter(_list(session)), None)
        follows = latest is not None and latest.state in _FOLLOWED
        if latest and follows and ecs.revision_task_definition(latest.target_revision_arn) == task_definition_arn:
            return Started(self, task_definition_arn, latest.arn, primary)
        return Started(self, task_definition_arn, "", primary)

    def follow(self, session: Session, started: Started, service: Service) -> Standing:
        """How the deployment stands. Raises UnavailableError when it cannot be told now."""
        if not started.arn:
            return Standing(DeploymentState.SUCCESSFUL)
        deployment = session.ports.ecs.describe_service_deployment(started.arn)
        if deployment is None:
            raise UnavailableError(f"ECS no longer lists service deployment {started.arn}")
        successor = _successor(session, started, deployment, service)
        if successor:
            reason = f"service deployment {successor.arn} ({successor.state.value}) replaced it"
            return Standing(deployment.state, reason, superseded=True)
        return Standing(deployment.state, deployment.reason)

    def roll_back(self, session: Session, started: Started) -> bool:
        """Ask ECS to roll the deployment back. False when it is past that."""
        if not started.arn:
            return False
        accepted = session.ports.ecs.stop_service_deployment(started.arn)
        if accepted:
            session.say(f"asked ECS to roll deployment {started.arn.rpartition('/')[2]} back")
        return accepted


def _list(session: Session) -> tuple[ServiceDeployment, ...]:
    return session.ports.ecs.list_service_deployments(session.request.cluster, session.request.service)


def _await_listed(session: Session, known: frozenset[str], task_definition_arn: str) -> ServiceDeployment:
    """The service deployment that began after *known* were listed and goes to the revision.

    It is looked for, since neither CreateService nor UpdateService names the service deployment it starts.
    """
    ecs = session.ports.ecs

    def look() -> list[ServiceDeployment]:
        unknown = (deployment for deployment in _list(session) if deployment.arn not in known)
        return [
            deployment
            for deployment in unknown
            if ecs.revision_task_definition(deployment.target_revision_arn) == task_definition_arn
        ]

    return until(
        look,
        bool,
        clock=session,
        seconds=_FIND_SECONDS,
        pause=1.0,
        on_timeout=lambda _nothing, _elapsed: timed_out(
            f"ECS accepted the change of {session.request.service} but listed no service deployment for "
            f"{task_definition_arn} within {_FIND_SECONDS:g} s. The circuit breaker guards it; run the same command "
            "again to judge it.",
            known=sorted(known),
        ),
    )[0]


def _successor(
    session: Session, started: Started, ours: ServiceDeployment, service: Service
) -> ServiceDeployment | None:
    """The newer service deployment that took the service over, if there is any sign of one."""
    still_primary = not service.primary or service.primary.id == started.primary_id
    if ours.state is not DeploymentState.STOPPED and still_primary:
        return None
    newer = (other for other in _list(session) if other.arn != ours.arn and other.created_at > ours.created_at)
    return next(newer, None)
