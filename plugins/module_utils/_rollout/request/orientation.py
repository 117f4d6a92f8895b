# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of two target groups is whose, as the service and its listener rules stand.

A release that shifts traffic leaves the service in the other group. So the option names a pair, and what stands says
where users are: a rolling release stays there, and ECS shifts from there to the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..service.rules import at
from ..strategies.shifting import HOOKS
from ..strategies.table import strategy_named
from ..values import TrafficShift

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..service.rules import Place, StandingRule
    from ..values import DeploymentSettings, ListenerRule, Service
    from .model import RolloutRequest

_BAKE = "bakeTimeInMinutes"


def oriented(request: RolloutRequest, service: Service | None, standing: Iterable[StandingRule]) -> RolloutRequest:
    """*request* with its pair of target groups as they stand; unchanged without an alternate one. Idempotent."""
    settings = replace(request.settings, deployment=_without_left(request.settings.deployment, service))
    if not request.alternate_target_group_arn or len(settings.target_bindings) != 1:
        return replace(request, settings=settings)
    standing = tuple(standing)
    (binding,) = settings.target_bindings
    pair = (binding.target_group_arn, request.alternate_target_group_arn)
    shifts = strategy_named(settings.deployment.strategy).shifts_weights
    live = live_group(_places(request, service, standing), standing, pair)
    bound = {each.target_group_arn for each in service.settings.target_bindings} if service else set()
    present = next((group for group in pair if group in bound), "")
    first = (present or live or pair[0]) if shifts else (live or present or pair[0])
    other = pair[1] if first == pair[0] else pair[0]
    rules = tuple(_rule(rule, at(standing, place(rule)), (first, other), live, shifts=shifts) for rule in request.rules)
    shift = TrafficShift(other, request.infrastructure_role_arn, *_rule_arns(rules, standing)) if shifts else None
    binding = replace(binding, target_group_arn=first, shift=shift)
    return replace(
        request,
        settings=replace(settings, target_bindings=frozenset({binding})),
        alternate_target_group_arn=other,
        rules=rules,
    )


def with_rules(request: RolloutRequest, standing: Iterable[StandingRule]) -> RolloutRequest:
    """*request* with the ARNs of the rules that ECS is to move traffic by, once these stand."""
    arns = _rule_arns(request.rules, tuple(standing))
    bindings = frozenset(
        replace(binding, shift=replace(binding.shift, production_rule_arn=arns[0], test_rule_arn=arns[1]))
        if binding.shift
        else binding
        for binding in request.settings.target_bindings
    )
    return replace(request, settings=replace(request.settings, target_bindings=bindings))


def _places(request: RolloutRequest, service: Service | None, standing: tuple[StandingRule, ...]) -> set[Place]:
    """Where the rules stand by which users come: the wanted ones, and that by which ECS moved traffic last."""
    bindings = service.settings.target_bindings if service else frozenset()
    used = {binding.shift.production_rule_arn for binding in bindings if binding.shift}
    return {place(rule) for rule in request.rules if not rule.is_test} | {
        rule.place for rule in standing if rule.arn in used
    }


def live_group(places: set[Place], standing: tuple[StandingRule, ...], pair: tuple[str, str]) -> str:
    """The group of *pair* that gets most by the rules at *places*; empty when none does, or when another one does."""
    weights = dict.fromkeys(pair, 0)
    for there in standing:
        if there.place not in places or there.warms:
            continue
        if not there.groups <= set(pair):
            return ""
        for group in there.groups:
            weights[group] += there.weights[group]
    most = max(pair, key=lambda group: weights[group])
    return most if weights[most] else ""


def place(rule: ListenerRule) -> Place:
    """Where *rule* is to stand."""
    return rule.listener_arn, rule.priority


def _rule(
    wanted: ListenerRule, there: StandingRule | None, pair: tuple[str, str], live: str, *, shifts: bool
) -> ListenerRule:
    """*wanted* as it is compared: which of the pair gets traffic is ECS's to say, as long as it shifts it."""
    if not shifts:
        return replace(wanted, target_group_arn=pair[0], waiting_group_arns=frozenset())
    if there is None or not there.groups or not there.weights.keys() <= set(pair):
        home = live or pair[0]
        return replace(wanted, target_group_arn=home, waiting_group_arns=frozenset(pair) - {home})
    seen = there.summary()
    # ECS leaves a test rule with the group that was tested last.
    missing = frozenset() if wanted.is_test else frozenset(pair) - there.weights.keys()
    return replace(wanted, target_group_arn=seen.target_group_arn, waiting_group_arns=seen.waiting_group_arns | missing)


def _rule_arns(rules: Iterable[ListenerRule], standing: tuple[StandingRule, ...]) -> tuple[str, str]:
    """The ARNs of the production and the test rule, each empty when it does not stand."""
    arns = ["", ""]
    for rule in rules:
        there = at(standing, place(rule))
        arns[rule.is_test] = there.arn if there else ""
    return arns[0], arns[1]


def _without_left(deployment: DeploymentSettings, service: Service | None) -> DeploymentSettings:
    """*deployment* that takes back what another strategy has left at the service: ECS would go on pausing by it."""
    there = service.settings.deployment if service else None
    if there is None or there.strategy == deployment.strategy:
        return deployment
    empty: dict[str, Any] = {HOOKS: [], _BAKE: 0}
    left = {name: empty[name] for name in empty if name in there.own and name not in deployment.own}
    return replace(deployment, own={**left, **deployment.own})
