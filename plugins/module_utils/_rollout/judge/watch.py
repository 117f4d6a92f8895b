# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a deployment until there is something else to do than wait: look, measure, judge, and again.

Gates that send requests start with the first healthy target of the new revision, so that a version that answers errors
is stopped while the old one still carries most of the traffic. Their windows open again when the deployment completes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._common.wait import timed_out, until
from ..._release.record import timestamp
from ..act.task_probe import gate_ports
from ..gates.model import Scene
from ..service.deployment import DeploymentState
from ..stages import BAKING, Phase, Stage
from ..strategies.service_events import said_of
from .board import Times, board_of
from .decision import OTHERS, Decision, Reading, Step, by_others, decide
from .measuring import Measuring
from .observation import Look, Observer
from .phase import phase_of
from .steering import Steering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..._release.record import Measurement
    from ..act.traffic import Traffic
    from ..gates.model import Gate
    from ..service.deployment import Progress
    from ..session import Session
    from ..strategies.model import Started
    from .kept import Earlier

_SUMMARY_SECONDS = 30.0
_DRAW_SECONDS = 1.0
# How often what is measured is kept for a run that goes on after this one was killed.
_KEEP_SECONDS = 15.0
# What looks and measurings may take beyond the times that `decide` itself keeps.
_SPARE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a release stands that is watched: what its gates have measured, its progress, and a text for another run."""

    measurements: tuple[Measurement, ...]
    progress: Progress
    text: str


def _forget(_standing: Standing) -> None:
    """Nobody keeps it."""


class Watch:
    """The watch over what was *started*, whose answers name *version*.

    As soon as every task of it is healthy, it opens *traffic*. *gates* stand for the request's own. *ended_before*:
    tasks that had stopped when it began do not count. What is measured is told to *keeps* now and then, and *earlier*
    is what another run was told.
    """

    def __init__(  # noqa: PLR0913 - what is watched, what it opens, and how it is judged
        self,
        session: Session,
        started: Started,
        version: str,
        traffic: Traffic,
        gates: tuple[Gate[Any], ...] | None = None,
        *,
        ended_before: bool = False,
        keeps: Callable[[Standing], None] = _forget,
        earlier: Earlier | None = None,
    ) -> None:
        self._session = session
        self._started = started
        self._version = version
        self._traffic = traffic
        self._gates = session.request.gates if gates is None else gates
        self._timeout = session.request.timeout_seconds + self._planned_seconds()
        self._ports_at = gate_ports(session, started.task_definition_arn)
        self._observer = Observer(session, started, ended_before=ended_before)
        self._poll_due = session.monotonic()
        self._ask_due: float | None = None
        self._look = Look()
        shifts = started.strategy.shifts_weights and started.arn
        first = Phase(Stage.BEFORE_TRAFFIC, 0.0) if shifts else Phase(Stage.AFTER_TRAFFIC)
        self._measuring = Measuring(session, self._gates, first, earlier)
        self._steering = Steering(session, started, traffic, earlier.left if earlier else None)
        self._shown: Mapping[str, Verdict] = {}
        self._summary_due = session.monotonic() + _SUMMARY_SECONDS
        self._began = self._draw_due = session.monotonic()
        self._bakes = self._baking_seconds()
        self._keeps = keeps
        self._keep_due = session.monotonic()

    def _planned_seconds(self) -> float:
        """What ECS waits by plan, and for verdicts."""
        strategy, deployment = self._started.strategy, self._session.request.settings.deployment
        if not self._started.arn or deployment.strategy != strategy.name:
            return 0.0
        longest = max((gate.longest_seconds for gate in self._gates), default=0.0)
        return strategy.planned_seconds(deployment) + strategy.judged_shares(deployment) * longest

    def _baking_seconds(self) -> float:
        """What a good release takes by plan: ECS's own waits, and at each share the time of the longest gate."""
        strategy, deployment = self._started.strategy, self._session.request.settings.deployment
        measures = max((gate.initial_delay_seconds + gate.bake_seconds for gate in self._gates), default=0.0)
        if not self._started.arn or deployment.strategy != strategy.name:
            return measures
        return strategy.planned_seconds(deployment) + max(1, strategy.judged_shares(deployment)) * measures

    def run(self) -> Decision:
        """Watch until there is something else to do than wait. The decision holds what it rests on."""
        try:
            return self._decide()
        finally:
            self._measuring.end()

    def glance(self) -> Decision:
        """How it stands now, after its end. Nothing is shown, and nothing is told to it."""
        self._measuring.time.turn()
        self._look_again()
        self._measuring.measure_quickly(self._scene(fresh=True))
        return self._assessed()

    def _decide(self) -> Decision:
        request = self._session.request
        deadlines = (gate.longest_seconds for gate in self._gates)
        decision = until(
            self._turn,
            lambda decision: decision.step is not Step.WAIT,
            clock=self._session,
            # A gate that was HEALTHY until its deadline has as much time again.
            seconds=self._timeout + 2 * max(deadlines, default=0.0) + _SPARE_SECONDS,
            pause=lambda _elapsed: self._until_due(),
            on_timeout=lambda _decision, elapsed: timed_out(
                f"The release of {request.service} could not be judged within {elapsed:.0f} s, though its deployment "
                f"is {self._look.state.value}{self._why()}. Nothing was rolled back; run the same command again to "
                "judge it."
                f"{said_of(self._look.service, self._look.began)}",
                state=self._look.state.value,
                problem=self._look.problem,
            ),
        )
        if decision.step is Step.PAUSE:
            self._keep(decision)
            return replace(decision, held=self._held())
        own = decision.step is Step.ROLL_BACK and decision.gate != OTHERS
        closer = self._look_closer(decision) if own else decision
        return self._with_causes(closer) if closer.step in (Step.ROLL_BACK, Step.AWAIT_ROLLBACK) else closer

    def _why(self) -> str:
        """Why it could not be judged, as far as that is known."""
        problem = self._look.problem.rstrip(".")
        return f" as far as could be seen; the last look failed: {problem}" if problem else ""

    def _keep(self, decision: Decision) -> None:
        self._keep_due = self._session.monotonic() + _KEEP_SECONDS
        if self._measuring.awaits_earlier:
            # What the record keeps is still all that is known.
            return
        standing = self._measuring.standing(self._steering.left)
        with self._measuring.time.standing_still():
            self._keeps(Standing(decision.measurements, self._look.progress, standing))

    def _held(self) -> str:
        """Where the release stands and how long ECS waits there, in words."""
        progress = self._look.progress
        until = min((pause.expires_at for pause in progress.pauses if pause.expires_at), default=None)
        return f"{progress}{f', until {timestamp(until)}' if until else ''}"

    def _with_causes(self, decision: Decision) -> Decision:
        """The decision with what ECS and the load balancer tell, as far as no gate has said it."""
        targets = self._look.targets
        causes = (cause for cause in (targets.sick, *targets.causes) if cause and cause not in decision.seen)
        said = said_of(self._look.service, self._look.began).strip().rstrip(".")
        seen = "; ".join(part for part in (decision.seen, *causes, said) if part)
        return replace(decision, seen=seen, targets=targets.states)

    def _turn(self) -> Decision:
        self._measuring.time.turn()
        fresh = self._session.monotonic() >= self._poll_due or self._has_moved()
        if fresh:
            self._look_again()
            self._poll_due = self._session.monotonic() + self._session.request.poll_seconds
            self._plan_asking()
        ends_here = self._steering.ends_here(self._look, self._measuring.phase)
        self._measuring.measure(self._scene(fresh=fresh), ends_here=ends_here)
        decision, phase = self._beside(self._judge()), self._measuring.phase
        self._draw(decision)
        # A run that goes on after this one must know by what ECS was told to go on.
        due = self._session.monotonic() >= self._keep_due
        if decision.step is Step.GO_ON or (decision.step is Step.WAIT and due):
            self._keep(decision)
        if self._steering.hands_over(decision, self._look, phase):
            self._steering.leave(self._look, phase)
            return replace(decision, step=Step.PAUSE)
        if decision.step is not Step.GO_ON:
            return decision
        self._look = self._steering.go_on(decision, self._look, phase, self._measuring.passed)
        self._plan_asking()
        return replace(decision, step=Step.WAIT)

    def _beside(self, decision: Decision) -> Decision:
        """*decision*, unless nothing speaks against this service and something does against another of its release."""
        if decision.step not in (Step.WAIT, Step.GO_ON, Step.PAUSE, Step.SUCCEED):
            return decision
        seen = next(filter(None, (unfit() for unfit in self._session.beside)), "")
        return by_others(decision, seen) if seen else decision

    def _has_moved(self) -> bool:
        """Whether it is time to ask where the deployment stands, and that has changed."""
        if self._ask_due is None or self._session.monotonic() < self._ask_due:
            return False
        moved = self._observer.has_moved(self._look)
        self._plan_asking()
        return moved

    def _plan_asking(self) -> None:
        pause = self._steering.until_asked(self._look)
        self._ask_due = None if pause is None else self._session.monotonic() + pause

    def _look_closer(self, decision: Decision) -> Decision:
        """Look once more before a rollback: requests fail sooner than the tasks behind them are seen to have died."""
        self._look_again()
        self._measuring.measure_quickly(self._scene(fresh=True))
        closer = self._judge()
        return decision if closer.step in (Step.WAIT, Step.GO_ON, Step.PAUSE) else closer

    def _look_again(self) -> None:
        before, self._look = self._look, self._observer.look(self._look, self._traffic.watched)
        self._measuring.time.looked(seen=not self._look.unseen)
        if (self._look.state, self._look.progress) != (before.state, before.progress):
            self._steering.moved_on()
        if self._look.progress != before.progress and self._look.progress.stage:
            self._session.say(f"deployment is at {self._look.progress}")
        if self._look.state is not before.state:
            reason = f": {self._look.reason}" if self._look.reason else ""
            self._session.say(f"deployment is {self._look.state.value}{reason}")
        self._look = self._steering.open_traffic(self._look)
        state = DeploymentState.SUCCESSFUL if self._look.settled_at is not None else self._look.state
        phase = phase_of(state, self._look.progress, self._session.request.test_url)
        if phase and phase != self._measuring.phase:
            self._measuring.enter(phase)
            self._keep_due = self._session.monotonic()

    @property
    def _reachable(self) -> bool:
        return self._steering.reachable(self._look, self._measuring.phase)

    def _scene(self, *, fresh: bool) -> Scene:
        look, groups = self._look, self._session.request.target_group_arns
        ours = look.group or (groups[0] if len(groups) == 1 else "")
        others = [group for group in groups if group != ours]
        return Scene(
            self._ports_at(self._measuring.phase),
            self._version,
            look.targets,
            fresh,
            self._reachable,
            look.problem,
            release=self._session.release,
            cluster=self._session.request.cluster,
            settings=self._session.request.settings,
            target_group_arn=ours,
            # Of two groups that traffic shifts between, the running version is in the one that the release is not in.
            baseline_target_group_arn=others[0] if ours and others else "",
            probe_role_arn=self._session.request.probing.task_role_arn,
        )

    def _judge(self) -> Decision:
        """Assess what was measured and decide on that, both as of the same moment; it is shown."""
        decision = self._assessed()
        self._show(decision.measurements, self._session.monotonic())
        return replace(decision, measurements=(*self._measuring.passed, *decision.measurements))

    def _assessed(self) -> Decision:
        look, measuring, gates = self._look, self._measuring, self._measuring.assess()
        paused = self._started.ours and bool(look.progress.pauses) and not look.problem
        reading = Reading(
            look.state,
            look.reason,
            look.superseded,
            measuring.time.now(),
            measuring.settled_seconds,
            gates,
            look.lost,
            bool(look.changed),
            paused,
            baking=look.progress.stage == BAKING,
        )
        return decide(reading, timeout_seconds=self._timeout)

    def _show(self, measurements: tuple[Measurement, ...], now: float) -> None:
        due = now >= self._summary_due
        for measured in measurements:
            if measured.verdict is not self._shown.get(measured.gate, Verdict.INCONCLUSIVE) or due:
                self._session.say(f"gate {measured.gate} is {measured.verdict.value}: {measured.seen}")
        if due:
            self._summary_due = now + _SUMMARY_SECONDS
        self._shown = {measured.gate: measured.verdict for measured in measurements}

    def _draw(self, decision: Decision) -> None:
        """Show how the release stands, where there is a board for it: every second at most, and its last."""
        now = self._session.monotonic()
        if not self._session.live or (now < self._draw_due and decision.step is Step.WAIT):
            return
        self._draw_due = now + _DRAW_SECONDS
        request = self._session.request
        title = f"{request.service} {self._version} ({self._started.strategy.name})"
        times = Times(now - self._began, self._bakes)
        self._session.draw(board_of(title, self._look, decision.measurements, times))

    def _until_due(self) -> float:
        """Seconds until a look, a question, a measuring or the end of a bake time."""
        now = self._session.monotonic()
        measuring = self._measuring
        dues = (self._poll_due, self._ask_due, measuring.next_due(reachable=self._reachable), measuring.next_baked)
        return max(0.05, min(due for due in dues if due is not None) - now)
