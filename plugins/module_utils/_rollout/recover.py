# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovering from a run that was killed: its record says IN_PROGRESS, and its lock is dead because we hold it now.

What it left in ECS is looked at. A release that is still the wanted one, and whose deployment moves or completed, is
adopted: judged from here on, under the same record. Any other record is to be completed with what really became of it,
but not before another release is in its place or all of it was put back: until then it holds the snapshot of what there
was before, which the next run needs if this one is refused, fails or is killed too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .._common.wait import timed_out, until
from .._errors import FastbreakError, SupersededError, WaitTimeoutError
from .._release.record import ROLLBACK, KeptSnapshot, Outcome, Release, finished, newest_first, running_release
from .notices import Moment
from .plan.differences import Action
from .plan.snapshot import oldest_kept
from .service.deployment import DeploymentState
from .strategies.model import Started
from .strategies.service_events import said_by_ecs
from .strategies.table import strategy_named

if TYPE_CHECKING:
    from .plan.read import Facts
    from .session import Session
    from .strategies.model import Standing


_ALL_USERS = 100.0


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A *release* under way that is given up, and its deployment. ``first``: another release comes after that."""

    release: Release
    started: Started
    first: bool = False


@dataclass(frozen=True, slots=True)
class Fallen:
    """A *release* that is to be judged and that ECS ended meanwhile, and its deployment: None where none was found."""

    release: Release
    started: Started | None = None
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A *release* that is over as it is to be recorded, and the moment that others are told."""

    release: Release
    moment: Moment


@dataclass(frozen=True, slots=True)
class Recovery:
    """``adopted``: the interrupted release to go on with. ``orphan_arn``: a deployment of ours that may be replaced.

    ``ended`` are the other records that are to be completed, which is not written yet. ``snapshot`` is what there
    was before all that nobody judged, encoded; empty when nothing was interrupted. ``kept``: the release table has one
    of a change of settings. ``withdrawn`` is the release under way that is given up: its way back leads where a
    rollback goes, or it shares target groups with what is wanted instead. ``halfway`` is a deployment of ours that
    shares users with what nobody ever judged: ECS takes it back before anything is deployed. ``fallen`` is the release
    that was to be judged, when there is nothing left to judge. ``unjudged`` is the newest of ``ended`` that still runs,
    or is under way: it is not as it is wanted now.
    """

    adopted: Release | None = None
    withdrawn: Withdrawn | None = None
    fallen: Fallen | None = None
    unjudged: Release | None = None
    halfway: Started | None = None
    orphan_arn: str = ""
    ended: tuple[Ended, ...] = ()
    snapshot: str = ""
    kept: bool = False

    def goes_on(self, facts: Facts) -> bool:
        """Whether ECS is at work on the adopted release, and shifts users."""
        adopted = self.adopted
        if adopted is None or facts.moving is None or facts.moving.arn != adopted.deployment_id:
            return False
        return strategy_named(adopted.strategy).shifts_weights

    @property
    def records(self) -> tuple[Release, ...]:
        """The releases that are over, as they are to be recorded."""
        return tuple(each.release for each in self.ended)

    @property
    def replaceable_arn(self) -> str:
        """A deployment of ours that is under way and may be gone on with or replaced; empty when there is none."""
        withdrawn = self.withdrawn.started.arn if self.withdrawn else ""
        return (self.adopted.deployment_id if self.adopted else "") or withdrawn or self.orphan_arn

    def without(self, release: Release) -> Recovery:
        """This one, but *release* is ended by whoever asks for that."""
        return replace(self, ended=tuple(each for each in self.ended if each.release.release_id != release.release_id))

    def keep(self, session: Session, facts: Facts, snapshot: str) -> Recovery:
        """Have *snapshot* outlive this run, which makes no release; nothing when an older one does."""
        if self.snapshot:
            return self
        releases, service = session.ports.releases, session.request.service
        if self.kept:
            releases.drop_snapshot(service)
        newest = newest_first(facts.history)[:1]
        releases.keep_snapshot(service, KeptSnapshot(snapshot, newest[0].release_id if newest else ""))
        return replace(self, kept=True)

    def complete(self, session: Session) -> None:
        """Complete the records of what is over, and tell others: something was released since, or all was put back.

        One that cannot be written stays for the next run, which comes to the same.
        """
        for each in self.ended:
            release = each.release
            session.say(f"closing the interrupted release of {release.name}: {release.outcome.value}, {release.reason}")
            try:
                session.ports.releases.finish(release)
                session.tell(each.moment, release, seen=release.reason)
            except SupersededError:
                raise
            except FastbreakError as error:
                session.warn(f"the interrupted release of {release.name} could not be closed: {error}")
        if self.kept:
            self.drop(session)

    def drop(self, session: Session) -> None:
        """Drop the snapshot that was kept for a change of settings."""
        try:
            session.ports.releases.drop_snapshot(session.request.service)
        except SupersededError:
            raise
        except FastbreakError as error:
            session.warn(
                "the snapshot of before the settings were changed could not be dropped, so that a release that fails "
                f"may go back to it; run the same command again once the release table answers: {error}"
            )


