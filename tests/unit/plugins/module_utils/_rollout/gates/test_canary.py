# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate that compares a canary with the running version over the same minutes."""

from __future__ import annotations

from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.canary import CanaryGate
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.problems import problems_of

from tests.unit.plugins.module_utils._rollout.case import deploy, make_request, newest
from tests.unit.plugins.module_utils._rollout.fakes import GROUP_ARN, LISTENER_ARN
from tests.unit.plugins.module_utils._rollout.gates.measuring import measured, read, scene
from tests.unit.plugins.module_utils._rollout.shifting import GREEN_ARN, ShiftingWorld, by

if TYPE_CHECKING:
    from tests.unit.plugins.module_utils._rollout.fakes import World

BLUE, GREEN = "targetgroup/blue/1", "targetgroup/green/1"
GATE = read("canary", lag_seconds=0)


def publish(world: World, *, ours: tuple[Any, Any], base: tuple[Any, Any]) -> None:
    """What is published each minute: requests and errors of both sides, None for nothing."""
    for group, (requests, errors) in ((BLUE, ours), (GREEN, base)):
        world.metrics[("RequestCount", group)] = lambda _at, value=requests: value
        world.metrics[("HTTPCode_Target_5XX_Count", group)] = lambda _at, value=errors: value
        good = requests - (errors or 0) if requests and isfinite(requests) else None
        world.metrics[("HTTPCode_Target_2XX_Count", group)] = lambda _at, value=good: value


@pytest.mark.parametrize(
    ("ours", "base", "verdict"),
    [
        ((300, None), (2700, None), Verdict.HEALTHY),
        ((300, 3), (2700, 27), Verdict.HEALTHY),
        ((300, 30), (2700, 27), Verdict.UNHEALTHY),
        ((300, 300), (2700, 2700), Verdict.HEALTHY),
        ((3, None), (2700, 27), Verdict.INCONCLUSIVE),
        ((300, 8), (2700, 27), Verdict.INCONCLUSIVE),
        ((None, None), (2700, 27), Verdict.INCONCLUSIVE),
        ((300, None), (None, None), Verdict.INCONCLUSIVE),
        ((300, 300), (None, None), Verdict.INCONCLUSIVE),
        ((0, None), (0, None), Verdict.INCONCLUSIVE),
        ((nan, None), (2700, 27), Verdict.INCONCLUSIVE),
        ((300, nan), (2700, 27), Verdict.INCONCLUSIVE),
        ((300, None), (2700, nan), Verdict.INCONCLUSIVE),
        ((300, -1), (2700, 27), Verdict.INCONCLUSIVE),
        ((inf, None), (2700, 27), Verdict.INCONCLUSIVE),
    ],
)
def test_what_metrics_come_to(
    world: World, ports: Ports, ours: tuple[Any, Any], base: tuple[Any, Any], verdict: Verdict
) -> None:
    publish(world, ours=ours, base=base)
    tally = measured(GATE, world, ports, times=6)
    assert GATE.assess(tally, baked=True) is verdict
    assert GATE.assess(tally, baked=False) is not Verdict.HEALTHY


def test_before_the_first_period_nothing_is_known(world: World, ports: Ports) -> None:
    tally = measured(GATE, world, ports, times=1)
    assert (GATE.assess(tally, baked=True), GATE.p_value(tally)) == (Verdict.INCONCLUSIVE, 1.0)
    assert GATE.seen(tally) == "no period compared yet"


def test_running_version_that_is_not_known_is_an_error(world: World, ports: Ports) -> None:
    tally = GATE.measure(GATE.begin(), scene(ports))
    world.sleep(120)
    with pytest.raises(OperationError, match="not known"):
        GATE.measure(tally, scene(ports, baseline_target_group_arn=""))


def test_words_say_both_sides_and_chance(world: World, ports: Ports) -> None:
    publish(world, ours=(300, 30), base=(2700, 27))
    tally = measured(GATE, world, ports, times=3)
    assert GATE.seen(tally).startswith(
        "the release failed 60 of 600 requests, the running version 54 of 5400 over the same minutes (at most "
    )
    assert (tally.samples, tally.failures) == (600, 60)
    assert GATE.expected().endswith("over at least 300 requests of each")


