# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: what is there, and the plan that leads from there to the release that is wanted. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._common.commands import PROVISION
from ..._errors import RefusedError
from ..._release.record import running_release
from ..scaling.model import counts_requests, labelled
from .differences import Found, RolloutPlan, Wanted, plan
from .revisions import good_revisions
from .target import Target, find_target

if TYPE_CHECKING:
    from ..._release.record import Release
    from ..request.model import RolloutRequest
    from ..scaling.model import Scaling
    from ..service.deployment import ServiceDeployment
    from ..session import Session
    from ..values import Service


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read, and the plan that follows from it."""

    target: Target
    found: Found
    history: tuple[Release, ...]
    deployments: tuple[ServiceDeployment, ...]
    plan: RolloutPlan

    @property
    def interrupted(self) -> tuple[Release, ...]:
        """Releases that nobody has said the end of, the newest first."""
        return tuple(release for release in self.history if release.in_progress)

    @property
    def moving(self) -> ServiceDeployment | None:
        """The deployment that ECS is at work on."""
        return next((deployment for deployment in self.deployments if deployment.moving), None)

    @property
    def running_arn(self) -> str:
        """The task definition that the service is set to, or an empty string."""
        return self.found.service.task_definition_arn if self.found.service else ""


def read(session: Session, target: Target | None = None) -> Facts:
    """Everything the plan needs; the *target* is looked for unless it is given.

    Raises RefusedError when the wanted release does not exist.
    """
    request, ecs = session.request, session.ports.ecs
    if problem := session.ports.releases.table_problem():
        raise RefusedError(f"Rolling out {request.service} was refused: {problem} Nothing was changed.")
    status = ecs.cluster_status(request.cluster)
    if status != "ACTIVE":
        raise RefusedError(
            f"Rolling out {request.service} was refused: cluster {request.cluster} "
            f"{'is ' + status if status else 'does not exist'}, where ACTIVE is needed. Nothing was changed. "
            f"Provision it first ({PROVISION}), or name another cluster."
        )
    service = ecs.describe_service(request.cluster, request.service)
    history = session.ports.releases.history(request.service)
    running_arn = service.task_definition_arn if service else ""
    target = replace(target or find_target(session, history, running_arn), key=session.definition_key())
    session.redaction.learn(target.document)
    deployments = ecs.list_service_deployments(request.cluster, request.service) if service else ()
    active = service is not None and service.status == "ACTIVE"
    judged = running_release(history, running_arn)
    found = Found(
        service=service if active else None,
        running=ecs.describe_task_definition(running_arn) if active else None,
        latest=ecs.describe_task_definition(str(target.document["family"])),
        rules=session.ports.balancing.list_rules(*_places(request, service)),
        scaling=session.ports.scaling.describe_scaling(request.cluster, request.service) if request.scaling else None,
        judged=judged is not None and not target.unrecorded and not any(release.in_progress for release in history),
        **_revisions(session, history, running_arn, str(target.document["family"])),
    )
    for revision in (found.running, found.latest):
        if revision:
            session.redaction.learn(revision.document)
    wanted = Wanted(
        name=request.service,
        document=target.document,
        settings=request.settings,
        rules=request.rules,
        scaling=_scaling(session),
        desired_count=request.desired_count,
        task_definition_arn=target.task_definition_arn,
        owner=request.owned_by,
        force_new_deployment=request.force_new_deployment,
        keep_revisions=request.keep_revisions or 0,
    )
    return Facts(target, found, history, deployments, plan(wanted, found, request.disclosure))


def _revisions(session: Session, history: tuple[Release, ...], running_arn: str, family: str) -> dict[str, Any]:
    """The service's own revisions, and those that must stay, where not all are kept."""
    request, ecs = session.request, session.ports.ecs
    if request.keep_revisions is None:
        return {}
    return {
        "own_revisions": ecs.own_task_definitions(family, request.owned_by),
        "needed_revisions": good_revisions(history, running_arn) | ecs.running_revisions(request.cluster, family),
    }


def _scaling(session: Session) -> Scaling | None:
    """The wanted scaling, whose policies name the target group whose requests they count."""
    request = session.request
    if request.scaling is None or not counts_requests(request.scaling):
        return request.scaling
    listeners = frozenset(rule.listener_arn for rule in request.rules)
    return labelled(request.scaling, session.ports.balancing.request_count_label(request.target_group_arn, listeners))


def _places(request: RolloutRequest, service: Service | None) -> tuple[frozenset[str], frozenset[str]]:
    """The listeners and target groups whose load balancers may hold rules of the service."""
    bindings = request.settings.target_bindings | (service.settings.target_bindings if service else frozenset())
    return (
        frozenset(rule.listener_arn for rule in request.rules),
        frozenset(binding.target_group_arn for binding in bindings),
    )