@dataclass(frozen=True, slots=True)
class _Left:
    """A deployment that an interrupted run left, and how it stands."""

    started: Started
    standing: Standing


def recover(session: Session, facts: Facts) -> Recovery:
    """Look what interrupted runs left. Waits for a rollback that ECS is still at.

    Writes nothing, but for answers to hooks of such a rollback, under the lock.
    """
    kept = session.ports.releases.kept_snapshot(session.request.service)
    recovery = Recovery(snapshot=oldest_kept(facts.history, kept), kept=kept is not None)
    if recovery.snapshot and kept and not facts.interrupted:
        session.say("an earlier change of settings was interrupted; a release that fails goes back to before it")
    found = [(release, _find_left(session, facts, release)) for release in facts.interrupted]
    fallen = _fallen(session, facts, found)
    for release, left in found:
        if left and recovery.adopted is None and _goes_on(session, facts, release, left):
            session.say(f"an earlier run releasing {release.name} was interrupted; going on with it")
            adopted = replace(release, deployment_id=left.started.arn, snapshot=recovery.snapshot)
            recovery = replace(recovery, adopted=adopted)
        elif left and recovery.withdrawn is None and _leads_back(session, facts, release, left.standing):
            session.say(f"the release of {release.name} is under way; it is rolled back, and nothing is deployed anew")
            recovery = replace(recovery, withdrawn=Withdrawn(release, left.started))
        elif left and recovery.withdrawn is None and _stands_in_the_way(facts, release, left):
            session.say(f"the release of {release.name} is under way; it is rolled back first")
            recovery = replace(recovery, withdrawn=Withdrawn(release, left.started, first=True))
        elif fallen and fallen.release is release:
            session.say(f"the release of {release.name} has ended while nobody judged it; it is closed")
            recovery = replace(recovery, fallen=fallen)
        else:
            if left and _is_halfway(left):
                recovery = replace(recovery, halfway=left.started)
            if left and recovery.unjudged is None and _still_runs(facts, release, left.standing):
                recovery = replace(recovery, unjudged=release)
            ended, orphan = _end(session, release, left)
            orphan = orphan or recovery.orphan_arn
            recovery = replace(recovery, orphan_arn=orphan, ended=(*recovery.ended, *ended))
    return recovery


def _find_left(session: Session, facts: Facts, release: Release) -> _Left | None:
    recorded = {known.deployment_id for known in facts.history}
    listed = facts.deployments if facts.found.service else ()
    unrecorded = (deployment for deployment in listed if deployment.arn not in recorded)
    strategy = strategy_named(release.strategy)
    started = strategy.find(session, release.task_definition_arn, release.deployment_id, unrecorded)
    if started is None and _runs_by_it(facts, release):
        started = Started(strategy, release.task_definition_arn)
    return _Left(started, strategy.follow(session, started)) if started else None


def _runs_by_it(facts: Facts, release: Release) -> bool:
    """Whether the service is where the deployment of *release* brought it, which ECS lists for some months only.

    What has no deployment on record may never have begun, and another release of the same may have come after it.
    """
    arn = release.task_definition_arn
    newest = next((known for known in newest_first(facts.history) if known.task_definition_arn == arn), None)
    return bool(release.deployment_id) and newest == release and arn == facts.running_arn


def _goes_on(session: Session, facts: Facts, release: Release, left: _Left) -> bool:
    """Whether *release* is what is asked for, and is neither over nor to be made in another way.

    One that ECS shifts users to is not deployed anew where it stands: a new deployment would begin with its share.
    """
    shares = _is_halfway(left) or _stands_in_the_way(facts, release, left)
    anew = facts.plan.action is Action.DEPLOY and shares
    return _is_wanted(facts, release, left.standing) and _by_same(session, left) and not anew


def _is_wanted(facts: Facts, release: Release, standing: Standing) -> bool:
    return (
        standing.state in (DeploymentState.PENDING, DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL)
        and release.task_definition_arn == facts.plan.reuse_arn == facts.running_arn
    )


def _by_same(session: Session, left: _Left) -> bool:
    """Whether it can be gone on with by the strategy that is asked for: by one that shifts users as it does, or not.

    What shifts users is judged by a test listener and two target groups, which a request by another strategy lacks.
    """
    wanted = strategy_named(session.request.settings.deployment.strategy)
    return wanted.shifts_weights or not (left.started.strategy.shifts_weights and left.standing.state.moving)


def _leads_back(session: Session, facts: Facts, release: Release, standing: Standing) -> bool:
    """Whether ECS brings the service where a rollback goes, when it rolls the deployment of *release* back."""
    there = release.previous_task_definition_arn
    wanted = session.request.kind == ROLLBACK and there == facts.target.task_definition_arn
    return wanted and _can_go_back(facts, release, standing)


def _stands_in_the_way(facts: Facts, release: Release, left: _Left) -> bool:
    """Whether its tasks and its share of the users are in a target group that the wanted release needs for itself.

    A deployment that only replaces tasks has no share that its successor would have to take over.
    """
    return left.started.strategy.shifts_weights and _can_go_back(facts, release, left.standing)


