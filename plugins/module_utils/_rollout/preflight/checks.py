# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pre-flight: everything that would make a release fail and can be known before anything is touched.

All problems are found and said at once, so that they need not be met one run at a time.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from ..._common.commands import PROMOTE
from ..._errors import FastbreakError, RefusedError, RequestError
from ..._release.image import parse_image
from ..._release.record import DEPLOY, ROLLBACK, running_release
from ..._release.schema import Schema, left_behind, schema_problem
from ..definition.fargate import fargate_size_problems
from ..definition.problems import definition_problems, size_problems
from ..gates.model import Beforehand
from ..plan.differences import Action
from ..strategies.table import strategy_named
from .allowed import allowed
from .arithmetic import arithmetic_problems
from .capacity import capacity_problems
from .identity import identity_problems
from .permissions import permission_looks
from .precision import precision_problems
from .prerequisites import prerequisite_looks
from .quotas import quota_problems
from .reach import reach_problems
from .served import serving_problems, warn_of_unused_consents
from .shifting import shifting_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..gates.model import Gate
    from ..plan.read import Facts
    from ..request.model import Migration, RolloutRequest
    from ..session import Session

_SCHEMA_ADVICE = (
    "Deploy a corrected release forward instead, or restore the database as well; a release that works with that "
    "schema can be deployed with the schema_version that it really needs."
)


def check(session: Session, facts: Facts, *, orphan_arn: str = "") -> None:
    """Raise everything that stands against the release: RequestError when only the task definition cannot be right.

    *orphan_arn* is a service deployment that an interrupted run of ours left behind: it may be replaced. Raises
    RefusedError for what is missing or in the way.
    """
    misfits = [*_misfits(session.request, facts), *_definition_problems(session.request, facts)]
    problems = _found_problems(session, facts, orphan_arn)
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


def _found_problems(session: Session, facts: Facts, orphan_arn: str) -> list[str]:
    """What is missing or in the way, of all kinds. Whatever asks AWS does so at the same time as the rest."""
    return session.ask_all(
        [
            lambda aside: [*_plan_problems(facts), *_movement_problems(aside.request, facts)],
            lambda aside: _promotion_problems(aside, facts),
            lambda aside: _identity_problems(aside.request, facts),
            lambda aside: [*_schema_problems(facts), *_deployment_problems(aside, facts, orphan_arn)],
            lambda aside: shifting_problems(aside, facts, orphan_arn),
            *prerequisite_looks(session, facts),
            *permission_looks(session, facts),
            lambda aside: precision_problems(aside.request, facts.target) if facts.plan.judges else (),
            lambda aside: capacity_problems(aside, facts),
            lambda aside: quota_problems(aside, facts),
            lambda aside: arithmetic_problems(aside, facts),
            lambda aside: reach_problems(aside, facts),
            lambda aside: serving_problems(aside, facts),
            lambda aside: _alarm_problems(aside, facts),
            lambda aside: _gate_alarm_problems(aside, facts),
            *(partial(_gate_problems, facts, gate) for gate in session.request.gates if facts.plan.judges),
            partial(_way_back_problems, facts),
            _topic_problems,
        ]
    )


def _way_back_problems(facts: Facts, session: Session) -> tuple[str, ...]:
    """None: a migration that leaves no room for what runs keeps no release out. It is said that none goes back."""
    running = running_release(facts.history, facts.running_arn)
    if running is None or session.request.kind != DEPLOY or not facts.plan.judges:
        return ()
    needed = Schema(running.schema_version, running.oldest_schema_version)
    if problem := left_behind(facts.target.schema, needed, running.name):
        session.warn_once(
            f"if this release is refused, going back may not help: {problem} Let the migration leave room for what "
            "runs, and say so by oldest_schema_version; or have a backup of the database at hand"
        )
    return ()


def _topic_problems(session: Session) -> tuple[str, ...]:
    """None: a topic that is not there keeps no release out. It is said that nobody will be told by it."""
    try:
        look = session.ports.announcements.topic_problem
        problem = allowed(session, "notifications.topic_arn", look)
    except FastbreakError as error:
        problem = error.message
    if problem:
        session.warn_once(f"nobody is told of this release by notifications.topic_arn: {problem}")
    return ()


