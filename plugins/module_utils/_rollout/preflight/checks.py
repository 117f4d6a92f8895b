# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pre-flight: everything that would make a release fail and can be known before anything is touched.

All problems are found and said at once, so that they need not be met one run at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._common.commands import PROMOTE
from ..._errors import RefusedError, RequestError
from ..._release.record import DEPLOY
from ..definition.fargate import fargate_size_problems
from ..definition.problems import definition_problems, size_problems
from ..strategies.table import strategy_named
from .prerequisites import prerequisite_problems
from .served import serving_problems, warn_of_unused_consents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..plan.read import Facts
    from ..request.model import Migration, RolloutRequest
    from ..session import Session


def check(session: Session, facts: Facts, *, orphan_arn: str = "") -> None:
    """Raise everything that stands against the release: RequestError when only the task definition cannot be right.

    *orphan_arn* is a service deployment that an interrupted run of ours left behind: it may be replaced. Raises
    RefusedError for what is missing or in the way.
    """
    misfits = [*_misfits(session.request, facts), *_definition_problems(session.request, facts)]
    problems = [
        *_plan_problems(facts),
        *_movement_problems(session.request, facts),
        *_promotion_problems(session, facts),
        *_deployment_problems(session, facts, orphan_arn),
        *prerequisite_problems(session, facts),
        *serving_problems(session, facts),
        *_alarm_problems(session, facts),
        *_gate_problems(session, facts),
    ]
    warn_of_unused_consents(session, facts)
    found = [*misfits, *problems]
    numbered = " ".join(f"({number}) {problem}" for number, problem in enumerate(found, 1))
    if problems:
        raise RefusedError(
            f"Rolling out {facts.target.name} to {session.request.service} was refused before anything was "
            f"changed: {numbered}",
            problems=found,
        )
    if misfits:
        raise RequestError(
            f"Rolling out {session.request.service}: the task definition cannot be right; nothing was changed. "
            f"{numbered}",
            problems=found,
        )


def _definition_problems(request: RolloutRequest, facts: Facts) -> list[str]:
    """Of a definition that this service has not run yet; a recorded one has been accepted before."""
    if facts.plan.reuse_arn and not request.revision:
        return []
    return list(definition_problems(facts.target.document, fargate=request.settings.on_fargate))


def _movement_problems(request: RolloutRequest, facts: Facts) -> Iterable[str]:
    service, deployment = facts.found.service, request.settings.deployment
    desired = service.desired_count if service else 0
    return strategy_named(deployment.strategy).problems(deployment, desired) if desired else ()


def _misfits(request: RolloutRequest, facts: Facts) -> Iterator[str]:
    containers = {
        container.get("name"): container for container in facts.target.document.get("containerDefinitions", [])
    }
    images = [container.get("image") for container in containers.values()]
    if request.kind == DEPLOY and facts.target.image not in images:
        yield "Every container names an image of its own; leave out 'image' of the container that runs the release."
    for binding in sorted(request.settings.target_bindings, key=lambda binding: binding.target_group_arn):
        container = containers.get(binding.container_name)
        ports = [mapping.get("containerPort") for mapping in (container or {}).get("portMappings") or []]
        if binding.container_port not in ports:
            there = f"maps {ports}" if container else f"does not exist (there are: {', '.join(map(str, containers))})"
            yield (
                f"The load balancer is to reach port {binding.container_port} of container "
                f"{binding.container_name!r}, which {there}."
            )
    if migration := request.migration:
        if migration.container not in containers:
            yield f"The migration is to run in container {migration.container!r}, which does not exist."
        yield from _migration_sizes(migration, facts, fargate=request.settings.on_fargate)


def _migration_sizes(migration: Migration, facts: Facts, *, fargate: bool) -> Iterator[str]:
    """Why a task of the migration's size could not run: by what it asks for, or else by what the revision has."""
    if not (migration.cpu or migration.memory_mib):
        return
    document = facts.target.document
    sizes = {
        **document,
        **({"cpu": str(migration.cpu)} if migration.cpu else {}),
        **({"memory": str(migration.memory_mib)} if migration.memory_mib else {}),
    }
    for problem in (*(fargate_size_problems(sizes) if fargate else ()), *size_problems(sizes)):
        yield f"migration.cpu and migration.memory_mib do not fit: {problem}"


def _plan_problems(facts: Facts) -> Iterator[str]:
    if facts.plan.refusal:
        yield f"{facts.plan.refusal}."


def _promotion_problems(session: Session, facts: Facts) -> Iterator[str]:
    request, release = session.request, facts.target.release
    if not request.require_promoted or session.ports.promotions.find_promotion(request.service, release.digest):
        return
    yield (
        f"The release table holds no promotion of {release.digest}, and require_promoted accepts nothing else. Promote "
        f"it first ({PROMOTE.format(version=release.version)}), which records that its gates passed."
    )


def _deployment_problems(session: Session, facts: Facts, orphan_arn: str) -> Iterator[str]:
    moving = facts.moving
    if moving is None or moving.arn == orphan_arn or session.request.supersede:
        return
    yield (
        f"Deployment {moving.arn} of service {session.request.service} is {moving.state.value} and is not ours. Wait "
        "for it to end, stop it (aws ecs stop-service-deployment), or set supersede=true to replace it."
    )


def _alarm_problems(session: Session, facts: Facts) -> Iterator[str]:
    alarms = session.request.settings.deployment.alarms
    if not alarms or not facts.plan.judges:
        return
    states = session.ports.surroundings.alarm_states(alarms)
    for name in sorted(alarms):
        if name not in states:
            yield f"Alarm {name}, which is to guard the deployment, does not exist."
        elif states[name] == "ALARM":
            yield (
                f"Alarm {name} is in ALARM already, so ECS would not roll back on it. Clear its cause first, or leave "
                "it out of the deployment's alarms."
            )


def _gate_problems(session: Session, facts: Facts) -> Iterator[str]:
    if not facts.plan.judges:
        return
    for gate in session.request.gates:
        for misfit in gate.misfits(facts.target.release):
            yield f"Gate {gate.name} {misfit}"
