# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching a deployment until there is something else to do than wait: look, measure, judge, and again.

Gates that send requests start with the first healthy target of the new revision, so that a version that answers errors
is stopped while the old one still carries most of the traffic. Their windows open again when the deployment completes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._common.wait import timed_out, until
from ..._errors import OperationError, SupersededError, UnavailableError
from ..._release.record import timestamp
from ..gates.model import Scene
from ..strategies.service_events import said_of
from .decision import Decision, Reading, Step, assess, decide, measure, open_windows, reopen
from .judged_time import JudgedTime
from .observation import Look, Observer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._release.record import Measurement
    from ..act.traffic import Traffic
    from ..gates.model import Gate
    from ..session import Session
    from ..strategies.model import Started

_SUMMARY_SECONDS = 30.0
# What looks and measurings may take beyond the times that `decide` itself keeps.
_SPARE_SECONDS = 600.0
# What a turn may take beyond its pause and its requests. A call that takes longer holds the judging up.
_TURN_SECONDS = 10.0
# How long a load balancer may take to act on a changed rule everywhere.
_SPREAD_SECONDS = 2.0


class Watch:
    """The watch over what was *started*, whose answers name *version*.

    As soon as every task of it is healthy, it opens *traffic*. *gates* stand for the request's own. *ended_before*:
    tasks that had stopped when it began do not count.
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
    ) -> None:
        self._session = session
        self._version = version
        self._traffic = traffic
        self._gates = session.request.gates if gates is None else gates
        self._observer = Observer(session, started, ended_before=ended_before)
        self.began = session.monotonic()
        self._poll_due = self.began
        self._open_since = self.began
        self._look = Look()
        self._time = JudgedTime(session, session.request.poll_seconds + _TURN_SECONDS + _asking_seconds(self._gates))
        self._settled: float | None = None
        self._windows = open_windows(self._gates, now=self.began, stamp=self._stamp())
        self._shown: Mapping[str, Verdict] = {}
        self._summary_due = self.began + _SUMMARY_SECONDS

    def run(self) -> Decision:
        """Watch until there is something else to do than wait. The decision holds what it rests on."""
        request = self._session.request
        deadlines = (gate.deadline_seconds for gate in self._gates)
        decision = until(
            self._turn,
            lambda decision: decision.step is not Step.WAIT,
            clock=self._session,
            seconds=request.timeout_seconds + max(deadlines, default=0.0) + _SPARE_SECONDS,
            pause=lambda _elapsed: self._until_due(),
            on_timeout=lambda _decision, elapsed: timed_out(
                f"The release of {request.service} could not be judged within {elapsed:.0f} s, though its deployment "
                f"is {self._look.state.value}. Nothing was rolled back; run the same command again to judge it."
                f"{said_of(self._look.service, self._look.began)}",
                state=self._look.state.value,
                problem=self._look.problem,
            ),
        )
        closer = self._look_closer(decision) if decision.step is Step.ROLL_BACK else decision
        return self._with_causes(closer) if closer.step in (Step.ROLL_BACK, Step.AWAIT_ROLLBACK) else closer

    def _with_causes(self, decision: Decision) -> Decision:
        """The decision with what ECS and the load balancer tell, as far as no gate has said it."""
        targets = self._look.targets
        causes = (cause for cause in (targets.sick, *targets.causes) if cause and cause not in decision.seen)
        said = said_of(self._look.service, self._look.began).strip().rstrip(".")
        return replace(decision, seen="; ".join(part for part in (decision.seen, *causes, said) if part))

    def _turn(self) -> Decision:
        self._time.turn()
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
        before, self._look = self._look, self._observer.look(self._look, self._traffic.watched)
        self._time.looked(seen=not self._look.unseen)
        if self._look.state is not before.state:
            reason = f": {self._look.reason}" if self._look.reason else ""
            self._session.say(f"deployment is {self._look.state.value}{reason}")
        self._open_traffic()
        if self._look.settled_at is not None and before.settled_at is None:
            self._settled = self._time.now()
            self._windows = reopen(self._windows, self._stamp())

    def _open_traffic(self) -> None:
        """Let users in once every task is healthy. What cannot be written now is tried at the next look."""
        if self._traffic.moved or self._look.problem or not self._look.targets.whole:
            return
        try:
            self._traffic.open()
            self._open_since = self._session.monotonic() + _SPREAD_SECONDS
        except SupersededError:
            raise
        except UnavailableError as error:
            self._look = replace(self._look, problem=str(error))
        except OperationError as error:
            self._look = replace(self._look, lost=f"the listener rules could not be written: {error}")

    @property
    def _reachable(self) -> bool:
        moved = self._traffic.moved and self._session.monotonic() >= self._open_since
        return moved and self._look.reachable

    def _scene(self, *, fresh: bool) -> Scene:
        look = self._look
        return Scene(self._session.ports, self._version, look.targets, fresh, self._reachable, look.problem)

    def _judge(self) -> Decision:
        """Assess what was measured and decide on that, both as of the same moment."""
        elapsed, look = self._time.now(), self._look
        settled_seconds = elapsed - self._settled if self._settled is not None else None
        gates = assess(self._windows, settled_seconds=settled_seconds, stamp=self._stamp())
        reading = Reading(look.state, look.reason, look.superseded, elapsed, settled_seconds, gates, look.lost)
        decision = decide(reading, timeout_seconds=self._session.request.timeout_seconds)
        self._show(decision.measurements, self._session.monotonic())
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
        if self._reachable:
            dues += [window.due for window in self._windows if window.gate.interval_seconds]
        return max(0.05, min(dues) - self._session.monotonic())

    def _stamp(self) -> str:
        return timestamp(self._session.clock.now())


def _asking_seconds(gates: tuple[Gate[Any], ...]) -> float:
    """How long the requests of a turn may take."""
    requests = (gate.user_request() for gate in gates)
    return sum(request.timeout_seconds for request in requests if request)
