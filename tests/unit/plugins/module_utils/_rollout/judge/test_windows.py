# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measuring with several gates: when each is due, what a failed measuring means, and what is assessed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._common.workers import AsideThreads, Threads
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import (
    Gate,
    Scene,
    Tally,
    TargetObservation,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.settings import AtDeadline
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.windows import (
    Aside,
    Window,
    assess,
    measure,
    move_on,
    open_windows,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@dataclass(frozen=True, kw_only=True)
class Fixed(Gate[Tally]):
    """Tally how often it measured; says a verdict that was given."""

    kind: ClassVar[str] = "fixed"
    verdict: Verdict = Verdict.HEALTHY
    errors: list[Exception] = field(default_factory=list)

    needs_traffic: ClassVar[bool] = True

    def measure(self, tally: Tally, scene: Scene) -> Tally:
        if self.errors:
            raise self.errors.pop()
        return tally.add(passed=True)

    def assess(self, tally: Tally, *, baked: bool) -> Verdict:
        return self.verdict if baked else Verdict.INCONCLUSIVE

    def seen(self, tally: Tally) -> str:
        return f"{tally.samples} times"

    def expected(self) -> str:
        return "anything"


def scene(ports: Ports, **other: Any) -> Scene:
    return replace(Scene(ports, "v2", TargetObservation(), fresh=True, reachable=True), **other)


def opened(world: World, *gates: Gate[Any]) -> tuple[Window, ...]:
    return open_windows(gates, now=world.monotonic(), stamp="then")


def samples(windows: tuple[Window, ...]) -> list[int]:
    return [window.tally.samples for window in windows]


def test_gate_with_an_interval_measures_when_that_is_over_and_others_with_every_look(
    world: World, ports: Ports
) -> None:
    windows = opened(world, Fixed(name="often", interval_seconds=2.0), Fixed(name="looks"))
    windows = measure(windows, scene(ports, fresh=False, reachable=False))
    assert samples(windows) == [0, 0]
    windows = measure(windows, scene(ports, fresh=False))
    assert samples(windows) == [1, 0]
    world.sleep(1.5)
    windows = measure(windows, scene(ports))
    assert samples(windows) == [1, 1]
    world.sleep(0.5)
    windows = measure(windows, scene(ports))
    assert samples(windows) == [2, 2]


@pytest.mark.parametrize("error", [UnavailableError("no network"), OperationError("denied")])
def test_failed_measuring_is_an_error_until_one_succeeds(world: World, ports: Ports, error: Exception) -> None:
    windows = measure(opened(world, Fixed(name="fixed", errors=[error])), scene(ports))
    measured = assess(windows, settled_seconds=100.0, stamp="now")[0].measurement
    assert (measured.verdict, measured.seen) == (Verdict.ERROR, f"0 times, the last look failed: {error}")
    windows = measure(windows, scene(ports))
    measured = assess(windows, settled_seconds=100.0, stamp="now")[0].measurement
    assert (measured.verdict, measured.seen) == (Verdict.HEALTHY, "1 times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Late(Fixed):
    """Measures as often as it should have; each measuring takes a world that long."""

    catching: bool = True
    takes: float = 0.0

    @property
    def catches_up(self) -> bool:
        return self.catching

    def measure(self, tally: Tally, scene: Scene) -> Tally:
        scene.ports.clock.sleep(self.takes)  # type: ignore[attr-defined]
        return tally.add(passed=True)


@pytest.mark.parametrize(
    ("seconds", "catching", "measured"),
    [
        # Every tenth of a second, and now.
        ((0.55, 0.0), True, 6),
        ((0.55, 0.0), False, 1),
        # What nothing could measure for long is not made up for.
        ((10.0, 0.0), True, 1),
        # Others do not wait for more than half a second.
        ((2.95, 0.2), True, 3),
    ],
)
def test_what_is_late_catches_up_for_a_while(
    world: World, ports: Ports, seconds: tuple[float, float], *, catching: bool, measured: int
) -> None:
    late, takes = seconds
    windows = opened(world, Late(name="often", interval_seconds=0.1, takes=takes, catching=catching))
    world.sleep(late)
    assert samples(measure(windows, scene(ports))) == [measured]


@pytest.mark.parametrize(("judged_after", "measured"), [(None, 3), (0.0, 1), (0.3, 2), (9.0, 3)])
def test_nobody_catches_up_when_it_is_time_to_judge(
    world: World, ports: Ports, judged_after: float | None, measured: int
) -> None:
    windows = opened(world, Late(name="often", interval_seconds=0.1, takes=0.2))
    world.sleep(2.95)
    judged_at = None if judged_after is None else world.monotonic() + judged_after
    assert samples(measure(windows, scene(ports), judged_at=judged_at)) == [measured]


def test_failed_measuring_does_not_hide_that_the_release_is_unhealthy(world: World, ports: Ports) -> None:
    gate = Fixed(name="fixed", verdict=Verdict.UNHEALTHY, errors=[OperationError("denied")])
    windows = measure(opened(world, gate), scene(ports))
    assert assess(windows, settled_seconds=100.0, stamp="now")[0].measurement.verdict is Verdict.UNHEALTHY


def test_failed_look_breaks_the_row_of_target_health(world: World, ports: Ports) -> None:
    gate = TargetHealthGate(consecutive_successes=2)
    whole = scene(ports, targets=TargetObservation(2, 2, 2))
    windows = measure(measure(opened(world, gate), whole), replace(whole, problem="denied"))
    measured = assess(measure(windows, whole), settled_seconds=100.0, stamp="now")[0].measurement
    assert (measured.verdict, measured.samples) == (Verdict.INCONCLUSIVE, 2)
    assert assess(windows, settled_seconds=100.0, stamp="now")[0].measurement.verdict is Verdict.ERROR


@pytest.mark.parametrize(("settled", "baked"), [(None, False), (29.9, False), (30.0, True)])
def test_bake_time_counts_from_the_completion(world: World, ports: Ports, settled: float | None, baked: bool) -> None:
    windows = measure(opened(world, Fixed(name="fixed")), scene(ports))
    measured = assess(windows, settled_seconds=settled, stamp="now")[0].measurement
    assert (measured.verdict is Verdict.HEALTHY) is baked


def test_windows_open_anew_at_the_completion_but_healthy_looks_are_kept(world: World, ports: Ports) -> None:
    windows = measure(opened(world, Fixed(name="fixed"), TargetHealthGate()), scene(ports))
    windows = move_on(windows, tuple(window.gate for window in windows), now=world.monotonic(), stamp="later")
    assert samples(windows) == [0, 1]
    measured = [gate.measurement for gate in assess(windows, settled_seconds=1, stamp="end")]
    assert {(measurement.started_at, measurement.finished_at) for measurement in measured} == {("later", "end")}


def test_nothing_measured_never_passes(world: World) -> None:
    measured = assess(opened(world, Fixed(name="fixed")), settled_seconds=1e6, stamp="now")[0].measurement
    assert (measured.verdict, measured.samples) == (Verdict.INCONCLUSIVE, 0)


def after(world: World, ports: Ports, gate: Gate[Any], looks: int) -> Verdict:
    """The verdict after so many looks, long after the bake time."""
    windows = opened(world, gate)
    for _look in range(looks):
        windows = measure(windows, scene(ports))
    return assess(windows, settled_seconds=1e6, stamp="now")[0].measurement.verdict


@pytest.mark.parametrize(("looks", "verdict"), [(2, Verdict.INCONCLUSIVE), (3, Verdict.HEALTHY), (4, Verdict.HEALTHY)])
def test_gate_passes_after_so_many_successes_in_a_row(world: World, ports: Ports, looks: int, verdict: Verdict) -> None:
    assert after(world, ports, Fixed(name="fixed", consecutive_successes=3), looks) is verdict


def test_failed_measuring_breaks_the_row_of_any_gate(world: World, ports: Ports) -> None:
    gate = Fixed(name="fixed", consecutive_successes=2)
    windows = measure(opened(world, gate), scene(ports))
    gate.errors.append(OperationError("denied"))
    windows = measure(measure(windows, scene(ports)), scene(ports))
    assert [window.successes for window in windows] == [1]


def test_gate_waits_for_its_delay_when_it_opens_and_when_it_opens_again(world: World, ports: Ports) -> None:
    gate = Fixed(name="fixed", initial_delay_seconds=5.0, interval_seconds=1.0, bake_seconds=10.0)
    windows = measure(opened(world, gate), scene(ports))
    assert samples(windows) == [0]
    world.sleep(5.0)
    windows = measure(windows, scene(ports))
    assert samples(windows) == [1]
    windows = measure(
        move_on(windows, tuple(window.gate for window in windows), now=world.monotonic(), stamp="later"), scene(ports)
    )
    assert samples(windows) == [0]
    world.sleep(5.0)
    windows = measure(windows, scene(ports))
    verdicts = [assess(windows, settled_seconds=at, stamp="now")[0].measurement.verdict for at in (14.9, 15.0)]
    assert verdicts == [Verdict.INCONCLUSIVE, Verdict.HEALTHY]


def test_what_watches_measures_no_look_twice_however_short_its_interval(world: World, ports: Ports) -> None:
    windows = opened(world, TargetHealthGate(interval_seconds=10.0), TargetHealthGate(interval_seconds=0.1))
    for fresh in (True, False, True):
        windows = measure(windows, scene(ports, fresh=fresh))
        world.sleep(1.0)
    assert samples(windows) == [1, 2]


def test_what_is_assessed_at_a_stage_says_so(world: World) -> None:
    windows = opened(world, Fixed(name="fixed", dry_run=True))
    measured = assess(windows, settled_seconds=0.0, stamp="now", stage=Stage.EACH_STEP)[0].measurement
    assert (measured.stage, measured.dry_run) == ("each_step", True)


@pytest.mark.parametrize(
    ("at_deadline", "verdict", "made"),
    [
        (AtDeadline.ROLLBACK, Verdict.INCONCLUSIVE, (60.0, False)),
        (AtDeadline.EXTEND, Verdict.INCONCLUSIVE, (120.0, False)),
        (AtDeadline.EXTEND, Verdict.UNHEALTHY, (60.0, False)),
        (AtDeadline.PAUSE, Verdict.INCONCLUSIVE, (60.0, True)),
        (AtDeadline.PAUSE, Verdict.UNHEALTHY, (60.0, False)),
    ],
)
def test_only_what_is_inconclusive_is_given_time_or_holds(
    world: World, ports: Ports, at_deadline: AtDeadline, verdict: Verdict, made: tuple[float, bool]
) -> None:
    gate = Fixed(name="fixed", verdict=verdict, on_inconclusive=at_deadline, deadline_seconds=60.0)
    windows = measure(opened(world, gate), scene(ports))
    assessed = assess(windows, settled_seconds=100.0, stamp="now")[0]
    assert (assessed.deadline_seconds, assessed.pauses) == made


def test_gate_that_could_not_measure_is_given_no_more_time(world: World, ports: Ports) -> None:
    for at_deadline in AtDeadline:
        gate = Fixed(name="fixed", errors=[OperationError("denied")], on_inconclusive=at_deadline)
        assessed = assess(measure(opened(world, gate), scene(ports)), settled_seconds=500.0, stamp="now")[0]
        assert (assessed.measurement.verdict, assessed.deadline_seconds, assessed.pauses) == (Verdict.ERROR, 120, False)


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.HEALTHY])
@pytest.mark.parametrize(
    ("at_deadline", "made"),
    [(AtDeadline.EXTEND, (120.0, False)), (AtDeadline.ROLLBACK, (60.0, False)), (AtDeadline.PAUSE, (60.0, True))],
)
def test_one_look_that_fails_takes_nothing_from_a_gate_that_has_measured(
    world: World, ports: Ports, at_deadline: AtDeadline, made: tuple[float, bool], verdict: Verdict
) -> None:
    gate = Fixed(name="fixed", verdict=verdict, on_inconclusive=at_deadline, deadline_seconds=60.0)
    windows = measure(opened(world, gate), scene(ports))
    failed = tuple(replace(window, problem="Throttling") for window in windows)
    assessed = assess(failed, settled_seconds=100.0, stamp="now")[0]
    assert assessed.measurement.verdict is Verdict.ERROR
    assert (assessed.deadline_seconds, assessed.pauses) == made


@pytest.mark.parametrize(("answers", "pauses"), [(5, True), (0, False)])
def test_request_that_could_not_be_sent_at_the_deadline_holds_as_the_answers_before_it_do(
    world: World, ports: Ports, answers: int, pauses: bool
) -> None:
    gate = HttpGate(
        name="http",
        url="http://x.example/",
        minimum_samples=20,
        on_inconclusive=AtDeadline.PAUSE,
        deadline_seconds=60.0,
    )
    (window,) = opened(world, gate)
    tally = window.tally
    for _answer in range(answers):
        tally = tally.answered("200", passed=True)
    late = (replace(window, tally=tally.not_sent("no route")),)
    assessed = assess(late, settled_seconds=100.0, stamp="now")[0]
    assert (assessed.measurement.verdict, assessed.pauses) == (Verdict.ERROR, pauses)


@dataclass(frozen=True, kw_only=True)
class Doubting(Fixed):
    """Refuses by evidence of a given strength."""

    doubt: float = 1.0

    def p_value(self, _tally: Tally) -> float:
        return self.doubt


def settled(world: World, *gates: Gate[Any]) -> list[Verdict]:
    return [each.measurement.verdict for each in assess(opened(world, *gates), settled_seconds=100.0, stamp="now")]


def test_of_several_gates_each_needs_more_evidence(world: World) -> None:
    doubtful = Doubting(name="a", verdict=Verdict.UNHEALTHY, doubt=0.008)
    alone, other = settled(world, doubtful), Doubting(name="b", doubt=0.5)
    assert alone == [Verdict.UNHEALTHY]
    assert settled(world, doubtful, other)[0] is Verdict.INCONCLUSIVE
    assert settled(world, doubtful, replace(other, dry_run=True))[0] is Verdict.UNHEALTHY
    assert settled(world, doubtful, Fixed(name="c"))[0] is Verdict.UNHEALTHY
    sure = replace(doubtful, name="b", doubt=0.004)
    assert settled(world, doubtful, sure) == [Verdict.UNHEALTHY, Verdict.UNHEALTHY]


@dataclass(frozen=True, kw_only=True)
class Meeting(Fixed):
    """Gets its answer once the others have asked, too."""

    only_asks: ClassVar[bool] = True
    meeting: threading.Barrier

    def measure(self, tally: Tally, scene: Scene) -> Tally:
        self.meeting.wait(300)
        return super().measure(tally, scene)


def test_a_gate_that_only_asks_waits_for_no_other_s_answer(world: World, ports: Ports) -> None:
    meeting = threading.Barrier(3)
    asking = tuple(Meeting(name=name, meeting=meeting) for name in "abc")
    gates = (asking[0], Fixed(name="alone"), *asking[1:])
    at_once = replace(ports, workers=Threads(8))
    scene = Scene(at_once, "1.0.0", TargetObservation(), fresh=True, reachable=True)
    windows = measure(open_windows(gates, now=world.monotonic(), stamp="then"), scene)
    assert [(window.gate.name, window.tally.samples) for window in windows] == [
        ("a", 1),
        ("alone", 1),
        ("b", 1),
        ("c", 1),
    ]


@dataclass(frozen=True, kw_only=True)
class Slow(Fixed):
    """Measures only when it is let go."""

    kind: ClassVar[str] = "slow"
    aside: ClassVar[bool] = True
    let_go: threading.Event

    def measure(self, tally: Tally, scene: Scene) -> Tally:
        assert self.let_go.wait(300)
        return super().measure(tally, scene)


def test_what_may_take_minutes_holds_nobody_up(world: World, ports: Ports) -> None:
    slow, aside = Slow(name="slow", let_go=threading.Event()), Aside()
    looked = scene(replace(ports, aside=AsideThreads()))
    windows = opened(world, slow, Fixed(name="quick"))
    for _turn in range(3):
        windows = measure(windows, looked, aside)
    assert samples(windows) == [0, 3]
    assert [aside.is_awaited(window) for window in windows] == [True, False]
    slow.let_go.set()
    while not windows[0].tally.samples:
        windows = measure(windows, looked, aside)
    assert (windows[0].successes, aside.is_awaited(windows[1])) == (1, False)


def test_what_rests_begins_nothing_and_is_told_of_what_it_began_before(world: World, ports: Ports) -> None:
    slow, aside = Slow(name="slow", let_go=threading.Event()), Aside()
    slow.let_go.set()
    aside.rests = True
    windows = measure(opened(world, slow), scene(ports), aside)
    assert (samples(windows), aside.is_awaited(windows[0])) == ([0], False)
    aside.rests = False
    assert samples(measure(windows, scene(ports), aside)) == [1]


def test_what_is_forgotten_is_measured_anew(world: World, ports: Ports) -> None:
    slow, aside = Slow(name="slow", let_go=threading.Event()), Aside()
    looked = scene(replace(ports, aside=AsideThreads()))
    measure(opened(world, slow), looked, aside)
    aside.forget()
    assert not aside.is_awaited(opened(world, slow)[0])
    slow.let_go.set()
    windows = opened(world, slow)
    while not windows[0].tally.samples:
        windows = measure(windows, looked, aside)
    assert samples(windows) == [1]


def test_what_another_window_began_is_no_evidence_of_this_one(world: World, ports: Ports) -> None:
    slow, aside = Slow(name="slow", let_go=threading.Event()), Aside()
    looked = scene(replace(ports, aside=AsideThreads()))
    measure(opened(world, slow), looked, aside)
    world.sleep(5)
    later = opened(world, slow)
    slow.let_go.set()
    while aside.is_awaited(later[0]):
        assert aside.measured(later[0], looked) == later[0]
