# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovering from a run that was killed: its record says IN_PROGRESS, and its lock is dead because we hold it now.

What it left in ECS is looked at. A release that is still the wanted one, and whose deployment moves or completed, is
adopted: judged from here on, under the same record. Any other record is closed with what really became of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._common.wait import timed_out, until
from .._errors import WaitTimeoutError
from .._release.record import Outcome, Release, finished
from .service.deployment import DeploymentState
from .strategies.service_events import said_by_ecs
from .strategies.table import strategy_named

if TYPE_CHECKING:
    from .plan.read import Facts
    from .session import Session
    from .strategies.model import Standing, Started


@dataclass(frozen=True, slots=True)
class Recovery:
    """``adopted``: the interrupted release to go on with. ``orphan_arn``: a deployment of ours that may be replaced."""

    adopted: Release | None = None
    orphan_arn: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class _Left:
    """A deployment that an interrupted run left, and how it stands."""

    started: Started
    standing: Standing


def recover(session: Session, facts: Facts) -> Recovery:
    """Close or adopt what interrupted runs left. Waits for a rollback that ECS is still at."""
    recovery = Recovery()
    for release in facts.interrupted:
        left = _find_left(session, facts, release)
        if left and recovery.adopted is None and _is_wanted(facts, release, left.standing):
            session.say(f"an earlier run releasing {release.name} was interrupted; going on with it")
            recovery = replace(recovery, adopted=replace(release, deployment_id=left.started.arn))
        else:
            orphan = _close(session, release, left)
            recovery = replace(recovery, orphan_arn=orphan or recovery.orphan_arn, closed=True)
    return recovery


def _find_left(session: Session, facts: Facts, release: Release) -> _Left | None:
    recorded = {known.deployment_id for known in facts.history}
    listed = facts.deployments if facts.found.service else ()
    unrecorded = (deployment for deployment in listed if deployment.arn not in recorded)
    strategy = strategy_named(release.strategy)
    started = strategy.find(session, release.task_definition_arn, release.deployment_id, unrecorded)
    return _Left(started, strategy.follow(session, started)) if started else None


def _is_wanted(facts: Facts, release: Release, standing: Standing) -> bool:
    return (
        standing.state in (DeploymentState.PENDING, DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL)
        and release.task_definition_arn == facts.plan.reuse_arn == facts.running_arn
    )


def _close(session: Session, release: Release, left: _Left | None) -> str:
    """Complete the record; the ARN of its deployment when that still moves and may be replaced."""
    if left and left.standing.state is DeploymentState.ROLLING_BACK:
        left = replace(left, standing=_await_end(session, left.started))
    outcome, reason = _became(left)
    session.say(f"closing the interrupted release of {release.name}: {outcome.value}, {reason}")
    session.ports.releases.finish(
        finished(
            release,
            outcome,
            moment=session.clock.now(),
            reason=session.redaction.text(f"the run was interrupted; {reason}"),
        )
    )
    return left.started.arn if left and left.standing.state.moving else ""


def _await_end(session: Session, started: Started) -> Standing:
    """How the deployment stands after the end of its rollback, or when that takes longer than a rollback may."""
    short = started.arn.rpartition("/")[2]
    session.say(f"ECS is still rolling {short} back; waiting for its end")

    def look() -> Standing:
        return started.strategy.follow(session, started)

    try:
        return until(
            look,
            lambda seen: seen.state is not DeploymentState.ROLLING_BACK,
            clock=session,
            seconds=session.request.timeout_seconds,
            pause=session.request.poll_seconds,
            on_timeout=lambda seen, elapsed: timed_out(
                f"{short} is still {seen.state.value} after {elapsed:.0f} s.{said_by_ecs(session)}",
                state=seen.state.value,
            ),
        )
    except WaitTimeoutError as error:
        session.say(error.message)
        return look()


def _became(left: _Left | None) -> tuple[Outcome, str]:
    if left is None:
        return Outcome.FAILED, "no deployment of it was found, so the service was not changed by it"
    arn, standing = left.started.arn, left.standing
    said = f" ({standing.reason})" if standing.reason else ""
    match standing.state:
        case DeploymentState.SUCCESSFUL:
            return Outcome.FAILED, f"ECS completed deployment {arn}, but it was never judged"
        case DeploymentState.ROLLED_BACK:
            return Outcome.ROLLED_BACK, f"ECS rolled deployment {arn} back{said}"
        case DeploymentState.STOPPED:
            return Outcome.SUPERSEDED, f"deployment {arn} was stopped before it completed{said}"
        case DeploymentState.PENDING | DeploymentState.IN_PROGRESS | DeploymentState.UNKNOWN:
            return (
                Outcome.SUPERSEDED,
                f"deployment {arn} was still under way and another release replaces it",
            )
        case _:
            return Outcome.FAILED, f"deployment {arn} ended as {standing.state.value}{said}"
