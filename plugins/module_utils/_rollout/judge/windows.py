# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows: each gate measures over one of its own, is assessed by it, and leaves what the record keeps.

A failed look at the world is no end: its gate is in ERROR, and its next measuring may succeed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..._common.verdict import Verdict
from ..._errors import OperationError, UnavailableError
from ..._release.record import Measurement, Series
from ..gates.settings import AtDeadline
from ..gates.statistics.holm import rejected
from ..gates.statistics.proportion import FALSE_ALARM

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..gates.model import Gate, Scene
    from ..stages import Stage

# So many points of a window are kept at most: a plot shows no more.
_MOST_POINTS = 60
# How late a measuring may be to be caught up with, and how long a turn may take for that.
_LATE_SECONDS, _CATCH_UP_SECONDS = 3.0, 0.5


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a gate has measured and what that means, as it is recorded; and when the gate has to be conclusive.

    ``fit_seconds`` after the stage began it was HEALTHY last: it has its time anew from then on. ``pauses``: without a
    verdict by then, it holds the deployment instead of rolling it back.
    """

    measurement: Measurement
    deadline_seconds: float
    pauses: bool = False
    fit_seconds: float = 0.0

    @property
    def decides(self) -> bool:
        """Whether the verdict does anything but stand in the record."""
        return not self.measurement.dry_run

    def late(self, seconds: float) -> bool:
        """Whether it should be conclusive by now, *seconds* after the stage began."""
        return seconds - self.fit_seconds >= self.deadline_seconds

    def awaited(self, seconds: float) -> bool:
        """Whether there is anything to wait for, *seconds* after the stage began."""
        verdict = self.measurement.verdict
        if self.decides:
            return verdict is not Verdict.HEALTHY
        return verdict not in (Verdict.HEALTHY, Verdict.UNHEALTHY) and seconds < self.deadline_seconds


@dataclass(frozen=True, slots=True)
class Window:
    """What *gate* has measured since ``started_at``. ``problem`` says why its latest measuring failed.

    ``successes`` are the latest measurings in a row after which it would have passed. ``opened`` is the monotonic time
    of ``started_at``, and ``points`` are what was measured, with the seconds since then. Other runs measured for
    ``measured_before`` seconds, which count for its bake time.
    """

    gate: Gate[Any]
    tally: Any
    started_at: str
    due: float
    problem: str = ""
    successes: int = 0
    opened: float = 0.0
    points: tuple[tuple[float, float], ...] = ()
    measured_before: float = 0.0

    @property
    def baked_after(self) -> float:
        """After how many seconds where the release stands it has measured for as long as it has to."""
        return self.gate.initial_delay_seconds + self.gate.bake_seconds - self.measured_before


def open_windows(gates: tuple[Gate[Any], ...], *, now: float, stamp: str) -> tuple[Window, ...]:
    """A window of each gate, in which nothing is measured yet. *now* is monotonic, *stamp* as the record writes it."""
    return tuple(Window(gate, gate.begin(), stamp, now + gate.initial_delay_seconds, opened=now) for gate in gates)


def measure_quickly(windows: tuple[Window, ...], scene: Scene) -> tuple[Window, ...]:
    """The windows after those gates have measured that are due and wait for no answer of others."""
    slow = (window.gate.aside or window.gate.measuring_seconds for window in windows)
    quick = {number for number, is_slow in enumerate(slow) if not is_slow}
    return tuple(
        _measure(window, scene) if number in quick and _is_due(window, scene) else window
        for number, window in enumerate(windows)
    )


class Aside:
    """What gates measure that nothing else waits for, such as a program that takes minutes."""

    def __init__(self) -> None:
        #: Whether none begins: its outcome would not be waited for.
        self.rests = False
        self._under_way: dict[str, tuple[Window, Callable[[], tuple[Window] | None]]] = {}

    def measured(self, window: Window, scene: Scene) -> Window:
        """*window* after its gate has measured; as it is while it does."""
        name = window.gate.name
        if name not in self._under_way:
            if self.rests or not _is_due(window, scene):
                return window
            # Its thread may come to measure only after it is forgotten.
            ports = replace(scene.ports, instruments=scene.ports.instruments.as_of_now())
            apart = partial(_measure, window, replace(scene, ports=ports))
            self._under_way[name] = window, scene.ports.aside.begin(apart)
        before, outcome = self._under_way[name]
        found = outcome()
        if found is None:
            return window
        del self._under_way[name]
        return found[0] if before == window else window

    def is_awaited(self, window: Window) -> bool:
        """Whether its gate measures just now."""
        return window.gate.name in self._under_way

    def forget(self) -> None:
        """What is measured just now is of no interest any more."""
        self._under_way.clear()


def measure(
    windows: tuple[Window, ...], scene: Scene, aside: Aside | None = None, *, judged_at: float | None = None
) -> tuple[Window, ...]:
    """The windows after every gate has measured that is due. Who only asks does so while others do.

    At the monotonic time *judged_at*, if any, somebody waits for them to be assessed: none is caught up with after it.
    """
    apart = aside or Aside()
    begin = scene.ports.workers.begin
    in_turn = partial(_measure_if_due, judged_at=judged_at)
    works = (partial(apart.measured if window.gate.aside else in_turn, window, scene) for window in windows)
    begun = [begin(work) if window.gate.only_asks else work for window, work in zip(windows, works, strict=True)]
    return tuple(answer() for answer in begun)


def _measure_if_due(window: Window, scene: Scene, *, judged_at: float | None) -> Window:
    """The window after its gate has measured, again and again where it is late: for so long that others wait little."""
    clock = scene.ports.clock
    until = clock.monotonic() + _CATCH_UP_SECONDS
    if judged_at is not None:
        until = min(until, judged_at)
    while _is_due(window, scene):
        window = _measure(window, scene)
        if not window.gate.catches_up or clock.monotonic() >= until:
            break
    return window


def is_timed(window: Window) -> bool:
    """Whether its next measuring is due at a time of its own, and not with a look."""
    gate = window.gate
    return bool(gate.interval_seconds) and not gate.watches and not _is_done(window)


def _is_done(window: Window) -> bool:
    return window.gate.once and window.successes >= window.gate.consecutive_successes


def _is_due(window: Window, scene: Scene) -> bool:
    return not _is_done(window) and window.gate.is_due(window.due, scene)


def _measure(window: Window, scene: Scene) -> Window:
    gate, now = window.gate, scene.ports.clock.monotonic()
    late = now - window.due
    # What could not measure for long, as nothing was there to measure, has nothing to catch up with.
    due = gate.interval_seconds + (window.due if gate.catches_up and late <= _LATE_SECONDS else now)
    try:
        tally = gate.measure(window.tally, scene)
    except (UnavailableError, OperationError) as error:
        # A refusal measures nothing either: the gate is in ERROR, and its next measuring may be allowed.
        return replace(window, due=due, problem=str(error), successes=0)
    if tally == window.tally:
        return replace(window, due=due, problem="")
    passes = gate.assess(tally, baked=True) is Verdict.HEALTHY
    return replace(
        window,
        tally=tally,
        due=due,
        problem="",
        successes=window.successes + 1 if passes else 0,
        points=_with_point(window.points, now - window.opened, gate.reading(tally)),
    )


def _with_point(
    points: tuple[tuple[float, float], ...], seconds: float, value: float | None
) -> tuple[tuple[float, float], ...]:
    """*points* with another one. When there are too many, every second goes."""
    if value is None:
        return points
    kept = points if len(points) < _MOST_POINTS else points[::2]
    return (*kept, (round(seconds, 1), round(value, 6)))


def move_on(windows: tuple[Window, ...], gates: tuple[Gate[Any], ...], *, now: float, stamp: str) -> tuple[Window, ...]:
    """The windows of *gates* at the stage that begins now. One that continues goes on with what it has measured."""
    before = {window.gate.name: window for window in windows}
    return tuple(_open(gate, before.get(gate.name), now, stamp) for gate in gates)


def _open(gate: Gate[Any], before: Window | None, now: float, stamp: str) -> Window:
    delay = gate.initial_delay_seconds
    due = now + delay if delay or before is None else before.due
    if before and gate.continues:
        return replace(before, gate=gate, started_at=stamp, due=due, opened=now, points=(), measured_before=0.0)
    return Window(gate, gate.begin(), stamp, due, opened=now)


def assess(
    windows: tuple[Window, ...], *, settled_seconds: float | None, stamp: str, stage: Stage | None = None
) -> tuple[Assessment, ...]:
    """How each gate stands at *stage*, if the release came to any.

    *settled_seconds* have passed since the stage began, or the deployment completed; None: it has not.
    """
    verdicts = _verdicts(windows, settled_seconds)
    return tuple(
        _assess(window, verdict, stamp, stage.value if stage else "")
        for window, verdict in zip(windows, verdicts, strict=True)
    )


def _verdicts(windows: tuple[Window, ...], settled_seconds: float | None) -> list[Verdict]:
    """Evidence that chance may explain refuses only as far as it does among that of all gates that decide."""
    verdicts = [_verdict(window, settled_seconds) for window in windows]
    doubts = {
        place: value
        for place, window in enumerate(windows)
        if not window.gate.dry_run and (value := window.gate.p_value(window.tally)) is not None
    }
    for place, refuses in zip(doubts, rejected(tuple(doubts.values()), FALSE_ALARM), strict=True):
        if verdicts[place] is Verdict.UNHEALTHY and not refuses:
            verdicts[place] = Verdict.INCONCLUSIVE
    return verdicts


def _verdict(window: Window, settled_seconds: float | None) -> Verdict:
    gate = window.gate
    baked = settled_seconds is not None and settled_seconds >= window.baked_after
    verdict = gate.assess(window.tally, baked=baked)
    missing = window.successes < gate.consecutive_successes
    return Verdict.INCONCLUSIVE if verdict is Verdict.HEALTHY and missing else verdict


def _assess(window: Window, verdict: Verdict, stamp: str, stage: str) -> Assessment:
    gate, tally = window.gate, window.tally
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
        stage=stage,
        dry_run=gate.dry_run,
        series=Series(gate.measured, *gate.bounds, window.points) if window.points else Series(),
    )
    # At its deadline counts what it has seen: a look that fails then is no reason to take time or a person's word away.
    lacks = verdict is Verdict.INCONCLUSIVE or (verdict is Verdict.ERROR and gate.has_seen(tally))
    pauses = lacks and gate.on_inconclusive is AtDeadline.PAUSE
    return Assessment(measurement, gate.longest_seconds if lacks else gate.deadline_seconds, pauses=pauses)
