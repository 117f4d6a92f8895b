# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading: what is there, and the plan that leads from there to the release that is wanted. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from ..._common.commands import PROVISION
from ..._errors import RefusedError
from ..._release.record import ROLLBACK, running_release
from ..request.orientation import oriented
from ..scaling.change import overruled
from ..scaling.model import counts_requests, labelled
from ..scaling.past import asks_the_time, past_actions, without
from ..service.comparison import changed_settings
from .differences import Found, RolloutPlan, Wanted, plan
from .fast_track import fast_tracked
from .resting import standing_scaling
from .revisions import MOST_LOOKED_AT, good_revisions, own_revisions
from .target import Target, find_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._release.record import Release
    from ..request.model import RolloutRequest
    from ..scaling.model import Scaling
    from ..service.deployment import ServiceDeployment
    from ..service.rules import StandingRule
    from ..session import Session
    from ..values import Service, TaskDefinition


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


def read(
    session: Session, target: Target | None = None, ended: tuple[Release, ...] = (), *, goes_on: bool = False
) -> Facts:
    """Everything the plan needs; the *target* is looked for unless it is given.

    *ended* stand for records that say less, for what became of these is not written yet. *goes_on*: ECS is at work on
    the wanted release, by the deployment settings that stand.

    Raises RefusedError when the wanted release does not exist.
    """
    asked = _ask(session)
    service, looked_for = _read_service(session, asked.places), _begin_target(session, target)
    running_arn = service.task_definition_arn if service else ""
    active = service is not None and service.status == "ACTIVE"
    running = _begin_definition(session, running_arn if active else "")
    rules = _read_rules(session, service)
    known = {release.release_id: release for release in ended}
    recorded = asked.releases()
    history = tuple(known.get(past.release_id, past) for past in recorded)
    target = looked_for() if looked_for else find_target(session, history, running_arn)
    latest = _begin_definition(session, str(target.document["family"]))
    target = _found(session, target, history, service, goes_on=goes_on)
    deployments = asked.deployments() if service else ()
    judged = running_release(history, running_arn)
    scaling, kept_awake = standing_scaling(session, asked.scaling(), recorded, active=active)
    wanted_scaling, problems = _scaling(session, scaling)
    found = Found(
        service=service if active else None,
        running=running(),
        latest=latest(),
        rules=rules,
        scaling=scaling,
        judged=judged is not None and not target.unrecorded and not any(release.in_progress for release in history),
        scaling_problems=problems,
        kept_awake=kept_awake,
    )
    found, planned = _planned(session, found, history, _wanted(session, target, wanted_scaling))
    return Facts(target, found, history, deployments, planned)


def _planned(session: Session, found: Found, history: tuple[Release, ...], wanted: Wanted) -> tuple[Found, RolloutPlan]:
    """The plan, and what it was made of."""
    disclosure = session.request.disclosure
    planned = plan(wanted, found, disclosure)
    if not (planned.judges and wanted.keep_revisions):
        # Who asks for none of it, or releases nothing, does not wait for revisions.
        return found, planned
    found = _with_revisions(session, found, history, wanted, registers=not planned.reuse_arn)
    return found, plan(wanted, found, disclosure)


def _found(
    session: Session, target: Target, history: tuple[Release, ...], service: Service | None, *, goes_on: bool
) -> Target:
    """The *target* with all that is known of it; the request is aimed at it."""
    session.redaction.learn(target.document)
    request, fast = session.request, fast_tracked(session.request, history, target.recorded)
    there = service is not None and service.task_definition_arn == target.task_definition_arn
    if service and goes_on:
        # They are not changed under a deployment that moves users; those that are asked for come after it.
        standing = replace(fast.settings, deployment=service.settings.deployment)
        fast = replace(fast, settings=standing, settings_after=fast.lasting_settings)
    elif service and there and changed_settings(service.settings, fast.settings):
        # Nothing goes back any more: its settings are not changed for the way.
        fast = replace(fast, settings=fast.lasting_settings)
    session.aim(fast)
    schema = target.schema if target.recorded else request.schema
    return replace(target, schema=schema, key=session.definition_key())


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the rest does not wait for: each is called for its answer."""

    places: Callable[[], None]
    releases: Callable[[], tuple[Release, ...]]
    deployments: Callable[[], tuple[ServiceDeployment, ...]]
    scaling: Callable[[], Scaling | None]


def _ask(session: Session) -> _Asked:
    request, ports, begin = session.request, session.ports, session.ports.workers.begin
    return _Asked(
        begin(lambda: _check_places(session)),
        begin(lambda: ports.releases.history(request.service)),
        begin(lambda: ports.ecs.list_service_deployments(request.cluster, request.service)),
        begin(lambda: _standing_scaling(session)),
    )


def _standing_scaling(session: Session) -> Scaling | None:
    """The service's scaling, where any is asked for, or where that may come to leave it without a task."""
    request = session.request
    if request.scaling is None and request.settings.target_bindings:
        return None
    return session.ports.scaling.describe_scaling(request.cluster, request.service)


