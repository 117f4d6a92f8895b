# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measuring with several gates: when each is due, what a failed measuring means, and what is assessed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import (
    Gate,
    Scene,
    Tally,
    TargetObservation,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.decision import (
    Window,
    assess,
    measure,
    open_windows,
    reopen,
)

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World


@dataclass(frozen=True, kw_only=True)
class Fixed(Gate[Tally]):
    """Tally how often it measured; says a verdict that was given."""

    kind: ClassVar[str] = "fixed"
    verdict: Verdict = Verdict.HEALTHY
    errors: list[Exception] = field(default_factory=list)

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
def test_bake_time_counts_from_the_completion(world: World, settled: float | None, baked: bool) -> None:
    measured = assess(opened(world, Fixed(name="fixed")), settled_seconds=settled, stamp="now")[0].measurement
    assert (measured.verdict is Verdict.HEALTHY) is baked


def test_windows_open_anew_at_the_completion_but_healthy_looks_are_kept(world: World, ports: Ports) -> None:
    windows = measure(opened(world, Fixed(name="fixed"), TargetHealthGate()), scene(ports))
    windows = reopen(windows, "later")
    assert samples(windows) == [0, 1]
    measured = [gate.measurement for gate in assess(windows, settled_seconds=1, stamp="end")]
    assert {(measurement.started_at, measurement.finished_at) for measurement in measured} == {("later", "end")}
