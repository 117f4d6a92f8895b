# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory that grows towards its limit is refused before it is full; without data nothing passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Release
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.memory import MemoryCourse
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import TargetObservation

from tests.unit.plugins.module_utils._rollout.gates.measuring import read, scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import Scene
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.task_stability import StabilityTally
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

RECORD = Release("inference", "1", "1.1.0", "i", "d", "c", "CANARY", "deploy", "arn:new", "t", "me")
MEMORY = ("MemoryUtilization", "")
GATE = read("task_stability", memory_horizon_minutes=60)


def look(ports: Ports) -> Scene:
    return scene(ports, targets=TargetObservation(2, 2, 2), release=RECORD, cluster="arn:aws:ecs:r:1:cluster/prod")


def watched(world: World, ports: Ports, percent: Callable[[float], float | None], minutes: int = 12) -> StabilityTally:
    """The tally after so many minutes in which the fullest task used so many *percent*, by the minute."""
    began = world.now()
    world.metrics[MEMORY] = lambda at: percent(_minutes(at, began))
    tally = GATE.begin()
    for _minute in range(minutes):
        tally = GATE.measure(tally, look(ports))
        world.sleep(60.0)
    assert isinstance(tally.memory, MemoryCourse)
    return tally  # type: ignore[no-any-return]


def _minutes(at: datetime, began: datetime) -> float:
    return (at - began).total_seconds() / 60


@pytest.mark.parametrize(
    ("percent", "verdict"),
    [
        (lambda _minute: 40.0, Verdict.HEALTHY),
        (lambda minute: 40.0 + 5 * (minute % 2), Verdict.HEALTHY),
        (lambda minute: 40.0 + min(minute, 3), Verdict.HEALTHY),
        (lambda minute: 40.0 + 0.1 * minute, Verdict.HEALTHY),
        (lambda minute: 80.0 - minute, Verdict.HEALTHY),
        (lambda minute: 40.0 + 2 * minute, Verdict.UNHEALTHY),
        (lambda _minute: None, Verdict.INCONCLUSIVE),
        (lambda _minute: float("nan"), Verdict.INCONCLUSIVE),
        (lambda minute: 40.0 if minute < 8 else None, Verdict.INCONCLUSIVE),
    ],
)
def test_verdict_of_a_course(
    world: World, ports: Ports, percent: Callable[[float], float | None], verdict: Verdict
) -> None:
    assert GATE.assess(watched(world, ports, percent), baked=True) is verdict


def test_a_trend_is_refused_as_soon_as_it_shows_and_told_with_its_pace(world: World, ports: Ports) -> None:
    tally = watched(world, ports, lambda minute: 40.0 + 2 * minute)
    assert GATE.assess(tally, baked=False) is Verdict.UNHEALTHY
    assert "of its memory in" in GATE.seen(tally)
    assert "full in" in GATE.seen(tally)
    early = watched(world, ports, lambda minute: 40.0 + 2 * minute, minutes=6)
    assert GATE.assess(early, baked=True) is Verdict.INCONCLUSIVE


def test_nothing_read_says_where_it_is_read(world: World, ports: Ports) -> None:
    assert "no data of its memory (AWS/ECS MemoryUtilization) yet" in GATE.seen(watched(world, ports, lambda _at: None))


def test_what_cannot_be_read_is_an_error_and_hides_no_crash(world: World, ports: Ports) -> None:
    tally = GATE.measure(GATE.begin(), look(ports))
    world.sleep(300.0)
    world.forbidden = True
    with pytest.raises(OperationError, match="may not"):
        GATE.measure(tally, look(ports))
    world.forbidden = False
    with pytest.raises(OperationError, match="no record of this release"):
        GATE.measure(tally, scene(ports, targets=TargetObservation(2, 2, 2)))
