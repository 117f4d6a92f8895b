# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A good release that a run accepts is accepted by two, wherever the first of them ends, and whatever the gates ask."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.alarms import AlarmGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http import HttpGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.metric import MetricGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.target_health import TargetHealthGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.task_stability import TaskStabilityGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.results import Result
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.stages import Stage
from hypothesis import HealthCheck, Phase, assume, example, given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.killed import kill_after
from tests.unit.plugins.module_utils._rollout.shifting import ShiftingWorld, by

# Each example is a release or two; one that fails is short enough as it is.
WITHOUT_SHRINKING = examples(
    8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[each for each in Phase if each is not Phase.shrink],
)
STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
# Blue/green moves all users at once.
HELD = [pair for pair in product(STRATEGIES[1:], Stage) if pair != ("BLUE_GREEN", Stage.EACH_STEP)]
OTHERS = {"owner": "next@here:9:cccc"}
BAKES = st.sampled_from([5.0, 20.0, 60.0, 200.0])
# What a gate has beyond its bake time; less than 60 s is as little as can be given.
SPARE = st.sampled_from([10.0, 30.0, 60.0])


def times(bake: float, spare: float, delay: float = 0.0) -> dict[str, Any]:
    return {"bake_seconds": bake, "deadline_seconds": delay + bake + spare, "initial_delay_seconds": delay}


def asks(bake: float, spare: float, delay: float = 0.0) -> HttpGate:
    given = {**times(bake, spare, delay), "minimum_samples": 10, "interval_seconds": 1.0}
    return HttpGate(name="ready", url="http://alb/readyz", **given)


DELAYS = st.sampled_from([0.0, 15.0])
GATE_SETS = st.tuples(
    st.builds(lambda *of: TargetHealthGate(**times(*of)), BAKES, SPARE),
    st.builds(asks, BAKES, SPARE, DELAYS),
    st.builds(lambda *of: TaskStabilityGate(**times(*of)), BAKES, SPARE, DELAYS) | st.none(),
    st.builds(lambda *of: AlarmGate(alarms=("errors",), **times(*of)), BAKES, SPARE, DELAYS) | st.none(),
).map(lambda gates: tuple(filter(None, gates)))
UNEQUAL = (TargetHealthGate(**times(60, 30)), asks(60, 60), TaskStabilityGate(**times(200, 60)))


@cache
def _platform(strategy: str) -> ShiftingWorld:
    world = ShiftingWorld()
    world.alarms = {"errors": "OK"}
    world.push("1.0.0", "a")
    deploy(ports_of(world), "1.0.0", **options(strategy))
    world.push("1.1.0", "b")
    return world


def ports_of(world: ShiftingWorld) -> Ports:
    return Ports(*[world] * 13)  # type: ignore[arg-type]


def options(strategy: str) -> dict[str, Any]:
    own = {"CANARY": {"canary_percent": 20.0}, "LINEAR": {"step_percent": 50.0}}
    return {**by(strategy, **own.get(strategy, {})), "poll_seconds": 5.0}


def begun(strategy: str) -> tuple[ShiftingWorld, Ports]:
    world = deepcopy(_platform(strategy))
    return world, ports_of(world)


def seconds_of(strategy: str, gates: tuple[Any, ...]) -> float:
    """How long the release takes that nobody interrupts."""
    world, ports = begun(strategy)
    began = world.seconds
    deploy(ports, "1.1.0", gates=gates, **options(strategy))
    return world.seconds - began


@given(st.sampled_from(STRATEGIES), GATE_SETS, st.floats(0.05, 0.95))
@example("BLUE_GREEN", UNEQUAL, 0.25)
@example("ROLLING", UNEQUAL, 0.7)
@WITHOUT_SHRINKING
def test_one_that_was_killed_anywhere(strategy: str, gates: tuple[Any, ...], share: float) -> None:
    request = {"gates": gates, **options(strategy)}
    assume(not problems_of(make_request("1.1.0", **request)))
    seconds = seconds_of(strategy, gates) * share
    world, ports = begun(strategy)
    kill_after(world, ports, seconds, version="1.1.0", **request)
    assert deploy(ports, "1.1.0", **OTHERS, **request).result is Result.ACCEPTED
    assert newest(world).outcome is Outcome.SUCCEEDED


@given(st.sampled_from(HELD), GATE_SETS, st.sampled_from([0.0, 300.0]))
@example(("CANARY", Stage.BEFORE_TRAFFIC), UNEQUAL, 0.0)
@example(("CANARY", Stage.EACH_STEP), UNEQUAL, 0.0)
@example(("CANARY", Stage.AFTER_TRAFFIC), UNEQUAL, 0.0)
@WITHOUT_SHRINKING
def test_one_that_was_handed_over(held: tuple[str, Stage], gates: tuple[Any, ...], gap: float) -> None:
    strategy, stage = held
    request = {"gates": gates, **options(strategy)}
    assume(not problems_of(make_request("1.1.0", **request)))
    world, ports = begun(strategy)
    deploy(ports, "1.1.0", wait_until=stage.value, **request)
    world.sleep(gap)
    began = world.seconds
    judged = deploy(ports, "1.1.0", judge_only=True, **OTHERS, **request)
    assert judged.result is Result.ACCEPTED
    if stage is Stage.AFTER_TRAFFIC:
        assert world.seconds - began < 60 + 10, "ECS bakes it for a minute, and its gates were HEALTHY before"


@pytest.mark.parametrize("seconds", [100, 200, 330])
def test_minutes_of_a_metric_that_were_read_count(seconds: float) -> None:
    gate = MetricGate(
        name="errors", metric="Errors", namespace="N", dimensions=(("S", "api"),), maximum=0.0, **times(300, 60)
    )
    request = {"gates": (TargetHealthGate(), gate), **options("ROLLING")}
    world, ports = begun("ROLLING")
    world.metrics["Errors", ""] = lambda _minute: 0.0
    began = world.seconds
    kill_after(world, ports, seconds, version="1.1.0", **request)
    deploy(ports, "1.1.0", **OTHERS, **request)
    read = next(each for each in newest(world).gates if each.gate == gate.name)
    assert read.samples >= (world.seconds - began - 120) // 60 - 2, "minutes before the run was killed are missing"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_one_that_turned_bad_meanwhile_is_refused(strategy: str) -> None:
    request = {"gates": UNEQUAL, **options(strategy)}
    world, ports = begun(strategy)
    kill_after(world, ports, 150, version="1.1.0", **request)
    for task in world.tasks:
        if task.behaviour.tag.startswith("1.1.0"):
            task.behaviour = replace(task.behaviour, status=500)
    with pytest.raises(RolledBackError):
        deploy(ports, "1.1.0", **OTHERS, **request)
