# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands against a deployment in which ECS moves the traffic: it looks at none of this before it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..request.orientation import place
from ..service.rules import at
from ..strategies.table import find_strategy, strategy_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..plan.read import Facts
    from ..service.rules import StandingRule
    from ..session import Session
    from ..values import ListenerRule


def shifting_problems(session: Session, facts: Facts, ours_arn: str) -> Iterator[str]:
    """What the API model lacks, the role, and live weights that ECS would build on.

    Weights are not looked at where they may be anywhere by right: *ours_arn* is a deployment of ours.
    """
    request = session.request
    yield from session.ports.ecs.unknown_settings(request.settings)
    if not strategy_named(request.settings.deployment.strategy).shifts_weights:
        return
    if problem := session.ports.surroundings.infrastructure_role_problem(request.infrastructure_role_arn):
        yield f"Role {request.infrastructure_role_arn} of load_balancer.infrastructure_role_arn {problem}."
    if _is_moving_weights(facts, ours_arn):
        return
    for wanted in request.rules:
        there = at(facts.found.rules, place(wanted))
        if there and not there.warms and not wanted.is_test:
            yield from _weight_problems(session, facts, wanted, there)


def _is_moving_weights(facts: Facts, ours_arn: str) -> bool:
    """Whether a deployment does that is gone on with, or taken back first, or which others' release is refused for.

    One of others that only replaces tasks is built on, with whatever weights there are.
    """
    service, moving = facts.found.service, facts.moving
    if service is None or moving is None:
        return False
    strategy = find_strategy(service.settings.deployment.strategy)
    return moving.arn == ours_arn or (strategy is not None and strategy.shifts_weights)


def _weight_problems(session: Session, facts: Facts, wanted: ListenerRule, there: StandingRule) -> Iterator[str]:
    pair, strategy = session.request.target_group_arns, session.request.settings.deployment.strategy
    of = f"{there.name} (priority {wanted.priority} of listener_rules)"
    if not there.weights or not there.weights.keys() <= set(pair):
        yield (
            f"{of} forwards to {there.summary().target_group_arn}, where {strategy} moves traffic between "
            f"{' and '.join(pair)} only. Release by ROLLING once, which moves it to one of them, then by {strategy}."
        )
    elif len(there.groups) != 1:
        yield (
            f"{of} splits traffic ({there.summary().target_group_arn}) though no deployment is moving it: somebody "
            "changed its weights. Set the group that serves users to 1 and the other to 0, then run again."
        )
    elif facts.found.service and not _healthy(session, there):
        yield (
            f"{of} sends users to {there.summary().target_group_arn}, which has no healthy target: ECS would take it "
            "for the revision that runs. Point the rule at the group that has the service's tasks, then run again; if "
            "these are all down, release what mends them by ROLLING (deployment.strategy), which asks none of them."
        )


def _healthy(session: Session, rule: StandingRule) -> int:
    targets = (session.ports.balancing.describe_targets(group) or () for group in rule.groups)
    return sum(target.state == "healthy" for found in targets for target in found)
