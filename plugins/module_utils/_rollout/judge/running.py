# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release that runs already: it is looked at, and asked as users ask it, before it is called healthy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._errors import OperationError
from ..._release.record import running_release
from ..act.awake import is_asleep
from ..act.shifted_traffic import traffic_of
from ..gates.problems import gates_at
from ..stages import Stage
from ..strategies.table import find_strategy, strategy_named
from .decision import Step
from .watch import Watch

if TYPE_CHECKING:
    from ..act.traffic import Traffic
    from ..plan.read import Facts
    from ..service.deployment import ServiceDeployment
    from ..session import Session
    from .decision import Decision


def verify_running(session: Session, facts: Facts) -> None:
    """Raise OperationError when what runs is not healthy, or tasks of it have failed since it was released.

    Tasks that come and go are given the gates' deadlines. While a deployment that is not ours shifts users, it is said
    that nothing is judged: ECS may be waiting for a verdict, which is its owner's to give.
    """
    if is_asleep(facts):
        session.say("no task runs, since there is nothing to do: nothing was judged")
        return
    if shifting := _shifts_users(facts):
        session.warn(
            f"deployment {shifting.arn} of {session.request.service} is {shifting.state.value} ({shifting.progress}) "
            "and no release of this collection began it, so it was neither judged nor told to go on. Look again once "
            "it has ended; whoever began it may stop it (aws ecs stop-service-deployment)."
        )
        return
    decision = watch_running(session, facts, traffic_of(session, facts), bake_seconds=0.0, since_release=True)
    if decision.step is Step.SUCCEED:
        return
    raise OperationError(
        f"Release {facts.target.release.version} of {session.request.service} runs already, so there was nothing to "
        f"change, but it is not healthy: {decision} Nothing was changed. Look at the tasks' logs; deploy a corrected "
        "version, or roll back.",
        gates=[measurement.gate for measurement in decision.measurements],
    )


def _shifts_users(facts: Facts) -> ServiceDeployment | None:
    """The deployment under way in which ECS moves users between target groups; None when there is none."""
    service = facts.found.service
    strategy = find_strategy(service.settings.deployment.strategy) if service else None
    return facts.moving if strategy and strategy.shifts_weights else None


def watch_running(
    session: Session, facts: Facts, traffic: Traffic, *, bake_seconds: float, since_release: bool = False
) -> Decision:
    """Judge what runs by every gate, over *bake_seconds* at most. No deployment is told to go on by that.

    *since_release* counts the tasks that have failed since ECS deployed it, and not only those that fail now.
    """
    judged = running_release(facts.history, facts.running_arn)
    strategy = judged.strategy if judged else session.request.settings.deployment.strategy
    started = replace(strategy_named(strategy).adopt(session, facts.running_arn), ours=False)
    asked = (gate for gate in gates_at(session.request.gates, Stage.AFTER_TRAFFIC) if gate.repeats)
    gates = tuple(gate.short(bake_seconds) for gate in asked)
    tag = facts.target.release.tag
    return Watch(session, started, tag, traffic, gates, ended_before=not since_release).run()
