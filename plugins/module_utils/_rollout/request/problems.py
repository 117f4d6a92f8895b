# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a request cannot be right, beside its task definition. Nothing is asked of the world."""

from __future__ import annotations

import re
from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..._release.record import ROLLBACK
from ..gates.problems import gate_problems
from ..gates.settings import AtDeadline
from ..service.condition_limits import host_problem, path_problem
from ..service.conditions import KINDS, condition_problems
from ..service.losses import consent_problem
from ..service.rules import excess
from ..stages import Stage
from ..strategies.table import strategy_named
from ..values import FARGATE_PROVIDERS
from .shifting import shifting_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..._release.schema import Schema
    from ..gates.model import Gate
    from ..values import DeploymentSettings, ListenerRule, ServiceSettings
    from .model import RolloutRequest

_REVISION = re.compile(r"(arn:[\w-]+:ecs:[\w-]+:\d{12}:task-definition/)?[\w-]{1,255}:[1-9]\d*")
# Limits of CreateService and CreateRule.
_MOST_SUBNETS, _MOST_GROUPS, _MOST_PRIORITY = 16, 5, 50000
# Of ``CapacityProviderStrategyItem``, and of a strategy ("Amazon ECS capacity providers" in the developer guide).
_MOST_WEIGHT, _MOST_BASE, _MOST_PROVIDERS = 1000, 100_000, 20
_PATHS = "path_patterns"
_CONDITIONS = (_PATHS, "host_headers")


def problems_of(request: RolloutRequest) -> list[str]:
    """Everything that is wrong with *request*, in the words of the options."""
    return [
        *_gates(request),
        *_counts(request),
        *_what(request),
        *_rules(request.rules),
        *(f"{problem}." for problem in map(consent_problem, request.stop_serving) if problem),
        *_settings(request.settings),
        *_movement(request),
        *shifting_problems(request),
        *_schema(request.schema),
    ]


def _schema(schema: Schema) -> Iterator[str]:
    if schema.version < 0 or schema.oldest < 0:
        yield "schema_version and oldest_schema_version must not be below 1."
    elif schema.oldest > schema.version:
        there = f"is {schema.version}" if schema.version else "is not given"
        yield (
            f"oldest_schema_version is {schema.oldest}, and schema_version {there}; a release cannot need an older "
            "schema than the oldest that it leaves room for."
        )


def _movement(request: RolloutRequest) -> Iterable[str]:
    deployment = request.settings.deployment
    return strategy_named(deployment.strategy).problems(deployment, request.desired_count)


def _gates(request: RolloutRequest) -> Iterator[str]:
    if not request.gates:
        yield "gates is empty, so no release could ever pass; name at least one gate."
    elif not any(map(_decides_in_the_end, request.gates)):
        kinds = "target_health or http" if request.target_group_arn else "task_stability"
        yield (
            "gates has none that decides after all traffic has shifted, also in a rollback, and can be asked again of "
            f"a release that runs; add one of kind {kinds}."
        )
    names = [gate.name for gate in request.gates]
    if len(set(names)) != len(names):
        yield f"gates has a name twice ({', '.join(sorted(names))}); give each its own 'name'."
    for gate in request.gates:
        yield from gate_problems(gate, request.poll_seconds)
        yield from _strategy_problems(gate, request.settings.deployment.strategy)
        yield from _mixed_problems(gate, request.settings.deployment)


def _decides_in_the_end(gate: Gate[Any]) -> bool:
    back = gate.in_rollback()
    return gate.repeats and back is not None and not back.dry_run and Stage.AFTER_TRAFFIC in gate.stages


def _strategy_problems(gate: Gate[Any], name: str) -> Iterator[str]:
    """Why a deployment by the strategy *name* could not ask *gate* as it wants to be asked."""
    strategy = strategy_named(name)
    if gate.stages and not strategy.stages & {*gate.stages}:
        yield (
            f"gate {gate.name}: stages names {_listed(gate.stages)}, and strategy {name} asks gates only at "
            f"{_listed(strategy.stages)}; add that, or take the gate out."
        )
    if gate.compared_at and not gate.compared_at & strategy.stages & {*gate.stages}:
        yield (
            f"gate {gate.name}: maximum_latency_increase compares the release with the running version at "
            f"{_listed(gate.compared_at)}, and strategy {name} or the gate's stages leave that out; leave the option "
            "out, or add the stage."
        )
    if untold := gate.untold_at & strategy.stages & {*gate.stages}:
        left = [stage for stage in gate.stages if stage in strategy.stages - untold]
        instead = f"write stages: [{', '.join(stage.value for stage in left)}]" if left else "take the gate out"
        yield (
            f"gate {gate.name}: version_header is empty, and at {_listed(untold)}, which strategy {name} has, the "
            "running version answers as well, so that its answers would count as the release's. Name the header by "
            f"which answers tell their version, or {instead}."
        )
    if gate.on_inconclusive is AtDeadline.PAUSE and not strategy.can_hold:
        yield (
            f"gate {gate.name}: on_inconclusive is pause, and a deployment by strategy {name} cannot be held; write "
            "rollback or extend."
        )


def _mixed_problems(gate: Gate[Any], deployment: DeploymentSettings) -> Iterator[str]:
    """Answers of both versions, of which *gate* cannot tell whose they are, where ECS calls the deployment complete."""
    if gate.untold_at and strategy_named(deployment.strategy).mixed_at(deployment) & {*gate.stages}:
        yield (
            f"gate {gate.name}: version_header is empty, and with deployment.early_success_cleanup DEFERRED tasks of "
            "the running version still answer when ECS calls the deployment a success, so that their answers would "
            "count as the release's. Name the header by which answers tell their version, or write BLOCKING."
        )


