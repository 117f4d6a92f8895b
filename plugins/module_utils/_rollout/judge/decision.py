# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From how a deployment and its gates stand to what to do next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from ..._common.verdict import Verdict, combine
from ..service.deployment import DeploymentState

if TYPE_CHECKING:
    from ..._release.record import Measurement
    from .windows import Assessment


class Step(Enum):
    """What to do next."""

    WAIT = "wait"
    GO_ON = "go on"
    SUCCEED = "succeed"
    PAUSE = "pause"
    ROLL_BACK = "roll back"
    AWAIT_ROLLBACK = "await rollback"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a deployment stands. ``elapsed_seconds`` since it began.

    ``settled_seconds`` since it came to where it can be judged, or None: to completion, or to another share of the
    users. ``paused``: ECS waits there for the verdict; ``baking``: it waits nowhere any more, and completes by itself.
    ``lost`` says what of the release's own is no longer there; ``doubted``: the next look may say that it is not.
    """

    state: DeploymentState
    reason: str
    superseded: bool
    elapsed_seconds: float
    settled_seconds: float | None
    gates: tuple[Assessment, ...]
    lost: str = ""
    doubted: bool = False
    paused: bool = False
    baking: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next, and for a rollback: which gate asked for it, what was seen and what was expected.

    ``measurements`` is what it was decided on, by every gate: the record keeps the very same. ``held`` says where a
    release stands that this run leaves to another one. ``targets`` is how each of its targets stood.
    """

    step: Step
    verdict: Verdict = Verdict.INCONCLUSIVE
    gate: str = ""
    seen: str = ""
    expected: str = ""
    measurements: tuple[Measurement, ...] = ()
    held: str = ""
    targets: tuple[str, ...] = ()

    def told(self) -> dict[str, str]:
        """The gate that decided, its verdict and what it saw, as a notice says them."""
        return {"gate": self.gate, "verdict": self.verdict.value, "seen": self.seen}

    def __str__(self) -> str:
        return f"gate {self.gate} is {self.verdict.value}. Seen: {self.seen}. Expected: {self.expected}."


#: What stands for a gate where another service of the release decides.
OTHERS = "release"
_ROLLING_BACK = (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.ROLLBACK_FAILED)


def by_others(decision: Decision, seen: str, step: Step = Step.ROLL_BACK) -> Decision:
    """*decision*, but the release ends by *step*, for what was *seen* of another service of it."""
    return replace(
        decision,
        step=step,
        verdict=Verdict.UNHEALTHY,
        gate=OTHERS,
        seen=seen,
        expected="a release that every service of it is fit for",
    )


def decide(reading: Reading, *, timeout_seconds: float) -> Decision:
    """What to do next. *timeout_seconds* bounds the deployment from its start to its completion."""
    measurements = tuple(gate.measurement for gate in reading.gates)
    return replace(_decide(reading, timeout_seconds), measurements=measurements)


def _decide(reading: Reading, timeout_seconds: float) -> Decision:
    if reading.superseded:
        expected = "a release that nobody replaces"
        return Decision(Step.SUPERSEDED, gate="deployment", seen=reading.reason, expected=expected)
    deciding = (gate for gate in reading.gates if gate.decides)
    failed = next((gate for gate in deciding if gate.measurement.verdict is Verdict.UNHEALTHY), None)
    if reading.state in _ROLLING_BACK:
        why = f"; {failed.measurement.gate}: {failed.measurement.seen}" if failed else ""
        return _unfit(f"ECS ended the deployment by itself: {reading.reason or reading.state.value}{why}", by_ecs=True)
    if reading.lost or failed:
        return _lost(reading.lost) if reading.lost or failed is None else _by(failed, Step.ROLL_BACK)
    if reading.state is DeploymentState.STOPPED:
        return _unfit(f"the deployment was stopped: {reading.reason or 'ECS gives no reason'}", by_ecs=False)
    return _fit(reading, timeout_seconds)


def _fit(reading: Reading, timeout_seconds: float) -> Decision:
    """What to do with a release that nothing speaks against."""
    if reading.settled_seconds is None:
        return _until_completed(reading, timeout_seconds)
    if reading.state is DeploymentState.SUCCESSFUL:
        return _after_completion(reading, reading.settled_seconds)
    return _at_share(reading, reading.settled_seconds, timeout_seconds)


def _unfit(seen: str, *, by_ecs: bool) -> Decision:
    step = Step.AWAIT_ROLLBACK if by_ecs else Step.ROLL_BACK
    expected = "a deployment that ECS completes"
    return Decision(step, Verdict.UNHEALTHY, gate="deployment", seen=seen, expected=expected)


def _lost(seen: str) -> Decision:
    expected = "a service, its target group and its listener rules that nobody else takes away"
    return Decision(Step.ROLL_BACK, Verdict.ERROR, gate="surroundings", seen=seen, expected=expected)


def _by(gate: Assessment, step: Step) -> Decision:
    measured = gate.measurement
    return Decision(step, measured.verdict, measured.gate, measured.seen, measured.expected)


def _until_completed(reading: Reading, timeout_seconds: float) -> Decision:
    if reading.elapsed_seconds < timeout_seconds:
        return Decision(Step.WAIT)
    measured = [gate.measurement for gate in reading.gates if gate.decides]
    seen = "; ".join(f"{measurement.gate}: {measurement.seen}" for measurement in measured)
    return Decision(
        Step.ROLL_BACK,
        combine(measurement.verdict for measurement in measured if measurement.verdict is not Verdict.HEALTHY),
        gate="deployment",
        seen=f"still {reading.state.value} after {reading.elapsed_seconds:.0f} s; {seen}",
        expected=f"a deployment that completes within {timeout_seconds:g} s",
    )


def _at_share(reading: Reading, settled_seconds: float, timeout_seconds: float) -> Decision:
    """Go on from a pause once every gate that judges there is HEALTHY; until then ECS moves nobody."""
    waiting = [gate for gate in reading.gates if gate.awaited(settled_seconds)]
    if late := _late(waiting, reading, settled_seconds):
        return late
    if reading.paused and not waiting:
        return Decision(Step.GO_ON, Verdict.HEALTHY)
    return _until_completed(reading, timeout_seconds)


def _after_completion(reading: Reading, settled_seconds: float) -> Decision:
    waiting = [gate for gate in reading.gates if gate.awaited(settled_seconds)]
    if not waiting and any(gate.decides for gate in reading.gates):
        return Decision(Step.WAIT) if reading.doubted else Decision(Step.SUCCEED, Verdict.HEALTHY)
    return _late(waiting, reading, settled_seconds) or Decision(Step.WAIT)


def _late(waiting: list[Assessment], reading: Reading, settled_seconds: float) -> Decision | None:
    """What follows from a gate that should be conclusive by now; None when there is none.

    A deployment is held where ECS waits. What has yet to come there goes on to it; past the last such place holding
    would let the release in without a verdict.
    """
    late = [gate for gate in waiting if gate.decides and gate.late(settled_seconds)]
    if not late:
        return None
    # What rolls back goes before what only holds the deployment.
    gravest = min(late, key=lambda gate: gate.pauses)
    if not gravest.pauses or reading.baking or reading.state is DeploymentState.SUCCESSFUL:
        return _by(gravest, Step.ROLL_BACK)
    return _by(gravest, Step.PAUSE) if reading.paused else None
