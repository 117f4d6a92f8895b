# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What to do next with a deployment that is under way, from what is seen of it. Pure: times come in as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .._common.verdict import Verdict, combine
from .values import DeploymentState


class Step(Enum):
    """What to do next."""

    WAIT = "wait"
    SUCCEED = "succeed"
    ROLL_BACK = "roll back"
    AWAIT_ROLLBACK = "await rollback"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class GateReading:
    """How a gate stands. ``deadline_seconds`` counts from the end of the shifting of traffic."""

    name: str
    verdict: Verdict
    seen: str
    expected: str
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """How a deployment stands. ``elapsed_seconds`` since it began; ``settled_seconds`` since it completed, or None."""

    state: DeploymentState
    reason: str
    superseded: bool
    elapsed_seconds: float
    settled_seconds: float | None
    gates: tuple[GateReading, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next, and for a rollback: which gate asked for it, what was seen and what was expected."""

    step: Step
    verdict: Verdict = Verdict.INCONCLUSIVE
    gate: str = ""
    seen: str = ""
    expected: str = ""


_ROLLING_BACK = (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.ROLLBACK_FAILED)


def decide(reading: Reading, *, timeout_seconds: float) -> Decision:
    """What to do next. *timeout_seconds* bounds the deployment from its start to its completion."""
    if reading.superseded:
        return Decision(Step.SUPERSEDED, seen=reading.reason)
    failed = next((gate for gate in reading.gates if gate.verdict is Verdict.UNHEALTHY), None)
    if reading.state in _ROLLING_BACK:
        why = f"; {failed.name}: {failed.seen}" if failed else ""
        return Decision(
            Step.AWAIT_ROLLBACK,
            Verdict.UNHEALTHY,
            gate="deployment",
            seen=f"ECS ended the deployment by itself: {reading.reason or reading.state.value}{why}",
            expected="a deployment that ECS completes",
        )
    if failed:
        return _roll_back(failed)
    if reading.state is DeploymentState.STOPPED:
        return Decision(
            Step.ROLL_BACK,
            Verdict.UNHEALTHY,
            gate="deployment",
            seen=f"the deployment was stopped: {reading.reason or 'ECS gives no reason'}",
            expected="a deployment that ECS completes",
        )
    if reading.settled_seconds is None:
        return _until_completed(reading, timeout_seconds)
    return _after_completion(reading, reading.settled_seconds)


def _roll_back(gate: GateReading) -> Decision:
    return Decision(Step.ROLL_BACK, gate.verdict, gate.name, gate.seen, gate.expected)


def _until_completed(reading: Reading, timeout_seconds: float) -> Decision:
    if reading.elapsed_seconds < timeout_seconds:
        return Decision(Step.WAIT)
    seen = "; ".join(f"{gate.name}: {gate.seen}" for gate in reading.gates)
    return Decision(
        Step.ROLL_BACK,
        combine(gate.verdict for gate in reading.gates if gate.verdict is not Verdict.HEALTHY),
        gate="deployment",
        seen=f"still {reading.state.value} after {reading.elapsed_seconds:.0f} s; {seen}",
        expected=f"a deployment that completes within {timeout_seconds:g} s",
    )


def _after_completion(reading: Reading, settled_seconds: float) -> Decision:
    waiting = [gate for gate in reading.gates if gate.verdict is not Verdict.HEALTHY]
    if reading.gates and not waiting:
        return Decision(Step.SUCCEED, Verdict.HEALTHY)
    late = next((gate for gate in waiting if settled_seconds >= gate.deadline_seconds), None)
    if late:
        return _roll_back(late)
    return Decision(Step.WAIT)