def check_way_back(session: Session, facts: Facts) -> None:
    """Raise RefusedError when the release of before does not work with the schema, or would answer everybody."""
    if problems := [*_schema_problems(facts), *_identity_problems(session.request, facts)]:
        raise RefusedError(
            f"Rolling {session.request.service} back was refused: {' '.join(problems)} Nothing was changed.",
            problems=problems,
        )


def _identity_problems(request: RolloutRequest, facts: Facts) -> Iterable[str]:
    return identity_problems(request, facts.target, facts.found.running, facts.history)


def _schema_problems(facts: Facts) -> list[str]:
    """Why the release does not work with the schema that the database may have."""
    if not facts.target.recorded and not facts.target.schema.version:
        # A release that never said what it needs is as it was before there was anything to say.
        return []
    problem = schema_problem(facts.history, facts.target.schema, facts.target.release.version)
    return [f"{problem} {_SCHEMA_ADVICE}"] if problem else []


def _definition_problems(request: RolloutRequest, facts: Facts) -> list[str]:
    """Of a definition that this service has not run yet; a recorded one has been accepted before."""
    if facts.plan.reuse_arn and not request.revision:
        return []
    return list(definition_problems(facts.target.document, fargate=request.settings.on_fargate))


def _movement_problems(request: RolloutRequest, facts: Facts) -> Iterable[str]:
    service, deployment = facts.found.service, request.settings.deployment
    desired = max(service.desired_count, facts.plan.rests) if service else 0
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
    # A rollback goes without them: what guards a service must not keep it at a bad release.
    if not alarms or not facts.plan.judges or session.request.kind == ROLLBACK:
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


def _gate_alarm_problems(session: Session, facts: Facts) -> Iterator[str]:
    watched = {gate.name: gate.alarm_names() for gate in session.request.gates if not gate.dry_run}
    names = frozenset().union(*watched.values())
    if not names or not facts.plan.judges:
        return
    states = session.ports.surroundings.alarm_states(names)
    for gate, alarms in watched.items():
        for name in sorted(alarms):
            if name not in states:
                yield f"Alarm {name} of gate {gate} does not exist in this account and region."
            elif states[name] == "ALARM":
                yield (
                    f"Alarm {name} is in ALARM already, so gate {gate} would refuse any release. Clear its cause "
                    "first, or leave it out of the gate's alarms."
                )


def _gate_problems(facts: Facts, gate: Gate[Any], session: Session) -> Iterator[str]:
    for misfit in gate.misfits(facts.target.release):
        yield f"Gate {gate.name} {misfit}"
    if not gate.dry_run:
        yield from _gate_secret_problems(session, gate)
        seen = _beforehand(session, facts, gate)
        yield from (f"Gate {gate.name} {problem}" for problem in gate.beforehand(seen))
        for untried in gate.untried(seen) if session.request.kind == DEPLOY else ():
            session.warn_once(f"gate {gate.name} {untried}")
    for name in sorted(gate.file_names()):
        if problem := session.ports.instruments.file_problem(name):
            yield f"Gate {gate.name} sends file {name}, which {problem}."


def _gate_secret_problems(session: Session, gate: Gate[Any]) -> Iterator[str]:
    for name in sorted(gate.secret_names()):
        look = partial(session.ports.surroundings.named_secret_problem, name)
        if problem := allowed(session, f"secret {name} of gate {gate.name}", look):
            yield (
                f"Gate {gate.name} sends in a header what secret {name} holds, which {problem}. Put the value there, "
                "or correct the gate's headers (ecs_rollout_probe_headers of the role)."
            )


def _beforehand(session: Session, facts: Facts, gate: Gate[Any]) -> Beforehand:
    """What *gate* sees before anything is changed. What runs is tried when it is deployed over, and on no way back."""
    surroundings, release = session.ports.surroundings, facts.target.release
    tried = facts.plan.action is Action.DEPLOY and session.request.kind == DEPLOY and not gate.running_version_may_fail
    running = running_release(facts.history, facts.running_arn) if tried else None
    return Beforehand(
        session.ports,
        running.version if running else "",
        session.request.target_group_arn,
        cache(lambda: surroundings.image_labels(parse_image(facts.target.image).repository, release.digest)),
    )
