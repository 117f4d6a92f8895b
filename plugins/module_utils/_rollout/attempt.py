# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An attempt at a release: begin its record, act, watch, undo what is unfit, and complete the record."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._common.amount import amount
from .._common.commands import JUDGE, ROLL_BACK, ROLL_BACK_TO
from .._common.verdict import Verdict
from .._errors import FastbreakError, OperationError, RolledBackError, SupersededError, WaitTimeoutError
from .._release.record import ROLLBACK, Outcome
from .._release.schema import Schema
from .act.awake import hand_back, keep_awake, wake
from .act.deregister import deregister_spare
from .act.migration import migrate
from .act.migration_need import Need, foretold, migration_need
from .act.shifted_traffic import traffic_of
from .act.steps import act, apply_settings, guard_again, leave_old_groups, put_beside, register
from .act.unmanaged import warn_of_unmanaged
from .act.untouched import check_untouched
from .judge.decision import Decision, Step
from .judge.evidence import gather_evidence, with_targets
from .judge.kept import read_standing
from .judge.watch import Watch
from .judged import Judged
from .notices import UNDONE as TOLD
from .notices import Moment
from .part import HandedOver
from .plan.differences import Action
from .plan.snapshot import encode, for_record
from .recording import Recording, begin_record
from .report import RolloutResult, Timings, as_data, build_result, evidence_sentence, failure_paragraph
from .results import KEY, UNDONE, Result, ends, of_error
from .strategies.shifting import pause_minutes
from .strategies.table import strategy_named
from .undo.destination import Undone, WayBack, way_back, way_back_from, with_schema
from .undo.go_back import undo
from .undo.restore import Restoration
from .undo.users import still_served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._release.record import Release
    from .part import Part
    from .plan.read import Facts
    from .plan.snapshot import Snapshot
    from .recover import Recovery
    from .session import Session
    from .strategies.model import Started


