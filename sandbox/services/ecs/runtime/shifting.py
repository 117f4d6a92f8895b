# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One round of a deployment that shifts traffic: two revisions, each scheduled by itself, and the present stage."""

from collections.abc import Callable

from sandbox.ministack import alb
from sandbox.services.ecs.model import deployments, networking, state, wording
from sandbox.services.ecs.model.records import Record
from sandbox.services.ecs.model.revisions import FINISHED
from sandbox.services.ecs.model.scheduler import plan, steady
from sandbox.services.ecs.model.stages import Stage
from sandbox.services.ecs.model.values import Action, Bake, Complete, Fail, FailureCause, Service, Stop
from sandbox.services.ecs.runtime.observation import observe

Act = Callable[[Record, Record, Action, float], None]
"""Carries out what was decided for a deployment of a service."""


def tend(service: Record, tasks: list[Record], now: float, *, act: Act) -> Service | None:
    """What was seen of the new revision; None when no traffic is being shifted, or no more."""
    deployment = deployments.primary(service)
    record = deployments.service_deployment(deployment)
    course = record.shift
    if course is None or course.step.stage is Stage.CLEAN_UP:
        return None
    source, stage = record.source, course.step.stage
    if stage is Stage.PRE_SCALE_UP and not record.is_networking_checked:
        record.is_networking_checked = True
        balancers = state.of_deployment(deployment).load_balancers
        if problem := networking.problem(balancers, alb._rules.get):
            deployments.fail(service, FailureCause.NETWORKING, wording.networking(problem))
            return None
    if source is not None:
        _keep(service, source, tasks, now, act)
    strangers = _strangers(tasks, deployment, source)
    for task in strangers:
        act(service, deployment, Stop(task["taskArn"]), now)
    seen = observe(service, _of(deployment, tasks), now, deployment)
    # New tasks are started once it is their turn, and replaced from then on.
    begun = stage not in (Stage.RECONCILE_SERVICE, Stage.PRE_SCALE_UP)
    for action in plan(seen, now) if begun else ():
        if isinstance(action, Fail):
            deployments.fail(service, action.cause)
            return seen
        if not isinstance(action, Complete | Bake):
            act(service, deployment, action, now)
    done = {Stage.RECONCILE_SERVICE: not strangers, Stage.SCALE_UP: steady(seen)}
    if record.status not in FINISHED:
        deployments.go_on(service, record, course, done=done.get(stage, True))
    return seen


def _keep(service: Record, source: Record, tasks: list[Record], now: float, act: Act) -> None:
    """Keep the running revision as it is."""
    for action in plan(observe(service, _of(source, tasks), now, source), now):
        act(service, source, action, now)


def _of(deployment: Record, tasks: list[Record]) -> list[Record]:
    return [task for task in tasks if task.get("_deployment_id") == deployment["id"]]


def _strangers(tasks: list[Record], *kept: Record | None) -> list[Record]:
    """Tasks that are of neither revision and have not been stopped yet."""
    ids = {deployment["id"] for deployment in kept if deployment}
    return [task for task in tasks if task.get("_deployment_id") not in ids and task["desiredStatus"] == "RUNNING"]
