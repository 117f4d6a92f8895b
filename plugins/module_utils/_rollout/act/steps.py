# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Acting: the revision, the service, its scaling. Each writes only what the plan says differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._errors import OperationError, SupersededError, UnavailableError
from ..._release.record import ROLLBACK
from ..plan.differences import Action, RolloutPlan
from ..service.comparison import changed_settings, joint_bindings, starts_deployment
from ..service.writes import ServiceChange
from ..strategies.shifting import HOOKS
from ..strategies.table import strategy_named
from .awake import put_awake, tasks_to_wake
from .gone import await_gone

if TYPE_CHECKING:
    from ..plan.read import Facts
    from ..scaling.model import Scaling
    from ..session import Session
    from ..strategies.model import Started, Strategy
    from ..values import DeploymentSettings, ServiceSettings, TargetBinding
    from .traffic import Traffic


def register(session: Session, facts: Facts) -> str:
    """The ARN of the revision to deploy: the one that is there already, or a new one."""
    if facts.plan.reuse_arn:
        return facts.plan.reuse_arn
    tags = {
        **session.request.tags,
        **session.request.owned_by.marks,
        "fastbreak:version": facts.target.release.version[:256],
    }
    definition = session.ports.ecs.register_task_definition(facts.target.document, tags)
    session.say(f"registered {definition.family}:{definition.revision}")
    return definition.arn


def act(session: Session, facts: Facts, strategy: Strategy, task_definition_arn: str, traffic: Traffic) -> Started:
    """Carry the plan out and name the deployment that came of it. Users stay where they are until traffic is opened."""
    traffic.attach()
    if facts.plan.action is Action.CREATE:
        await_gone(session)
        known = frozenset(deployment.arn for deployment in facts.deployments)
        started = strategy.create(session, task_definition_arn, known)
    else:
        started = _update(session, facts, strategy, task_definition_arn, traffic)
    return started


def put_beside(session: Session, facts: Facts, before: Scaling | None) -> None:
    """The tags and the scaling of a service that is there, whose scaling *before* the release is given."""
    _put_tags(session, facts)
    if facts.plan.rests:
        put_awake(session, facts, before)
    else:
        _put_scaling(session, facts.plan)


def apply_settings(
    session: Session, facts: Facts, traffic: Traffic, before: Scaling | None, *, opens: bool = True
) -> None:
    """Carry out what replaces no task: settings, tags, rules (unless others *open* these later), scaling."""
    request, changed = session.request, facts.plan.setting_changes
    if facts.found.service and set(changed) - {"tags"}:
        change = ServiceChange(_on_the_way(session), changed)
        session.ports.ecs.update_service(request.cluster, request.service, change)
        _look_for_left_hooks(session, change)
    put_beside(session, facts, before)
    if opens:
        traffic.open()


def leave_old_groups(session: Session, facts: Facts, strategy: Strategy, arn: str, traffic: Traffic) -> Started | None:
    """Take the service out of target groups that traffic has left; the deployment that came of it, or None.

    ECS replaces the tasks for it once more. The release is judged until that has ended, too.
    """
    if _bindings(session, facts, traffic) == session.request.settings.target_bindings:
        traffic.close()
        return None
    session.say("traffic has moved: taking the service out of the old target group")
    return strategy.update(session, ServiceChange(_on_the_way(session), ("target_bindings",)), arn)


def guard_again(session: Session) -> None:
    """Put the alarms and the bake times back that a rollback goes without."""
    request, lasting, way = session.request, session.request.lasting_settings, _on_the_way(session)
    if way == lasting:
        return
    try:
        session.ports.ecs.update_service(request.cluster, request.service, ServiceChange(lasting, ("deployment",)))
    except OperationError as error:
        session.warn(f"{_lack(way.deployment, lasting.deployment)}: {error.message} The next run puts that back.")


def _lack(way: DeploymentSettings, lasting: DeploymentSettings) -> str:
    """What the deployments to come have no more or not yet, as long as they go the *way* of this one."""
    if lasting.alarms and not way.alarms:
        return "No alarm guards the service's deployments now"
    if strategy_named(lasting.strategy).without_bakes(lasting) == way:
        return "No bake time slows the service's deployments now"
    return "The service still has the options of deployment that this release began with"


def _on_the_way(session: Session) -> ServiceSettings:
    """The settings while ECS is at work."""
    settings = session.request.settings
    return settings.unguarded if session.request.kind == ROLLBACK else settings


def _update(session: Session, facts: Facts, strategy: Strategy, task_definition_arn: str, traffic: Traffic) -> Started:
    settings = replace(_on_the_way(session), target_bindings=_bindings(session, facts, traffic))
    service = facts.found.service
    changed = changed_settings(service.settings, settings) if service else ()
    wanted_arn = task_definition_arn if task_definition_arn != facts.running_arn else ""
    force = not wanted_arn and not starts_deployment(changed)
    tasks = tasks_to_wake(session, facts)
    change = ServiceChange(settings, changed, wanted_arn, force=force, desired_count=tasks)
    started = strategy.update(session, change, task_definition_arn)
    _look_for_left_hooks(session, change)
    return started


def _look_for_left_hooks(session: Session, change: ServiceChange) -> None:
    """Warn where ECS has kept hooks that *change* was to take away: its API does not say that an empty list does so."""
    if "deployment" not in change.changed or change.settings.deployment.own.get(HOOKS) != []:
        return
    request = session.request
    try:
        service = session.ports.ecs.describe_service(request.cluster, request.service)
    except SupersededError:
        raise
    except (OperationError, UnavailableError) as error:
        # ECS is at work on the release already, which nobody would judge after an error here.
        session.warn(f"whether ECS has taken away the lifecycle hooks of {request.service} could not be seen: {error}")
        return
    if service and service.settings.deployment.own.get(HOOKS):
        session.warn_once(
            f"ECS has kept lifecycle hooks at {request.service}, which deployment.strategy "
            f"{change.settings.deployment.strategy} does not have and this run took away. A deployment that waits at "
            "one is told to go on while a run watches; after a run that was killed, ECS rolls it back. Take them away "
            "by hand (ECS console, deployment options of the service)."
        )


def _bindings(session: Session, facts: Facts, traffic: Traffic) -> frozenset[TargetBinding]:
    """The target groups that the tasks have to be in while traffic moves."""
    wanted, service = session.request.settings.target_bindings, facts.found.service
    return joint_bindings(service.settings.target_bindings, wanted, traffic.routed) if service else wanted


def _put_tags(session: Session, facts: Facts) -> None:
    if facts.found.service and "tags" in facts.plan.setting_changes:
        session.ports.ecs.tag_service(facts.found.service.arn, dict(session.request.settings.tags))


def _put_scaling(session: Session, plan: RolloutPlan) -> None:
    if plan.scaling:
        session.ports.scaling.change_scaling(session.request.cluster, session.request.service, plan.scaling)
        session.say(f"scaling between {plan.scaling.after.minimum} and {amount(plan.scaling.after.maximum, 'task')}")
