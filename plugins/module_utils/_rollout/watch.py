# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Watching a deployment until there is something else to do than wait: look, measure, judge, and again.

Gates that send requests start with the first healthy target of the new revision, so that a version that answers errors
is stopped while the old one still carries most of the traffic. Their windows open anew when the deployment completes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.verdict import Verdict
from .._common.wait import timed_out, until
from .._release.record import timestamp
from .gates.measuring import assess, measure, open_windows, reopen
from .gates.model import Scene
from .judge import Decision, Reading, Step, decide
from .observe import Look, Observer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._release.record import Measurement
    from .session import Session
    from .strategies.model import Started

_SUMMARY_SECONDS = 30.0
# What looks and measurings may take beyond the times that `decide` itself keeps.
_SPARE_SECONDS = 600.0


class Watch:
    """The watch over what was *started*, whose answers name *version*."""

    def __init__(self, session: Session, started: Started, version: str) -> None:
        self._session = session
        self._version = version
        self._observer = Observer(session, started)
        self.began = session.monotonic()
        self._poll_due = self.began
        self._look = Look()
        self._windows = open_windows(session.request.gates, now=self.began, stamp=self._stamp())
        self._shown: Mapping[str, Verdict] = {}
        self._summary_due = self.began + _SUMMARY_SECONDS

    def run(self) -> Decision:
        """Watch until there is something else to do than wait. The decision holds what it rests on."""
        request = self._session.request
        deadlines = (gate.deadline_seconds for gate in request.gates)
        decision = until(
            self._turn,
            lambda decision: decision.step is not Step.WAIT,
            clock=self._session,
            seconds=request.timeout_seconds + max(deadlines, default=0.0) + _SPARE_SECONDS,
            pause=lambda _elapsed: self._until_due(),
            on_timeout=lambda _decision, elapsed: timed_out(
                f"The release of {request.service} could not be judged within {elapsed:.0f} s, though its deployment "
                f"is {self._look.state.value}. Nothing was rolled back; run the same command again to judge it.",
                state=self._look.state.value,
                problem=self._look.problem,
            ),
        )
        return self._look_closer(decision) if decision.step is Step.ROLL_BACK else decision

    def _turn(self) -> Decision:
        fresh = self._session.monotonic() >= self._poll_due
        if fresh:
            self._look_again()
            self._poll_due = self._session.monotonic() + self._session.request.poll_seconds
        self._windows = measure(self._windows, self._scene(fresh=fresh))
        return self._judge()

    def _look_closer(self, decision: Decision) -> Decision:
        """Look once more before a rollback: requests fail sooner than the tasks behind them are seen to have died."""
        self._look_again()
        self._windows = measure(self._windows, self._scene(fresh=True))
        closer = self._judge()
        return decision if closer.step is Step.WAIT else closer

    def _look_again(self) -> None:
        before, self._look = self._look, self._observer.look(self._look)
        if self._look.state is not before.state:
            reason = f": {self._look.reason}" if self._look.reason else ""
            self._session.say(f"deployment is {self._look.state.value}{reason}")
        if self._look.settled_at is not None and before.settled_at is None:
            self._windows = reopen(self._windows, self._stamp())

    def _scene(self, *, fresh: bool) -> Scene:
        look = self._look
        return Scene(self._session.ports, self._version, look.targets, fresh, look.reachable, look.problem)

    def _judge(self) -> Decision:
        """Assess what was measured and decide on that, both as of the same moment."""
        now, look = self._session.monotonic(), self._look
        settled_seconds = now - look.settled_at if look.settled_at is not None else None
        gates = assess(self._windows, settled_seconds=settled_seconds, stamp=self._stamp())
        reading = Reading(look.state, look.reason, look.superseded, now - self.began, settled_seconds, gates)
        decision = decide(reading, timeout_seconds=self._session.request.timeout_seconds)
        self._show(decision.measurements, now)
        return decision

    def _show(self, measurements: tuple[Measurement, ...], now: float) -> None:
        due = now >= self._summary_due
        for measured in measurements:
            if measured.verdict is not self._shown.get(measured.gate, Verdict.INCONCLUSIVE) or due:
                self._session.say(f"gate {measured.gate} is {measured.verdict.value}: {measured.seen}")
        if due:
            self._summary_due = now + _SUMMARY_SECONDS
        self._shown = {measured.gate: measured.verdict for measured in measurements}

    def _until_due(self) -> float:
        dues = [self._poll_due]
        if self._look.reachable:
            dues += [window.due for window in self._windows if window.gate.interval_seconds]
        return max(0.05, min(dues) - self._session.monotonic())

    def _stamp(self) -> str:
        return timestamp(self._session.clock.now())
