# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measuring with several gates: each when it is due, each over a window of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._errors import OperationError, UnavailableError
from ..._release.record import Measurement
from .model import Assessment

if TYPE_CHECKING:
    from .model import Gate, Scene


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
