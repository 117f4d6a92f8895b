# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the service deployment that a change of a service began, and the one that replaced it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..._common.wait import growing, timed_out, until
from ..._errors import FastbreakError, OperationError, UnavailableError
from ..service.deployment import DeploymentState, ServiceDeployment
from .service_events import said_by_ecs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..values import Service
    from .rollout import Rollout

_FIND_SECONDS = 60.0


def list_deployments(rollout: Rollout) -> tuple[ServiceDeployment, ...]:
    """The service deployments that ECS remembers, the newest first."""
    return rollout.ports.ecs.list_service_deployments(rollout.request.cluster, rollout.request.service)


def going_to(
    rollout: Rollout, deployments: Iterable[ServiceDeployment], task_definition_arn: str
) -> ServiceDeployment | None:
    """The first of *deployments* that brings the service to the revision."""
    ecs = rollout.ports.ecs
    return next(
        (
            deployment
            for deployment in deployments
            if ecs.revision_task_definition(deployment.target_revision_arn) == task_definition_arn
        ),
        None,
    )


def await_listed(rollout: Rollout, known: frozenset[str], task_definition_arn: str) -> ServiceDeployment:
    """The service deployment that began after *known* were listed and goes to the revision.

    It is looked for, since neither CreateService nor UpdateService names the service deployment it starts. ECS is at
    work on it already, so a look that AWS does not answer, or denies, is taken again.

    Raises UnavailableError for one that was denied to the end, WaitTimeoutError when nothing was listed: a change that
    was accepted is no refused one. OperationError: the service is gone.
    """

    def look() -> ServiceDeployment | FastbreakError | None:
        try:
            service = rollout.ports.ecs.describe_service(rollout.request.cluster, rollout.request.service)
            unknown = (deployment for deployment in list_deployments(rollout) if deployment.arn not in known)
            found = going_to(rollout, unknown, task_definition_arn)
        except (UnavailableError, OperationError) as error:
            return error
        _insist_on_service(rollout, service)
        return found

    found = until(
        look,
        lambda seen: isinstance(seen, ServiceDeployment),
        clock=rollout,
        seconds=_FIND_SECONDS,
        pause=growing(0.25, 1.0),
        on_timeout=lambda last, _elapsed: _unseen(rollout, known, task_definition_arn, last),
    )
    return cast("ServiceDeployment", found)


def _unseen(rollout: Rollout, known: frozenset[str], task_definition_arn: str, last: object) -> FastbreakError:
    """Why a deployment that ECS began could not be named, by the *last* look for it."""
    service = rollout.request.service
    if isinstance(last, FastbreakError):
        return UnavailableError(
            f"ECS accepted the change of {service} and is at work on it, but its deployment could not be seen within "
            f"{_FIND_SECONDS:g} s: {last.message.rstrip('.')}. Once it can be, run the same command again to judge it.",
            **last.details,
        )
    return timed_out(
        f"ECS accepted the change of {service} but listed no service deployment for {task_definition_arn} within "
        f"{_FIND_SECONDS:g} s. The circuit breaker guards it; run the same command again to judge it."
        f"{said_by_ecs(rollout)}",
        known=sorted(known),
    )


def _insist_on_service(rollout: Rollout, service: Service | None) -> None:
    """Raise OperationError when there is no service any more, of which a deployment could be listed."""
    if service is None or service.status != "ACTIVE":
        became = f"is {service.status}" if service else "was deleted"
        raise OperationError(
            f"ECS accepted the change of {rollout.request.service}, but the service {became} before its deployment was "
            "listed. See CloudTrail for who removes it. To make it anew, run the same command again."
        )


def successor(rollout: Rollout, ours: ServiceDeployment, primary_id: str, service: Service) -> ServiceDeployment | None:
    """The newer service deployment that took *service* over, if there is any sign of one.

    *primary_id* is the entry in the service's own list that stands for *ours*.
    """
    still_primary = not service.primary or service.primary.id == primary_id
    if ours.state is not DeploymentState.STOPPED and still_primary:
        return None
    others = (other for other in list_deployments(rollout) if other.arn != ours.arn)
    return next((other for other in others if other.created_at > ours.created_at), None)
