# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From samples to what to do next: each gate measures over a window of its own, is assessed, and all decide together.

A failed look at the world is no end: its gate is in ERROR, and its next measuring may succeed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict, combine
from ..._errors import OperationError, UnavailableError
from ..._release.record import Measurement
from ..service.deployment import DeploymentState

if TYPE_CHECKING:
    from ..gates.model import Gate, Scene


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a gate has measured and what that means, as it is recorded; and when the gate has to be conclusive."""

    measurement: Measurement
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class Window:
    """What *gate* has measured since ``started_at``. ``problem`` says why its latest measuring failed."""

    gate: Gate[Any]
    tally: Any
    started_at: str
    due: float
    problem: str = ""


def open_windows(gates: tuple[Gate[Any], ...], *, now: float, stamp: str) -> tuple[Window, ...]:
    """A window of each gate, in which nothing is measured yet. *now* is monotonic, *stamp* as the record writes it."""
    return tuple(Window(gate, gate.begin(), stamp, now) for gate in gates)


def measure(windows: tuple[Window, ...], scene: Scene) -> tuple[Window, ...]:
    """The windows after every gate has measured that is due."""
    return tuple(_measure(window, scene) if window.gate.is_due(window.due, scene) else window for window in windows)


def _measure(window: Window, scene: Scene) -> Window:
    gate = window.gate
    due = scene.ports.clock.monotonic() + gate.interval_seconds
    try:
        return replace(window, tally=gate.measure(window.tally, scene), due=due, problem="")
    except (UnavailableError, OperationError) as error:
        # A refusal measures nothing either: the gate is in ERROR, and its next measuring may be allowed.
        return replace(window, tally=gate.missed(window.tally), due=due, problem=str(error))


def reopen(windows: tuple[Window, ...], stamp: str) -> tuple[Window, ...]:
    """The windows once the deployment has completed."""
    return tuple(replace(window, tally=window.gate.completed(window.tally), started_at=stamp) for window in windows)


def assess(windows: tuple[Window, ...], *, settled_seconds: float | None, stamp: str) -> tuple[Assessment, ...]:
    """How each gate stands. *settled_seconds* have passed since the deployment completed; None: it has not."""
    return tuple(_assess(window, settled_seconds, stamp) for window in windows)


def _assess(window: Window, settled_seconds: float | None, stamp: str) -> Assessment:
    gate, tally = window.gate, window.tally
    verdict = gate.assess(tally, baked=settled_seconds is not None and settled_seconds >= gate.bake_seconds)
    seen = gate.seen(tally)
    if window.problem:
        verdict = Verdict.UNHEALTHY if verdict is Verdict.UNHEALTHY else Verdict.ERROR
        seen = f"{seen}, the last look failed: {window.problem}"
    measurement = Measurement(
        gate=gate.name,
        verdict=verdict,
        seen=seen,
        expected=gate.expected(),
        samples=tally.samples,
        failures=tally.failures,
        started_at=window.started_at,
        finished_at=stamp,
    )
    return Assessment(measurement, gate.deadline_seconds)


class Step(Enum):
    """What to do next."""

    WAIT = "wait"
    SUCCEED = "succeed"
    ROLL_BACK = "roll back"
    AWAIT_ROLLBACK = "await rollback"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a deployment stands. ``elapsed_seconds`` since it began; ``settled_seconds`` since it completed, or None.

    ``lost`` says what of the release's own is no longer there.
    """

    state: DeploymentState
    reason: str
    superseded: bool
    elapsed_seconds: float
    settled_seconds: float | None
    gates: tuple[Assessment, ...]
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next, and for a rollback: which gate asked for it, what was seen and what was expected.

    ``measurements`` is what it was decided on, by every gate: the record keeps the very same.
    """

    step: Step
    verdict: Verdict = Verdict.INCONCLUSIVE
    gate: str = ""
    seen: str = ""
    expected: str = ""
    measurements: tuple[Measurement, ...] = ()

    def __str__(self) -> str:
        return f"gate {self.gate} is {self.verdict.value}. Seen: {self.seen}. Expected: {self.expected}."


_ROLLING_BACK = (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.ROLLBACK_FAILED)


def decide(reading: Reading, *, timeout_seconds: float) -> Decision:
    """What to do next. *timeout_seconds* bounds the deployment from its start to its completion."""
    measurements = tuple(gate.measurement for gate in reading.gates)
    return replace(_decide(reading, timeout_seconds), measurements=measurements)


def _decide(reading: Reading, timeout_seconds: float) -> Decision:
    if reading.superseded:
        expected = "a release that nobody replaces"
        return Decision(Step.SUPERSEDED, gate="deployment", seen=reading.reason, expected=expected)
    failed = next((gate for gate in reading.gates if gate.measurement.verdict is Verdict.UNHEALTHY), None)
    if reading.state in _ROLLING_BACK:
        why = f"; {failed.measurement.gate}: {failed.measurement.seen}" if failed else ""
        return _unfit(f"ECS ended the deployment by itself: {reading.reason or reading.state.value}{why}", by_ecs=True)
    if reading.lost or failed:
        return _lost(reading.lost) if reading.lost or failed is None else _roll_back(failed)
    if reading.state is DeploymentState.STOPPED:
        return _unfit(f"the deployment was stopped: {reading.reason or 'ECS gives no reason'}", by_ecs=False)
    if reading.settled_seconds is None:
        return _until_completed(reading, timeout_seconds)
    return _after_completion(reading, reading.settled_seconds)


def _unfit(seen: str, *, by_ecs: bool) -> Decision:
    step = Step.AWAIT_ROLLBACK if by_ecs else Step.ROLL_BACK
    expected = "a deployment that ECS completes"
    return Decision(step, Verdict.UNHEALTHY, gate="deployment", seen=seen, expected=expected)


def _lost(seen: str) -> Decision:
    expected = "a service, its target group and its listener rules that nobody else takes away"
    return Decision(Step.ROLL_BACK, Verdict.ERROR, gate="surroundings", seen=seen, expected=expected)


def _roll_back(gate: Assessment) -> Decision:
    measured = gate.measurement
    return Decision(Step.ROLL_BACK, measured.verdict, measured.gate, measured.seen, measured.expected)


def _until_completed(reading: Reading, timeout_seconds: float) -> Decision:
    if reading.elapsed_seconds < timeout_seconds:
        return Decision(Step.WAIT)
    measured = [gate.measurement for gate in reading.gates]
    seen = "; ".join(f"{measurement.gate}: {measurement.seen}" for measurement in measured)
    return Decision(
        Step.ROLL_BACK,
        combine(measurement.verdict for measurement in measured if measurement.verdict is not Verdict.HEALTHY),
        gate="deployment",
        seen=f"still {reading.state.value} after {reading.elapsed_seconds:.0f} s; {seen}",
        expected=f"a deployment that completes within {timeout_seconds:g} s",
    )


def _after_completion(reading: Reading, settled_seconds: float) -> Decision:
    waiting = [gate for gate in reading.gates if gate.measurement.verdict is not Verdict.HEALTHY]
    if reading.gates and not waiting:
        return Decision(Step.SUCCEED, Verdict.HEALTHY)
    late = next((gate for gate in waiting if settled_seconds >= gate.deadline_seconds), None)
    if late:
        return _roll_back(late)
    return Decision(Step.WAIT)
