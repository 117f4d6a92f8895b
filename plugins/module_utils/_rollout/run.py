# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roll a release out: read, plan, pre-flight, act, observe, judge, record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError, OperationError, RolledBackError, SupersededError
from .._release.record import Outcome, Release, finished, release_id, running_release, timestamp
from .act import Started, act, apply_settings, find_running, migrate, register
from .judge import Decision, Step
from .plan import Action
from .preflight import check_request, check_surroundings
from .read import Facts, read
from .recover import Recovery, recover
from .report import RolloutResult, Timings, as_data, evidence_sentence, failure_paragraph
from .running import verify_running
from .session import RolloutRequest, Session, refused_by
from .undo import gather_evidence, undo, way_back
from .watch import Watch

if TYPE_CHECKING:
    from .._release.record import Measurement
    from .ports import Ports


def roll_out(request: RolloutRequest, ports: Ports, *, check_mode: bool) -> RolloutResult:
    """Roll *request* out, or in check mode say what that would do.

    Raises RequestError and RefusedError before anything is changed; RolledBackError, SupersededError or OperationError
    for a release that did not get in, with the result's data in ``details``.
    """
    session = Session(request, ports)
    facts = read(session)
    if facts.plan.action is Action.UNCHANGED:
        verify_running(session, facts)
        return _result(session, facts)
    if check_mode:
        return _predict(session, facts)
    with session.locked():
        return _roll_out(session)


def _predict(session: Session, facts: Facts) -> RolloutResult:
    lock = session.ports.releases.read_lock(session.request.service)
    if lock and lock.held_at(session.clock.now()):
        raise refused_by(lock, session.request.service)
    if facts.interrupted:
        session.warn(f"an interrupted release of {facts.interrupted[0].version} would be looked into first")
    orphans = {one.deployment_id for one in facts.interrupted}
    check_request(session, facts)
    moving = facts.moving
    check_surroundings(session, facts, orphan_arn=moving.arn if moving and moving.arn in orphans else "")
    return _result(session, facts)


def _roll_out(session: Session) -> RolloutResult:
    facts = read(session)
    recovery = recover(session, facts)
    if recovery.closed:
        facts = read(session)
    if facts.plan.action is Action.UNCHANGED:
        verify_running(session, facts)
        return _result(session, facts)
    check_request(session, facts)
    adopted = recovery.adopted.deployment_id if recovery.adopted else ""
    check_surroundings(session, facts, orphan_arn=adopted or recovery.orphan_arn)
    if facts.plan.action is Action.SETTINGS:
        apply_settings(session, facts)
        return _result(session, facts)
    return _Run(session, facts, recovery).go()


class _Run:
    """One release from its record's beginning to its end."""

    def __init__(self, session: Session, facts: Facts, recovery: Recovery) -> None:
        self.session = session
        self.facts = facts
        self.adopts = facts.plan.action is Action.ADOPT
        self.release = recovery.adopted
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
            self._detected(watch)
            if decision.step is Step.SUCCEED:
                return self._succeed(watch.measurements())
            raise self._fail(started, decision, watch.measurements())
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
            started = find_running(self.session, arn)
        else:
            began = self.session.clock.monotonic()
            if self.session.request.migration and arn != self.facts.running_arn and not self._goes_back:
                migrate(self.session, self.facts, arn)
            self.timings = replace(self.timings, migration=self.session.clock.monotonic() - began)
            self.acted = True
            started = act(self.session, self.facts, arn)
        if self.release and started.arn and started.arn != self.release.deployment_id:
            self.release = replace(self.release, deployment_id=started.arn)
            self.session.ports.releases.note_deployment(self.release)
        # Said beforehand: ansible-core shows nothing that a task says once it is interrupted itself.
        self.session.say("if this run is interrupted now, " + self._left_behind())
        return started

    @property
    def _goes_back(self) -> bool:
        return self.session.request.kind != "deploy"

    def _detected(self, watch: Watch) -> None:
        self.timings = replace(self.timings, to_detect=self.session.clock.monotonic() - watch.began)

    def _succeed(self, gates: tuple[Measurement, ...]) -> RolloutResult:
        timings = replace(self.timings, to_detect=0.0, to_succeed=self.timings.to_detect)
        self._finish(Outcome.SUCCEEDED, "every gate is HEALTHY", gates)
        self.session.say(f"release {self.facts.target.release.version} is HEALTHY")
        return _result(self.session, self.facts, release=self.release, timings=timings)

    def _fail(self, started: Started, decision: Decision, gates: tuple[Measurement, ...]) -> OperationError:
        session, facts = self.session, self.facts
        outcome, standing = Outcome.SUPERSEDED, ""
        evidence: tuple[dict[str, object], ...] = ()
        if decision.step is not Step.SUPERSEDED:
            outcome, standing, evidence = self._undo(started, decision)
        message = failure_paragraph(
            f"Release {facts.target.release.version} of {session.request.service}",
            decision,
            outcome=outcome,
            standing=standing,
            timings=self.timings,
        )
        self._finish(outcome, message, gates)
        result = _result(session, facts, release=self.release, timings=self.timings, evidence=evidence)
        kinds = {Outcome.ROLLED_BACK: RolledBackError, Outcome.SUPERSEDED: SupersededError}
        told = " ".join(part for part in (message, evidence_sentence(evidence)) if part)
        return kinds.get(outcome, OperationError)(told, **as_data(result))

    def _undo(self, started: Started, decision: Decision) -> tuple[Outcome, str, tuple[dict[str, object], ...]]:
        session, facts = self.session, self.facts
        back = way_back(facts.history, facts, self.adopts)
        began = session.clock.monotonic()
        # A deleted service takes the list of its tasks along; any other way back leaves it, and is urgent.
        evidence = gather_evidence(session, facts, started.task_definition_arn) if back.stop else []
        undone = undo(session, facts, started, back, decision.step)
        self.timings = replace(self.timings, to_roll_back=session.clock.monotonic() - began)
        evidence = evidence or gather_evidence(session, facts, started.task_definition_arn)
        session.say(undone.standing)
        return undone.outcome, undone.standing, tuple(evidence)

    def _finish(self, outcome: Outcome, reason: str, gates: tuple[Measurement, ...] = ()) -> None:
        if self.release is None or not self.release.in_progress:
            return
        self.release = finished(self.release, outcome, moment=self.session.clock.now(), reason=reason, gates=gates)
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


def _result(
    session: Session,
    facts: Facts,
    *,
    release: Release | None = None,
    timings: Timings | None = None,
    evidence: tuple[dict[str, object], ...] = (),
) -> RolloutResult:
    timings = replace(timings or Timings(), total=session.elapsed())
    return RolloutResult(
        changed=facts.plan.changed,
        action=facts.plan.action.value,
        version=facts.target.release.version,
        image=facts.target.image,
        plan=facts.plan,
        task_definition_arn=release.task_definition_arn if release else facts.plan.reuse_arn,
        release=release or running_release(facts.history, facts.running_arn),
        timings=timings,
        evidence=evidence,
        warnings=tuple(session.warnings),
    )
