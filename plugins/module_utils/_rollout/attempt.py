# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An attempt at a release: begin its record, act, watch, undo what is unfit, and complete the record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._errors import FastbreakError, OperationError, RolledBackError, SupersededError
from .._release.record import DEPLOY, Outcome, Release, finished, release_id, running_release, timestamp
from .act import act, apply_settings, register
from .evidence import gather_evidence
from .judge import Decision, Step
from .migration import migrate
from .plan import Action
from .report import RolloutResult, Timings, as_data, build_result, evidence_sentence, failure_paragraph
from .strategies.table import STRATEGIES
from .undo.way import way_back
from .undo.ways import undo
from .watch import Watch

if TYPE_CHECKING:
    from .._release.record import Measurement
    from .read import Facts
    from .session import Session
    from .strategies.model import Started


class Attempt:
    """A release from its record's beginning to its end. *interrupted* is the record to go on with, if there is one."""

    def __init__(self, session: Session, facts: Facts, interrupted: Release | None) -> None:
        self.session = session
        self.facts = facts
        self.adopts = facts.plan.action is Action.ADOPT
        self.release = interrupted
        self.strategy = STRATEGIES[session.request.settings.deployment.strategy]
        self.timings = Timings()
        self.acted = False
        self.following = False

    def go(self) -> RolloutResult:
        """Release, judge, record. A record that was begun is completed unless the run itself is ended from outside."""
        arn = register(self.session, self.facts)
        self.release = self.release or self._begin(arn)
        try:
            started = self._change(arn)
            self.following = True
            watch = Watch(self.session, started, self.facts.target.release.tag)
            decision = watch.run()
            seconds = self.session.monotonic() - watch.began
            if decision.step is Step.SUCCEED:
                return self._succeed(decision, seconds)
            self.timings = replace(self.timings, to_detect=seconds)
            raise self._fail(started, decision)
        except KeyboardInterrupt as interruption:
            left = self._left_behind()
            self.session.say(f"interrupted: {left}")
            raise OperationError(
                f"Rolling out {self.session.request.service} was interrupted: {left}"
            ) from interruption
        except FastbreakError as error:
            self._close_failed(error)
            raise

    def _begin(self, arn: str) -> Release:
        session, target = self.session, self.facts.target
        now = session.clock.now()
        running = running_release(self.facts.history, self.facts.running_arn)
        release = Release(
            service=session.request.service,
            release_id=release_id(now, session.request.salt),
            version=target.release.version,
            image=target.image,
            digest=target.release.digest,
            commit=target.release.commit,
            strategy=session.request.settings.deployment.strategy,
            kind=session.request.kind,
            task_definition_arn=arn,
            started_at=timestamp(now),
            started_by=session.ports.surroundings.caller_arn(),
            previous_task_definition_arn=self.facts.running_arn,
            previous_version=running.version if running else "",
        )
        session.ports.releases.start(release)
        session.say(f"releasing {release.version} ({self.facts.plan.action.value})")
        return release

    def _change(self, arn: str) -> Started:
        if self.adopts:
            apply_settings(self.session, self.facts)
            started = self.strategy.adopt(self.session, arn)
        else:
            self._migrate(arn)
            self.acted = True
            started = act(self.session, self.facts, self.strategy, arn)
        if self.release and started.arn and started.arn != self.release.deployment_id:
            self.release = replace(self.release, deployment_id=started.arn)
            self.session.ports.releases.note_deployment(self.release)
        # Said beforehand: ansible-core shows nothing that a task says once it is interrupted itself.
        self.session.say("if this run is interrupted now, " + self._left_behind())
        return started

    def _migrate(self, arn: str) -> None:
        request, began = self.session.request, self.session.monotonic()
        if request.migration and request.kind == DEPLOY and arn != self.facts.running_arn:
            migrate(self.session, self.facts, request.migration, arn)
        self.timings = replace(self.timings, migration=self.session.monotonic() - began)

    def _succeed(self, decision: Decision, seconds: float) -> RolloutResult:
        self.timings = replace(self.timings, to_succeed=seconds)
        self._finish(Outcome.SUCCEEDED, "every gate is HEALTHY", decision.measurements)
        self.session.say(f"release {self.facts.target.release.version} is HEALTHY")
        return build_result(self.session, self.facts, release=self.release, timings=self.timings)

    def _fail(self, started: Started, decision: Decision) -> OperationError:
        session, facts = self.session, self.facts
        outcome, standing = Outcome.SUPERSEDED, ""
        evidence: tuple[dict[str, Any], ...] = ()
        if decision.step is not Step.SUPERSEDED:
            outcome, standing, evidence = self._undo(started, decision)
        message = failure_paragraph(
            f"Release {facts.target.release.version} of {session.request.service}",
            decision,
            outcome=outcome,
            standing=standing,
            timings=self.timings,
        )
        self._finish(outcome, message, decision.measurements)
        result = build_result(session, facts, release=self.release, timings=self.timings, evidence=evidence)
        kinds = {Outcome.ROLLED_BACK: RolledBackError, Outcome.SUPERSEDED: SupersededError}
        told = " ".join(part for part in (message, evidence_sentence(evidence)) if part)
        return kinds.get(outcome, OperationError)(told, **as_data(result))

    def _undo(self, started: Started, decision: Decision) -> tuple[Outcome, str, tuple[dict[str, Any], ...]]:
        session, facts = self.session, self.facts
        back = way_back(facts.history, facts, adopted=self.adopts)
        began = session.monotonic()
        # A deleted service takes the list of its tasks along; any other way back leaves it, and is urgent.
        evidence = gather_evidence(session, facts, started.task_definition_arn) if back.stop else ()
        undone = undo(session, facts, started, back, decision.step)
        self.timings = replace(self.timings, to_roll_back=session.monotonic() - began)
        evidence = evidence or gather_evidence(session, facts, started.task_definition_arn)
        session.say(undone.standing)
        return undone.outcome, undone.standing, evidence

    def _finish(self, outcome: Outcome, reason: str, gates: tuple[Measurement, ...] = ()) -> None:
        if self.release is None or not self.release.in_progress:
            return
        # The record is kept and read by others, so that it never holds a value, asked for or not.
        redaction = self.session.redaction
        self.release = finished(
            self.release,
            outcome,
            moment=self.session.clock.now(),
            reason=redaction.text(reason),
            gates=tuple(replace(gate, seen=redaction.text(gate.seen)) for gate in gates),
        )
        self.session.ports.releases.finish(self.release)

    def _close_failed(self, error: FastbreakError) -> None:
        """Close the record of a run that could not go on; one that ECS is at work on stays open, to be adopted."""
        refused = isinstance(error, OperationError) and not isinstance(error, SupersededError)
        if self.adopts or (self.acted and (self.following or not refused)):
            return
        self._finish(Outcome.FAILED, error.message)

    def _left_behind(self) -> str:
        version = self.facts.target.release.version
        if self.acted or self.adopts:
            return (
                f"release {version} goes on in ECS, guarded by its circuit breaker, but nobody judges it. Run the same "
                "command again to judge it, or run playbooks/rollback.yml."
            )
        return f"the service was not touched; release {version} stays recorded as IN_PROGRESS until the next run."