def _listed(stages: Iterable[Stage]) -> str:
    return ", ".join(sorted(stage.value for stage in stages))


def _counts(request: RolloutRequest) -> Iterator[str]:
    if request.desired_count < 1:
        yield "desired_count is below 1; a release to zero tasks could not be judged."
    times = {"poll_interval_seconds": request.poll_seconds, "timeout_seconds": request.timeout_seconds}
    if request.migration:
        times["migration.timeout_seconds"] = request.migration.timeout_seconds
    for option, seconds in times.items():
        # A number that is no number compares as false with everything.
        if not (isfinite(seconds) and seconds > 0):
            yield f"{option} must be a number of seconds above 0 that ends."
    if request.migration and not request.migration.command:
        yield "migration.command is empty; write the command, or leave migration out."
    if request.keep_revisions is not None and request.keep_revisions < 1:
        yield "keep_revisions must be 1 or more, since one of them runs; leave it out to keep all."
    for option, text in (("cluster", request.cluster), ("service", request.service)):
        if not text.strip():
            yield f"{option} is empty; name the {option}."


def _what(request: RolloutRequest) -> Iterator[str]:
    if request.revision and request.kind == ROLLBACK:
        yield "revision is for state=present; name it in version, as family:revision, to go back to it."
    elif request.revision and not _REVISION.fullmatch(request.revision):
        yield (
            f"revision is {request.revision!r}, which names no revision: write family:revision (web:12), or the ARN of "
            "a task definition with its revision."
        )
    migration = request.migration
    if migration and (migration.cpu < 0 or migration.memory_mib < 0):
        yield "migration.cpu and migration.memory_mib must be above 0; leave them out for those of the revision."


def _rules(rules: tuple[ListenerRule, ...]) -> Iterator[str]:
    if _twice((rule.listener_arn, rule.priority) for rule in rules):
        yield "listener_rules names the same priority of a listener twice."
    for rule in rules:
        place = f"listener_rules at priority {rule.priority}"
        if not (rule.path_patterns or rule.host_headers or rule.conditions):
            yield f"{place} has neither path_patterns nor host_headers nor any other condition."
        for option, values, why in (
            ("path_patterns", rule.path_patterns, path_problem),
            ("host_headers", rule.host_headers, host_problem),
        ):
            if not all(value.strip() for value in values):
                yield f"{place} has an empty entry in {option}; take it out."
            for value in sorted(filter(str.strip, values)):
                if problem := why(value):
                    yield f"{place} has {value!r} in {option}, which {problem}."
        yield from (f"{place} {problem}." for problem in condition_problems(rule.conditions))
        if problem := excess(rule):
            yield f"{place} has {problem}. Split it in two."
        if not 1 <= rule.priority <= _MOST_PRIORITY:
            yield f"{place}: a priority is 1 to {_MOST_PRIORITY}."
        if not rule.listener_arn:
            yield f"{place}.listener_arn is empty."


def empty_condition_problems(rules: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with *rules*, as validated options: a condition that is given and empty lets everybody in."""
    for rule in rules:
        for option in (*_CONDITIONS, *(kind.option for kind in KINDS)):
            if rule[option] is not None and not rule[option]:
                yield (
                    f"listener_rules at priority {rule['priority']} has an empty list in {option}, which would open "
                    f"the rule to everyone; give it a value, or leave it out{' for every path' * (option == _PATHS)} "
                    "(in a template: `default(omit, true)`)."
                )


def _settings(settings: ServiceSettings) -> Iterator[str]:
    if network := settings.network:
        for option, ids, most in (
            ("subnets", network.subnets, _MOST_SUBNETS),
            ("security_groups", network.security_groups, _MOST_GROUPS),
        ):
            if not ids:
                yield f"network.{option} is empty; tasks need one at least."
            elif "" in ids:
                yield f"network.{option} has an empty entry; take it out, or see why its variable is empty."
            elif len(ids) > most:
                yield f"network.{option} has {len(ids)} entries; ECS takes {most}."
    if settings.health_check_grace_period_seconds < 0:
        yield "health_check_grace_period_seconds must not be below 0."
    if "" in settings.deployment.alarms:
        yield "deployment.alarms has an empty entry; take it out."
    yield from _provider_problems(settings)


def _provider_problems(settings: ServiceSettings) -> Iterator[str]:
    providers, option = settings.capacity_providers, "capacity_provider_strategy"
    for name in _twice(provider.name for provider in providers):
        yield f"{option} names {name} twice."
    if not all(provider.name.strip() for provider in providers):
        yield f"{option} has an entry whose capacity_provider is empty; name it, or take the entry out."
    if len(providers) > _MOST_PROVIDERS:
        yield f"{option} has {len(providers)} entries; ECS takes {_MOST_PROVIDERS}."
    if len({provider.name in FARGATE_PROVIDERS for provider in providers}) > 1:
        yield (
            f"{option} mixes {' and '.join(sorted(FARGATE_PROVIDERS))} with others; ECS places the tasks of a service "
            "on Fargate or on other capacity, and not on both."
        )
    if providers and not any(provider.weight > 0 for provider in providers):
        yield f"{option} has no weight above 0, so that no task could be placed."
    if sum(provider.base > 0 for provider in providers) > 1:
        yield f"{option} has more than one base; ECS takes one."
    if not all(0 <= provider.weight <= _MOST_WEIGHT and 0 <= provider.base <= _MOST_BASE for provider in providers):
        yield f"{option} has a weight beyond 0 to {_MOST_WEIGHT}, or a base beyond 0 to {_MOST_BASE}."


def _twice(values: Iterable[object]) -> list[object]:
    return [value for value, count in Counter(values).items() if count > 1]
