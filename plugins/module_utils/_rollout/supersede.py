# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing a deployment of somebody else that shifts users: ECS takes it back before the release begins.

Its tasks and its share of the users are in the target group that the release needs for itself, and ECS builds on
whatever weights it finds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.wait import timed_out, until
from .._errors import OperationError
from .service.deployment import DeploymentState
from .strategies.model import Started
from .strategies.service_events import said_by_ecs
from .strategies.table import find_strategy

if TYPE_CHECKING:
    from .plan.read import Facts
    from .session import Session
    from .strategies.model import Standing


def shifting_of_others(session: Session, facts: Facts, ours_arn: str) -> Started | None:
    """The deployment to take back first, where the request supersedes; *ours_arn* is none of others."""
    service, moving = facts.found.service, facts.moving
    if not (session.request.supersede and facts.plan.judges and service and moving) or moving.arn == ours_arn:
        return None
    strategy = find_strategy(service.settings.deployment.strategy)
    return Started(strategy, facts.running_arn, moving.arn) if strategy and strategy.shifts_weights else None


def take_back(session: Session, others: Started, why: str = "which is not ours") -> None:
    """Have ECS roll it back, and wait until it has. Raises OperationError when users do not come back by that.

    *why* says what is wrong with it.
    """
    session.say(f"deployment {others.arn}, {why}, shifts users; it is rolled back first")
    # ECS says no to a deployment that is on its way back already, or has ended by itself.
    others.strategy.roll_back(session, others)
    ended = _await_end(session, others)
    if ended.state in (DeploymentState.ROLLED_BACK, DeploymentState.STOPPED, DeploymentState.SUCCESSFUL):
        return
    raise OperationError(
        f"Replacing deployment {others.arn} of {session.request.service}, {why}, was given up: ECS was to "
        f"roll it back first, and it is {ended.state.value}{f' ({ended.reason})' if ended.reason else ''}. No release "
        "was begun. Look at the service, then run the same command again."
    )


def _await_end(session: Session, others: Started) -> Standing:
    def look() -> Standing:
        standing = others.strategy.follow(session, others)
        if standing.state is DeploymentState.ROLLING_BACK:
            # A hook that ECS fires on the way back: nothing there is judged.
            others.strategy.go_on(session, others, standing.progress.pauses)
        return standing

    return until(
        look,
        lambda seen: not seen.state.moving,
        clock=session,
        seconds=session.request.timeout_seconds,
        pause=session.request.poll_seconds,
        on_timeout=lambda seen, elapsed: timed_out(
            f"Deployment {others.arn} of {session.request.service}, which this run is to replace, is still "
            f"{seen.state.value} after {elapsed:.0f} s. No release was begun; run the same command again when it has "
            f"ended.{said_by_ecs(session)}",
            state=seen.state.value,
        ),
    )
