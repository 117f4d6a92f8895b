# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What gates measure of a release where it stands, and what let it come that far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._release.record import timestamp
from .judged_time import JudgedTime
from .kept import gone_on_with, restored, write_standing
from .windows import Aside, assess, is_timed, measure, measure_quickly, move_on, open_windows

if TYPE_CHECKING:
    from ..._release.record import Measurement
    from ..gates.model import Gate, Scene
    from ..session import Session
    from ..stages import Phase
    from .kept import Earlier, Left
    from .windows import Assessment

# What a turn may take beyond its pause and its requests. A call that takes longer holds the judging up.
_TURN_SECONDS = 10.0


class Measuring:
    """What *gates* measure. Until the release can be judged, those do that may find it unfit at *first* already.

    *earlier* is what another run measured of the same release; it is gone on with where the release still stands there.
    """

    def __init__(
        self, session: Session, gates: tuple[Gate[Any], ...], first: Phase, earlier: Earlier | None = None
    ) -> None:
        self._session = session
        self._gates = gates
        asking = sum(gate.measuring_seconds for gate in gates)
        #: The time that judges.
        self.time = JudgedTime(session, session.request.poll_seconds + _TURN_SECONDS + asking)
        #: Where the release stands; None before it can be judged.
        self.phase: Phase | None = None
        #: What let the release come as far as it has.
        self.passed: tuple[Measurement, ...] = session.request.passed_before
        self._settled: float | None = None
        # When each gate was HEALTHY last, in seconds since the stage began.
        self._fit: dict[str, float] = {}
        self._aside = Aside()
        self._earlier = earlier
        self._windows = open_windows(self._gates_at(first), now=session.monotonic(), stamp=self._stamp())

    def enter(self, phase: Phase) -> None:
        """Judge from now on what the release does with its new share of the users."""
        if self.phase:
            self.passed = (*self.passed, *(self._as_passed(gate.measurement) for gate in self.assess()))
        self.phase, self._settled = phase, self.time.now()
        self._fit.clear()
        self.end()
        now = self._session.monotonic()
        self._windows = move_on(self._windows, self._gates_at(phase), now=now, stamp=self._stamp())
        if self._earlier:
            self._take_over(self._earlier, phase)
            self._earlier = None

    def _take_over(self, earlier: Earlier, phase: Phase) -> None:
        """Go on with what another run measured. Where the release has moved on since, that let it come here.

        How long that took is no gate's loss: each has its whole deadline, and what measures anew its whole bake time.
        """
        stays = (earlier.phase.stage, earlier.phase.percent) == (phase.stage, phase.percent)
        self.passed = earlier.passed if stays else (*earlier.passed, *map(self._as_passed, earlier.gates))
        again = [
            restored(window, earlier) if stays else gone_on_with(window, earlier) if window.gate.continues else None
            for window in self._windows
        ]
        if stays:
            seconds, told = earlier.settled_seconds, phase.stage.value
            anew = ", ".join(window.gate.name for window, found in zip(self._windows, again, strict=True) if not found)
            measured = f"; {anew} measured anew" if anew else ""
            self._session.say(f"going on with what an earlier run measured in {seconds:.0f} s at {told}{measured}")
        self._windows = tuple(found or window for window, found in zip(self._windows, again, strict=True))

    @property
    def awaits_earlier(self) -> bool:
        """Whether there is what another run measured, and none of it is taken over yet."""
        return self._earlier is not None

    def standing(self, left: Left | None) -> str:
        """How the release stands, for a run that goes on with it. *left* is where one ended by request, if any did."""
        return write_standing(self.phase, self.settled_seconds or 0.0, len(self.passed), self._windows, left)

    def measure(self, scene: Scene, *, ends_here: bool = False) -> None:
        """Have every gate measure that is due; where the run *ends_here*, none begins that takes minutes."""
        self._aside.rests = ends_here
        self._windows = measure(self._windows, scene, self._aside, judged_at=self.next_baked)

    def end(self) -> None:
        """End what is measured just now: of another phase it is no evidence, and programs put load on the release."""
        self._aside.forget()
        self._session.ports.instruments.end_commands()

    def measure_quickly(self, scene: Scene) -> None:
        """Have those gates measure that are due and wait for no answer of others."""
        self._windows = measure_quickly(self._windows, scene)

    def assess(self) -> tuple[Assessment, ...]:
        """How each gate stands now."""
        stage, settled = self.phase.stage if self.phase else None, self.settled_seconds
        found = assess(self._windows, settled_seconds=settled, stamp=self._stamp(), stage=stage)
        if settled is not None:
            self._fit |= {
                gate.measurement.gate: settled for gate in found if gate.measurement.verdict is Verdict.HEALTHY
            }
        return tuple(replace(gate, fit_seconds=self._fit.get(gate.measurement.gate, 0.0)) for gate in found)

    @property
    def settled_seconds(self) -> float | None:
        """For how long the release has been judged where it stands; None before it can be."""
        return self.time.now() - self._settled if self._settled is not None else None

    def next_due(self, *, reachable: bool) -> float | None:
        """When the next measuring is due that comes at a time of its own; None when none does."""
        timed = (window for window in self._windows if is_timed(window) and not self._aside.is_awaited(window))
        return min((window.due for window in timed if reachable or not window.gate.needs_traffic), default=None)

    @property
    def next_baked(self) -> float | None:
        """When the next of the gates has measured for as long as it has to; None when none will, or that has passed."""
        seconds = self.settled_seconds
        if seconds is None:
            return None
        bakes = (window.baked_after for window in self._windows)
        left = min((bake - seconds for bake in bakes if bake > seconds), default=None)
        return None if left is None else self._session.monotonic() + left

    def _as_passed(self, measured: Measurement) -> Measurement:
        """What a gate *measured* where the release stood. If it had not passed, it decided nothing: somebody did."""
        if measured.verdict is Verdict.HEALTHY or measured.dry_run:
            return measured
        self._session.warn(
            f"the deployment went on although gate {measured.gate} was {measured.verdict.value}: this run did not tell "
            "ECS to. See CloudTrail for who did (ContinueServiceDeployment)"
        )
        return replace(measured, dry_run=True)

    def _gates_at(self, phase: Phase) -> tuple[Gate[Any], ...]:
        there = (gate.at(phase) for gate in self._gates)
        return tuple(gate for gate in there if gate)

    def _stamp(self) -> str:
        return timestamp(self._session.clock.now())
