# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to do next with a deployment that is under way, from what is seen of it. Pure: times come in as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from ..._common.verdict import Verdict, combine
from ..service.deployment import DeploymentState

if TYPE_CHECKING:
    from ..._release.record import Measurement
    from ..gates.model import Assessment


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


_ROLLING_BACK = (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.ROLLBACK_FAILED)


def decide(reading: Reading, *, timeout_seconds: float) -> Decision:
    """What to do next. *timeout_seconds* bounds the deployment from its start to its completion."""
    measurements = tuple(gate.measurement for gate in reading.gates)
    return replace(_decide(reading, timeout_seconds), measurements=measurements)


def _decide(reading: Reading, timeout_seconds: float) -> Decision:
    if reading.superseded:
        return Decision(Step.SUPERSEDED, seen=reading.reason)
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
