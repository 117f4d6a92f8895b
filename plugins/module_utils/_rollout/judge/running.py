# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release that runs already: it is looked at, and asked as users ask it, before it is called healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import OperationError
from ..._release.record import running_release
from ..act.shifted_traffic import traffic_of
from ..gates.problems import gates_at
from ..stages import Stage
from ..strategies.table import strategy_named
from .decision import Step
from .watch import Watch

if TYPE_CHECKING:
    from ..act.traffic import Traffic
    from ..plan.read import Facts
    from ..session import Session
    from .decision import Decision


def verify_running(session: Session, facts: Facts) -> None:
    """Raise OperationError when what runs is not healthy, or tasks of it have failed since it was released.

    Tasks that come and go are given the gates' deadlines.
    """
    decision = watch_running(session, facts, traffic_of(session, facts), bake_seconds=0.0, since_release=True)
    if decision.step is Step.SUCCEED:
        return
    raise OperationError(
        f"Release {facts.target.release.version} of {session.request.service} runs already, so there was nothing to "
        f"change, but it is not healthy: {decision} Nothing was changed. Look at the tasks' logs; deploy a corrected "
        "version, or roll back.",
        gates=[measurement.gate for measurement in decision.measurements],
    )


def watch_running(
    session: Session, facts: Facts, traffic: Traffic, *, bake_seconds: float, since_release: bool = False
) -> Decision:
    """Judge what runs by every gate, over *bake_seconds* at most.

    *since_release* counts the tasks that have failed since ECS deployed it, and not only those that fail now.
    """
    judged = running_release(facts.history, facts.running_arn)
    strategy = judged.strategy if judged else session.request.settings.deployment.strategy
    started = strategy_named(strategy).adopt(session, facts.running_arn)
    asked = (gate for gate in gates_at(session.request.gates, Stage.AFTER_TRAFFIC) if gate.repeats)
    gates = tuple(gate.short(bake_seconds) for gate in asked)
    tag = facts.target.release.tag
    return Watch(session, started, tag, traffic, gates, ended_before=not since_release).run()