def test_level_of_a_gate_of_its_own_is_weighed(world: World, ports: Ports) -> None:
    publish(world, ours=(300, 30), base=(2700, 27))
    strict, loose = read("canary", lag_seconds=0), read("canary", lag_seconds=0, false_alarm=0.1)
    tally = measured(strict, world, ports, times=2)
    assert loose.p_value(tally) == pytest.approx(strict.p_value(tally) / 10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"maximum_increase": 0}, "maximum_increase must be above 0"),
        ({"maximum_increase": -0.1}, "maximum_increase must be above 0"),
        ({"maximum_increase": nan}, "maximum_increase must be above 0"),
        ({"maximum_increase": 0.9}, "maximum_increase must be above 0"),
        ({"false_alarm": 0}, "false_alarm must be above 0"),
        ({"false_alarm": 1}, "false_alarm must be above 0"),
        ({"false_alarm": nan}, "false_alarm must be above 0"),
        ({"dimensions": {"a": "b"}}, "write both or neither"),
        ({"baseline_dimensions": {"a": "b"}}, "write both or neither"),
        ({"dimensions": {"a": "b"}, "baseline_dimensions": {"a": "b"}}, "compared with itself"),
        (
            {"namespace": "Mine", "dimensions": {"a": "b"}, "baseline_dimensions": {"a": "c"}},
            "must be named in a namespace other than",
        ),
        ({"deadline_seconds": 100}, "is below the 240 s that 1 whole period of"),
        ({"stages": ["after_traffic"]}, "has nothing to judge"),
    ],
)
def test_options_that_contradict_are_problems(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read("canary", **options), 5.0))


def test_usual_options_are_no_problem_and_a_strategy_without_a_baseline_refuses_them() -> None:
    gate = read("canary")
    assert isinstance(gate, CanaryGate)
    assert gate_problems(gate, 5.0) == []
    (problem,) = problems_of(make_request("x", gates=(*make_request("x").gates, gate)))
    assert problem.startswith(
        "gate canary: stages names each_step, and strategy ROLLING asks gates only at after_traffic"
    )


SHIFTED = by("CANARY", bake_minutes=1, canary_percent=20.0, canary_bake_minutes=1)
STEP = CanaryGate(
    name="canary",
    period_seconds=10,
    lag_seconds=0.0,
    bake_seconds=30.0,
    deadline_seconds=120.0,
    maximum_increase=0.05,
    listener_arn=LISTENER_ARN,
)


def shifting_release(errors: int, broken: int = 0) -> ShiftingWorld:
    """A second release beside the first. Of 100 requests in 10 s *errors* fail, and *broken* are not answered."""
    world = ShiftingWorld()
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    gates = (*make_request("x").gates, STEP)
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", **SHIFTED)
    rule = world.rules[LISTENER_ARN, 100]
    (old,) = [group for group, weight in rule.weights.items() if weight]
    for arn in (GROUP_ARN, GREEN_ARN):
        group = arn.rpartition(":")[2]
        world.metrics[("RequestCount", group)] = lambda _at: 100.0
        bad, good = (errors, 100 - errors - broken) if arn != old else (1, 99)
        world.metrics[("HTTPCode_Target_5XX_Count", group)] = lambda _at, value=bad: float(value)
        world.metrics[("HTTPCode_Target_2XX_Count", group)] = lambda _at, value=good: float(value)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0", gates=gates, **SHIFTED)
    return world


def test_release_is_compared_with_the_group_of_the_running_version() -> None:
    world = shifting_release(errors=1)
    (measured,) = [each for each in newest(world).gates if each.gate == "canary"]
    assert (measured.verdict, measured.stage) == (Verdict.HEALTHY, "each_step")
    assert measured.samples >= 100


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "ROLLING"])
def test_strategy_without_steps_refuses_it(strategy: str) -> None:
    request = make_request("x", gates=(*make_request("x").gates, STEP), **by(strategy))
    assert any(f"strategy {strategy} asks gates only at after_traffic" in problem for problem in problems_of(request))


def test_release_that_fails_more_of_its_share_is_rolled_back() -> None:
    with pytest.raises(
        RolledBackError, match=r"gate canary is UNHEALTHY\. Seen: the release failed \d+ of \d+ requests"
    ):
        shifting_release(errors=40)


def test_release_whose_connections_break_is_rolled_back_by_what_its_users_get() -> None:
    # Of these the targets count no answer, and the load balancer none of this group.
    said = r"the release failed \d+ of \d+ requests, \d+ of which no task answered, the running version"
    with pytest.raises(RolledBackError, match=said):
        shifting_release(errors=1, broken=40)