class Attempt:
    """A release from its record's beginning to its end, after the *recovery* of what other runs left.

    ``snapshot`` is what it goes back to, ``fallen`` one that is only closed.
    """

    def __init__(
        self, session: Session, facts: Facts, recovery: Recovery, snapshot: Snapshot, fallen: Release | None = None
    ) -> None:
        self.session = session
        self.facts = facts
        # What is wanted may run already though the release that fell was another one.
        self.adopts = facts.plan.action is Action.ADOPT and fallen is None
        self.begun_before = fallen or recovery.adopted
        self.recovery = recovery
        self.strategy = strategy_named(session.request.settings.deployment.strategy)
        self.traffic = traffic_of(session, facts)
        self.snapshot = snapshot
        self.timings = Timings()
        self.acted = False
        self.migrating = False
        self.need = Need()
        self.following = False
        self.undoing = False
        #: Whether the release was ended for good, and is none that ECS goes on with.
        self.ended = False
        #: Whether a release that failed was undone, and all that it had changed is back.
        self.restored = False
        #: The gate that decided, its verdict and what it saw; empty while none did.
        self.decided: dict[str, str] = {}

    def go(self) -> Part:
        """Release and judge. A record that was begun is completed unless the run itself is ended from outside."""
        arn = register(self.session, self.facts)
        if not self.adopts:
            self.need = migration_need(self.session, self.facts)
            self.facts = foretold(self.facts, self.need)
        release = self.recovery.adopted or begin_record(
            self.session, self.facts, arn, self._for_record(), self.need.said
        )
        if not self.recovery.adopted:
            self.session.tell(Moment.BEGUN, release)
        record = Recording(self.session, release)
        self.session.release = release
        with self.ended_well(record):
            return self._release(record, arn)

    def as_it_stands(self, release: Release) -> Part:
        """The *release* that is under way, to be refused: nothing more of it is judged."""
        session, arn = self.session, release.task_definition_arn
        self.following, session.release = True, release
        strategy = strategy_named(release.strategy)
        found = strategy.find(session, arn, release.deployment_id, ())
        return Judged(self, Recording(session, release), found or strategy.adopt(session, arn), _unjudged(release))

    def _release(self, record: Recording, arn: str) -> Part:
        started = self._change(record, arn)
        self.following = True
        began = self.session.monotonic()
        started, decision = self._judge(record, started)
        seconds = self.session.monotonic() - began
        if decision.step is Step.SUCCEED:
            self.timings = replace(self.timings, to_succeed=seconds)
            return Judged(self, record, started, decision)
        if decision.step is Step.PAUSE:
            self.decided = decision.told() if decision.gate else {}
            return HandedOver(self._hand_over(record, decision))
        self.timings = replace(self.timings, to_detect=seconds)
        raise self.fail(record, started, decision)

    @contextmanager
    def ended_well(self, record: Recording) -> Iterator[None]:
        """Say and record how the release ended that fails in here, or that it has not and goes on in ECS."""
        try:
            yield
        except KeyboardInterrupt as interruption:
            self.session.left_open = True
            left = " ".join(filter(None, (self._left_behind(), self.session.doubts())))
            self.session.say(f"interrupted: {left}")
            ended = OperationError(f"Rolling out {self.session.request.service} was interrupted: {left}")
            raise self._told(record, ends(ended, Result.INTERRUPTED)) from interruption
        except FastbreakError as error:
            told = self._close_failed(record, error)
            self.session.left_open = not self.ended
            raise self._told(record, self._said(told)) from error

    def _told(self, record: Recording, error: FastbreakError) -> FastbreakError:
        """*error*, of which others were told when it leaves the release open. One whose end is recorded is not."""
        if self.session.left_open and record.release.in_progress:
            # Whoever took the lock over tells how the release ends.
            result = Result.LEFT_OPEN if isinstance(error, SupersededError) else of_error(error)
            self.leave(record, result, **(self.decided or {"seen": error.message}))
        return error

    def leave(self, record: Recording, result: Result, **decided: str) -> None:
        """Tell others that this run leaves the release to another one, as its *result* says."""
        self.session.tell(Moment(result.value), record.release, **decided)
        self.session.end_telling()

    def _said(self, error: FastbreakError) -> FastbreakError:
        """*error* with how the run ended, unless it says so: what is not ended stays open for the next run."""
        if KEY in error.details or isinstance(error, SupersededError):
            return error
        if self.session.left_open:
            return ends(error, Result.TIMED_OUT if isinstance(error, WaitTimeoutError) else Result.LEFT_OPEN)
        return ends(error, Result.FAILED)

    def _for_record(self) -> str:
        return encode(for_record(self.snapshot, self.session.request.owned_by))

    def _change(self, record: Recording, arn: str) -> Started:
        if self.adopts:
            strategy = strategy_named(record.release.strategy)
            keep_awake(self.session, self.facts)
            wake(self.session, self.facts)
            before, opens = self.snapshot.scaling, not strategy.shifts_weights
            apply_settings(self.session, self.facts, self.traffic, before, opens=opens)
            started = strategy.adopt(self.session, arn)
        else:
            self._migrate(arn)
            check_untouched(self.session, self.facts)
            self.acted = True
            keep_awake(self.session, self.facts)
            started = act(self.session, self.facts, self.strategy, arn, self.traffic)
        record.note(started.arn)
        self._foretell()
        return started

    def _foretell(self) -> None:
        """Say beforehand what an interruption leaves: a run that is killed shows nothing that its task says then."""
        self.session.say("if this run is interrupted now, " + self._left_behind())

    def _judge(self, record: Recording, started: Started) -> tuple[Started, Decision]:
        """Watch the deployment, and the one that leaves the old target group; the last of them and the decision."""
        tag = self.facts.target.release.tag
        try:
            if not self.adopts:
                put_beside(self.session, self.facts, self.snapshot.scaling)
            # What was measured of a deployment before says nothing of a new one.
            earlier = read_standing(record.release.measuring, record.release.gates) if self.adopts else None
            decision = Watch(self.session, started, tag, self.traffic, keeps=record.keep, earlier=earlier).run()
            decision = still_served(self.session, self.snapshot, decision, tag)
            if decision.step is not Step.SUCCEED:
                return started, decision
            again = leave_old_groups(self.session, self.facts, self.strategy, started.task_definition_arn, self.traffic)
            if again is None:
                return started, decision
            started = again
            record.note(again.arn)
            decision = Watch(self.session, again, tag, self.traffic).run()
            if decision.step is Step.SUCCEED:
                self.traffic.close()
        except SupersededError:
            raise
        except OperationError as error:
            expected = "a change that AWS accepts"
            decision = Decision(Step.ROLL_BACK, Verdict.ERROR, "deployment", error.message, expected)
        return started, decision

    def _migrate(self, arn: str) -> None:
        request, began = self.session.request, self.session.monotonic()
        if self.need.said:
            self.session.say(f"migration {self.need.said}")
        if request.migration and self.need.runs:
            self.migrating = True
            migrate(self.session, self.facts, request.migration, arn, self.need.mark)
            self.migrating = False
        self.timings = replace(self.timings, migration=self.session.monotonic() - began)

    def succeed(self, record: Recording, decision: Decision) -> RolloutResult:
        """Accept the release: complete its record, and what its run left. Raises OperationError when it cannot."""
        version = self.facts.target.release.version
        guard_again(self.session)
        hand_back(self.session, self.facts, self.snapshot)
        self.recovery.complete(self.session)
        if problem := record.finish(Outcome.SUCCEEDED, "every gate is HEALTHY", decision.measurements):
            raise OperationError(
                f"Release {version} of {self.session.request.service} is in place and every gate is HEALTHY, but "
                f"{problem} Once the release table can be written, run the same command again."
            )
        self.session.tell(Moment.ACCEPTED, record.release)
        warn_of_unmanaged(self.session, self.facts)
        deregister_spare(self.session, self.facts)
        self.session.end_telling()
        self.session.say(f"release {self.facts.target.name} is HEALTHY")
        ending = Result.ACCEPTED
        return build_result(self.session, self.facts, ending, release=record.release, timings=self.timings)

    def _hand_over(self, record: Recording, decision: Decision) -> RolloutResult:
        """Leave the release where ECS holds it, by request or since a gate found no verdict. Its record stays open."""
        name = f"Release {self.facts.target.release.version} of {self.session.request.service}"
        back = record.release.kind == ROLLBACK
        again = ROLL_BACK_TO.format(version=record.release.version) if back else JUDGE
        left = (
            f"{name} is not judged to the end: it stands at {decision.held}. Run {again} to go on with it; when nobody "
            "does in time, ECS rolls it back wherever it waits."
        )
        held = replace(record.release, gates=decision.measurements)
        ending = Result.HELD if decision.gate else Result.HANDED_OVER
        result = build_result(self.session, self.facts, ending, release=held, timings=self.timings)
        if decision.gate:
            raise OperationError(f"{name} is held: {decision} {left}", **as_data(result))
        self.session.warn(left)
        self.leave(record, ending, seen=left)
        return replace(result, warnings=tuple(self.session.warnings))

    def fail(self, record: Recording, started: Started, decision: Decision) -> OperationError:
        """Undo the release by *decision*, complete its record; the error that says how that ended."""
        session, facts = self.session, self.facts
        session.before_undo()
        undone = Undone(Outcome.SUPERSEDED, "")
        evidence: tuple[dict[str, Any], ...] = ()
        decided = decision.told()
        if decision.step is not Step.SUPERSEDED:
            session.tell(Moment.REFUSED, record.release, **decided)
            undone, evidence = self._undo(started, decision)
        if undone.whole:
            self.recovery.complete(session)
        warn_of_unmanaged(session, facts)
        message = failure_paragraph(
            f"Release {facts.target.release.version} of {session.request.service}",
            decision,
            outcome=undone.outcome,
            standing=undone.standing,
            timings=self.timings,
        )
        unrecorded = record.finish(undone.outcome, message, decision.measurements, evidence)
        session.tell(TOLD[undone.outcome], record.release, **decided)
        session.end_telling()
        self.ended, self.restored = True, undone.whole
        ending = UNDONE[undone.outcome]
        result = build_result(session, facts, ending, release=record.release, timings=self.timings, evidence=evidence)
        kinds = {Outcome.ROLLED_BACK: RolledBackError, Outcome.SUPERSEDED: SupersededError}
        told = " ".join(
            part for part in (message, unrecorded and f"Besides, {unrecorded}", evidence_sentence(evidence)) if part
        )
        return kinds.get(undone.outcome, OperationError)(told, **as_data(result))

    def _undo(self, started: Started, decision: Decision) -> tuple[Undone, tuple[dict[str, Any], ...]]:
        session, facts = self.session, self.facts
        back = self._back()
        began, self.undoing = session.monotonic(), True
        self._foretell()
        # A deleted service takes the list of its tasks along; any other way back leaves it, and is urgent.
        evidence = gather_evidence(session, facts, started.task_definition_arn) if back.stop else ()
        undone = undo(session, self.snapshot, started, back, decision.step)
        if made := session.release:
            undone = with_schema(undone, Schema(made.schema_version, made.oldest_schema_version), back)
        self.timings = replace(self.timings, to_roll_back=session.monotonic() - began)
        evidence = evidence or gather_evidence(session, facts, started.task_definition_arn)
        evidence = with_targets(evidence, session.shown(decision.targets))
        session.say(undone.standing)
        return undone, evidence

    def _back(self) -> WayBack:
        """Where the release goes back to."""
        if self.begun_before:
            return way_back_from(self.begun_before, self.facts.history, self.facts)
        return way_back(self.facts.history, self.facts, adopted=self.adopts)

    def _close_failed(self, record: Recording, error: FastbreakError) -> FastbreakError:
        """Close the record of a run that could not go on; one that ECS is at work on stays open, to be adopted.

        What was changed before ECS refused the change of the service is put back, and said in the error.
        """
        if isinstance(error, SupersededError):
            # The lock was lost: the record is left to the run that holds it.
            return error
        refused = isinstance(error, OperationError)
        if self.following or self.adopts or (self.acted and not refused):
            return error
        if self.acted:
            error = self._put_back(error)
        record.finish(Outcome.FAILED, error.message)
        is_back = error.details.get(KEY) != Result.ROLLBACK_FAILED.value
        self.session.tell(Moment.FAILED if is_back else Moment.ROLLBACK_FAILED, record.release)
        self.session.end_telling()
        self.ended = True
        return error

    def _put_back(self, error: FastbreakError) -> FastbreakError:
        restoration = Restoration(self.session, self.snapshot)
        if restored := str(restoration.everything()):
            error = type(error)(f"{error.message.rstrip('.')}. {restored}", **error.details)
        return ends(error, restoration.result)

    def _left_behind(self) -> str:
        version = self.facts.target.name
        back = self._back()
        if self.undoing:
            finish = f"To finish that: {ROLL_BACK}" if back.task_definition_arn else "Deploy a corrected version."
            return f"release {version} was judged unfit, and undoing it was not finished. {finish}"
        if self.acted or self.adopts:
            other = f" To go back to {back.version}: {ROLL_BACK}" if back.task_definition_arn else ""
            return (
                f"release {version} continues in ECS, guarded by its circuit breaker{self._pausing()}, but nobody "
                f"judges it. Run the same command again to judge it.{other}"
            )
        migrating = " Its migration may still run; the next one waits for it." if self.migrating else ""
        return f"the service was not touched; release {version} stays IN_PROGRESS until the next run.{migrating}"

    def _pausing(self) -> str:
        if not self.strategy.shifts_weights:
            return ""
        minutes = pause_minutes(self.session.request.settings.deployment)
        return f" (where it pauses for a verdict, ECS rolls it back after {amount(minutes, 'minute')})"


def _unjudged(release: Release) -> Decision:
    """A decision on what an earlier run has measured of the *release*."""
    return Decision(Step.ROLL_BACK, measurements=release.gates)