def _is_halfway(left: _Left) -> bool:
    """Whether some of the users are on the release, and others are not."""
    standing = left.standing
    moving = standing.state in (DeploymentState.PENDING, DeploymentState.IN_PROGRESS)
    return left.started.strategy.shifts_weights and moving and 0 < (standing.progress.weight or 0.0) < _ALL_USERS


def _still_runs(facts: Facts, release: Release, standing: Standing) -> bool:
    """Whether the service is at *release*, or on its way there."""
    return standing.state not in _FALLEN and release.task_definition_arn == facts.running_arn


def _can_go_back(facts: Facts, release: Release, standing: Standing) -> bool:
    """Whether ECS can still take the deployment of *release* back to a release that was judged fit."""
    moving = standing.state in (DeploymentState.PENDING, DeploymentState.IN_PROGRESS)
    there = release.previous_task_definition_arn
    return moving and bool(there) and running_release(facts.history, there) is not None


_FALLEN = (
    DeploymentState.ROLLING_BACK,
    DeploymentState.ROLLED_BACK,
    DeploymentState.ROLLBACK_FAILED,
    DeploymentState.STOPPED,
)


def _fallen(session: Session, facts: Facts, found: list[tuple[Release, _Left | None]]) -> Fallen | None:
    """The newest release that ECS began and nobody has ended, where it is what is to be judged and is over.

    None where one goes on. What of it is older was ended by a later run of the same, and what is newer was never begun:
    both are closed with it.
    """
    judges = session.request.judge_only and found
    if not judges or any(left and _goes_on(session, facts, release, left) for release, left in found):
        return None
    release, left = next(((release, left) for release, left in found if left), found[0])
    if release.digest != facts.target.release.digest:
        return None
    if left is None:
        return Fallen(release)
    # Whether another deployment came after that.
    standing = left.started.strategy.follow(session, left.started, facts.found.service)
    is_elsewhere = not standing.state.moving and release.task_definition_arn != facts.running_arn
    is_over = standing.state in _FALLEN or (is_elsewhere and standing.superseded)
    return Fallen(release, left.started, standing) if is_over else None


def _end(session: Session, release: Release, left: _Left | None) -> tuple[tuple[Ended, ...], str]:
    """The record as it is to be completed, and the ARN of its deployment when that still moves and may be replaced.

    No record while ECS is still rolling it back: how that ends is for a later run to see.
    """
    if left and left.standing.state is DeploymentState.ROLLING_BACK:
        left = replace(left, standing=_await_end(session, left.started))
    if left and left.standing.state is DeploymentState.ROLLING_BACK:
        session.warn(f"ECS has not rolled {release.name} back yet; its record stays open until a run sees how it ends")
        return (), left.started.arn
    outcome, moment, reason = _became(left)
    session.say(f"an earlier run releasing {release.name} was interrupted: {reason}")
    told = session.redaction.text(f"the run was interrupted; {reason}")
    ended = finished(release, outcome, moment=session.clock.now(), reason=told, gates=release.gates)
    return (Ended(ended, moment),), left.started.arn if left and left.standing.state.moving else ""


def _await_end(session: Session, started: Started) -> Standing:
    """How the deployment stands after the end of its rollback, or when that takes longer than a rollback may."""
    short = started.arn.rpartition("/")[2]
    session.say(f"ECS is still rolling {short} back; waiting for its end")

    def look() -> Standing:
        standing = started.strategy.follow(session, started)
        if standing.state is DeploymentState.ROLLING_BACK and session.is_locked:
            # A hook that ECS fires on the way back: nothing there is judged.
            started.strategy.go_on(session, started, standing.progress.pauses)
        return standing

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


def _became(left: _Left | None) -> tuple[Outcome, Moment, str]:
    if left is None:
        return Outcome.FAILED, Moment.FAILED, "no deployment of it was found, so the service was not changed by it"
    arn, standing = left.started.arn, left.standing
    said = f" ({standing.reason})" if standing.reason else ""
    match standing.state:
        case DeploymentState.SUCCESSFUL:
            done = f"ECS completed deployment {arn}" if arn else "the service runs it, of which ECS lists no deployment"
            return Outcome.FAILED, Moment.FAILED, f"{done}, but it was never judged"
        case DeploymentState.ROLLED_BACK:
            return Outcome.ROLLED_BACK, Moment.ROLLED_BACK, f"ECS rolled deployment {arn} back{said}"
        case DeploymentState.STOPPED:
            return Outcome.SUPERSEDED, Moment.SUPERSEDED, f"deployment {arn} was stopped before it completed{said}"
        case DeploymentState.PENDING | DeploymentState.IN_PROGRESS | DeploymentState.UNKNOWN:
            return (
                Outcome.SUPERSEDED,
                Moment.SUPERSEDED,
                f"deployment {arn} was still under way and another release replaces it",
            )
        case _:
            return Outcome.FAILED, Moment.ROLLBACK_FAILED, f"deployment {arn} ended as {standing.state.value}{said}"