def _begin_target(session: Session, target: Target | None) -> Callable[[], Target] | None:
    """What waits for the *target*, where it is given or looked for among images; None where the history names it."""
    request = session.request
    if target:
        return lambda: target
    if request.kind == ROLLBACK or request.revision:
        return None
    return session.ports.workers.begin(lambda: find_target(session, (), ""))


def _begin_definition(session: Session, name: str) -> Callable[[], TaskDefinition | None]:
    """What waits for the task definition *name*, none where that is empty, and learns what of it is not shown."""
    if not name:
        return lambda: None
    asked = session.ports.workers.begin(lambda: session.ports.ecs.describe_task_definition(name))

    def answer() -> TaskDefinition | None:
        definition = asked()
        if definition:
            session.redaction.learn(definition.document)
        return definition

    return answer


def _read_service(session: Session, checked: Callable[[], None]) -> Service | None:
    request = session.request
    described = session.ports.workers.begin(
        lambda: session.ports.ecs.describe_service(request.cluster, request.service)
    )
    checked()
    return described()


def _read_rules(session: Session, service: Service | None) -> tuple[StandingRule, ...]:
    """The rules of the service's load balancer; by these the request knows which target group is whose."""
    request = session.request
    rules = session.ports.balancing.list_rules(*_places(request, service))
    session.aim(oriented(request, service, rules))
    return rules


def _check_places(session: Session) -> None:
    """Raises RefusedError where the release table or the cluster is not fit for a release."""
    request = session.request
    if problem := session.ports.releases.table_problem():
        raise RefusedError(f"Rolling out {request.service} was refused: {problem} Nothing was changed.")
    status = session.ports.ecs.cluster_status(request.cluster)
    if status != "ACTIVE":
        raise RefusedError(
            f"Rolling out {request.service} was refused: cluster {request.cluster} "
            f"{'is ' + status if status else 'does not exist'}, where ACTIVE is needed. Nothing was changed. "
            f"Provision it first ({PROVISION}), or name another cluster."
        )


def _wanted(session: Session, target: Target, scaling: Scaling | None) -> Wanted:
    request = session.request
    return Wanted(
        name=request.service,
        document=target.document,
        settings=request.settings,
        rules=request.rules,
        scaling=scaling,
        desired_count=request.desired_count,
        task_definition_arn=target.task_definition_arn,
        owner=request.owned_by,
        force_new_deployment=request.force_new_deployment,
        keep_revisions=request.keep_revisions or 0,
    )


def _with_revisions(
    session: Session, found: Found, history: tuple[Release, ...], wanted: Wanted, *, registers: bool
) -> Found:
    """*found* with the service's own revisions and those that must stay, as far as any may be spare."""
    request, ecs = session.request, session.ports.ecs
    family, room = str(wanted.document["family"]), wanted.keep_revisions - registers
    newest = tuple(islice(ecs.list_task_definitions(family), MOST_LOOKED_AT))
    if len(newest) <= room:
        return found
    running_arn = found.service.task_definition_arn if found.service else ""
    needed = good_revisions(history, running_arn) | ecs.running_revisions(request.cluster, family)
    own = own_revisions(newest, room, needed, lambda arn: request.owned_by.owns(ecs.task_definition_tags(arn)))
    return replace(found, own_revisions=own, needed_revisions=needed)


def _scaling(session: Session, found: Scaling | None) -> tuple[Scaling | None, tuple[str, ...]]:
    """The wanted scaling, whose policies name the target group whose requests they count; and what keeps it from being.

    A rollback does without what is over: it must not wait for somebody to correct a schedule.
    """
    request, wanted = session.request, session.request.scaling
    if wanted is None:
        return None, ()
    if counts_requests(wanted):
        listeners = frozenset(rule.listener_arn for rule in request.rules)
        label = session.ports.balancing.request_count_label(request.target_group_arn, listeners)
        wanted = labelled(wanted, label)
    past = past_actions(found, wanted, session.ports.scaling.service_time()) if asks_the_time(found, wanted) else {}
    for bound in overruled(found, wanted):
        session.warn_once(str(bound))
    if request.kind != ROLLBACK:
        return wanted, tuple(past.values())
    for problem in past.values():
        session.warn_once(f"{problem}. This rollback goes on without it")
    return without(wanted, past), ()


def _places(request: RolloutRequest, service: Service | None) -> tuple[frozenset[str], frozenset[str]]:
    """The listeners and target groups whose load balancers may hold rules of the service."""
    bindings = request.settings.target_bindings | (service.settings.target_bindings if service else frozenset())
    return (
        frozenset(rule.listener_arn for rule in request.rules),
        frozenset(binding.target_group_arn for binding in bindings),
    )
