# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate on a metric: its limits, and that what is missing never passes."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.metric import MetricGate, MetricTally
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.problems import gate_problems
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.gates.measuring import measured, read, scene

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports

    from tests.unit.plugins.module_utils._rollout.fakes import World

GATE = MetricGate(name="m", metric="Errors", maximum=5.0, minimum_periods=2)
BLUE = "targetgroup/blue/1"


def seen(*values: float | None, gate: MetricGate = GATE) -> MetricTally:
    tally = MetricTally()
    for value in values:
        tally = tally.see(value, passed=value is not None and gate._is_within(value))
    return tally


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((), Verdict.INCONCLUSIVE),
        ((1,), Verdict.INCONCLUSIVE),
        ((1, 5), Verdict.HEALTHY),
        ((1, 5.1), Verdict.UNHEALTHY),
        ((1, 2, None), Verdict.INCONCLUSIVE),
        ((1, None, 2), Verdict.HEALTHY),
        ((None, None, None), Verdict.INCONCLUSIVE),
        ((nan, nan, nan), Verdict.INCONCLUSIVE),
        ((inf, inf), Verdict.INCONCLUSIVE),
        ((-inf, 1, 1, nan), Verdict.INCONCLUSIVE),
    ],
)
def test_verdict_of_periods(values: tuple[float | None, ...], verdict: Verdict) -> None:
    assert GATE.assess(seen(*values), baked=True) is verdict
    assert GATE.assess(seen(*values), baked=False) is not Verdict.HEALTHY


@given(st.lists(st.none() | st.floats(), max_size=12), st.booleans())
def test_nothing_passes_without_enough_periods_within_the_limit(values: list[float | None], baked: bool) -> None:
    if GATE.assess(seen(*values), baked=baked) is Verdict.HEALTHY:
        assert baked
        assert values[-1] is not None
        assert sum(value is not None and value <= 5 for value in values) >= 2


def test_whole_periods_are_read_once_and_only_when_they_are_old_enough(world: World, ports: Ports) -> None:
    asked = []
    world.metrics[("Errors", BLUE)] = lambda at: asked.append(at) or 1.0  # type: ignore[func-returns-value]
    began = world.now()
    gate = read("metric", metric="Errors", maximum=5, lag_seconds=90)
    tally = measured(gate, world, ports, times=16, every=30.0)
    assert asked == sorted(set(asked))
    assert asked[0] >= began
    assert (asked[-1] - world.now()).total_seconds() <= -60 - 90
    assert tally.samples == len(asked) == 6
    assert gate.assess(tally, baked=True) is Verdict.HEALTHY


def test_errors_per_request_take_no_errors_for_none_only_where_there_were_requests(world: World, ports: Ports) -> None:
    gate = read("metric", metric="Errors", per_metric="Requests", maximum=0.1, lag_seconds=0)
    world.metrics[("Requests", BLUE)] = lambda _at: 100.0
    assert measured(gate, world, ports, times=5).samples == 4
    world.metrics[("Errors", BLUE)] = lambda _at: 11.0
    assert gate.assess(measured(gate, world, ports, times=5), baked=False) is Verdict.UNHEALTHY
    for requests in (None, 0.0, nan, -1.0):
        world.metrics[("Requests", BLUE)] = lambda _at, requests=requests: requests
        tally = measured(gate, world, ports, times=5)
        assert (tally.samples, tally.missing) == (0, 4)


def test_metric_that_is_not_there_or_may_not_be_read_never_passes(world: World, ports: Ports) -> None:
    gate = read("metric", metric="Misspelt", maximum=5, lag_seconds=0)
    tally = measured(gate, world, ports, times=9)
    assert gate.assess(tally, baked=True) is Verdict.INCONCLUSIVE
    assert gate.seen(tally).endswith(
        "0 of 0 periods beyond the limits, the latest none; no data for the last 8 periods"
    )
    world.forbidden = True
    with pytest.raises(OperationError, match="may not"):
        gate.measure(tally, scene(ports))


def test_group_that_is_not_known_is_an_error(world: World, ports: Ports) -> None:
    gate = read("metric", metric="Errors", maximum=5, lag_seconds=0)
    tally = gate.measure(gate.begin(), scene(ports, target_group_arn=""))
    world.sleep(120)
    with pytest.raises(OperationError, match="target group whose Errors is to be read is not known"):
        gate.measure(tally, scene(ports, target_group_arn=""))


def test_words_say_the_limits() -> None:
    gate = MetricGate(name="m", metric="E", per_metric="R", minimum=1.0, maximum=2.0)
    assert gate.expected() == "E per R at least 1 and at most 2 in 3 periods of 60 s"
    assert gate.seen(seen(1.5, 3.0, gate=gate)) == "E per R: 1 of 2 periods beyond the limits, the latest 3"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "metric and namespace must not be empty"),
        ({"metric": "E"}, "neither minimum nor maximum"),
        ({"metric": "E", "minimum": 2, "maximum": 1}, "minimum 2 is above maximum 1"),
        ({"metric": "E", "maximum": nan}, "must be numbers that end"),
        ({"metric": "E", "maximum": inf}, "must be numbers that end"),
        ({"metric": "E", "maximum": 1, "period_seconds": 0}, "period_seconds is"),
        ({"metric": "E", "maximum": 1, "period_seconds": 90}, "period_seconds is"),
        ({"metric": "E", "maximum": 1, "period_seconds": -60}, "period_seconds is"),
        ({"metric": "E", "maximum": 1, "lag_seconds": -1}, "lag_seconds must be"),
        ({"metric": "E", "maximum": 1, "lag_seconds": nan}, "lag_seconds must be"),
        ({"metric": "E", "maximum": 1, "minimum_periods": 0}, "minimum_periods must be"),
        ({"metric": "E", "maximum": 1, "maximum_bad_periods": 3}, "maximum_bad_periods must be"),
        ({"metric": "E", "maximum": 1, "maximum_bad_periods": -1}, "maximum_bad_periods must be"),
        ({"metric": "E", "maximum": 1, "per_metric": "R", "statistic": "p99"}, "only sums can be divided"),
        ({"metric": "E", "maximum": 1, "statistic": " "}, "statistic is empty"),
        ({"metric": "E", "maximum": 1, "deadline_seconds": 300}, "is below the 360 s that 3 whole periods of"),
        ({"metric": "E", "maximum": 1, "stages": ["before_traffic"]}, "has nothing to judge"),
    ],
)
def test_options_that_contradict_are_problems(options: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in gate_problems(read("metric", **options), 5.0))


def test_usual_options_are_no_problem() -> None:
    gate = read("metric", metric="TargetResponseTime", statistic="p99", maximum=0.5)
    assert gate_problems(gate, 5.0) == []
    assert gate.deadline_seconds == 420
    other = read("metric", metric="Depth", namespace="Mine", dimensions={"Queue": 7}, minimum=0, period_seconds=10)
    assert gate_problems(other, 5.0) == []


def test_dimension_that_is_no_text_is_refused() -> None:
    with pytest.raises(RequestError, match=r"dimensions\.Queue"):
        read("metric", metric="Depth", namespace="Mine", dimensions={"Queue": None}, maximum=1)


def test_metric_without_dimensions_is_one_of_another_namespace(world: World, ports: Ports) -> None:
    gate = read("metric", metric="Waiting", maximum=1, namespace="Mine")
    assert gate_problems(gate, 5.0) == []
    assert not gate.needs_load_balancer
    assert gate.dimensions_of("") == ()
    assert read("metric", metric="Waiting", maximum=1).needs_load_balancer
