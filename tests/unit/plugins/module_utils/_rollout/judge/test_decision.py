# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do next with a deployment, from what is seen of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Measurement
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.decision import (
    Reading,
    Step,
    decide,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.windows import Assessment
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.service.deployment import DeploymentState
from hypothesis import given
from hypothesis import strategies as st


def gate(verdict: Verdict, name: str = "http", deadline: float = 60.0) -> Assessment:
    return Assessment(Measurement(name, verdict, f"{name} saw", f"{name} expected", 9, 1, "then", "now"), deadline)


def reading(state: DeploymentState, *gates: Assessment, **other: object) -> Reading:
    made = Reading(state, "because", superseded=False, elapsed_seconds=10.0, settled_seconds=None, gates=gates)
    return replace(made, **other)  # type: ignore[arg-type]


H, U, N, E = Verdict.HEALTHY, Verdict.UNHEALTHY, Verdict.INCONCLUSIVE, Verdict.ERROR
GOING, DONE = DeploymentState.IN_PROGRESS, DeploymentState.SUCCESSFUL


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (reading(GOING, gate(N)), Step.WAIT),
        (reading(GOING, gate(H)), Step.WAIT),
        (reading(GOING, gate(U)), Step.ROLL_BACK),
        (reading(GOING, gate(E)), Step.WAIT),
        (reading(GOING, gate(N), elapsed_seconds=300.0), Step.ROLL_BACK),
        (reading(DeploymentState.UNKNOWN, gate(N)), Step.WAIT),
        (reading(DONE, gate(H), gate(H), settled_seconds=5.0), Step.SUCCEED),
        (reading(DONE, gate(H), gate(N), settled_seconds=5.0), Step.WAIT),
        (reading(DONE, gate(H), gate(N), settled_seconds=60.0), Step.ROLL_BACK),
        (reading(DONE, gate(E), settled_seconds=60.0), Step.ROLL_BACK),
        (reading(DONE, gate(U), settled_seconds=1.0), Step.ROLL_BACK),
        (reading(DONE, settled_seconds=1.0), Step.WAIT),
        (reading(DeploymentState.ROLLING_BACK, gate(H)), Step.AWAIT_ROLLBACK),
        (reading(DeploymentState.ROLLED_BACK, gate(H)), Step.AWAIT_ROLLBACK),
        (reading(DeploymentState.ROLLBACK_FAILED, gate(H)), Step.AWAIT_ROLLBACK),
        (reading(DeploymentState.STOPPED, gate(H)), Step.ROLL_BACK),
        (reading(GOING, gate(U), superseded=True), Step.SUPERSEDED),
        (reading(DeploymentState.STOPPED, superseded=True), Step.SUPERSEDED),
    ],
)
def test_next_step(seen: Reading, step: Step) -> None:
    assert decide(seen, timeout_seconds=300.0).step is step


def test_decision_names_the_gate_what_it_saw_and_what_it_expected() -> None:
    decision = decide(reading(GOING, gate(H, "a"), gate(U, "b")), timeout_seconds=300.0)
    assert (decision.gate, decision.verdict, decision.seen, decision.expected) == ("b", U, "b saw", "b expected")
    late = decide(reading(GOING, gate(E, "a"), elapsed_seconds=301.0), timeout_seconds=300.0)
    assert late.verdict is E
    assert "still IN_PROGRESS after 301 s" in late.seen


gates = st.lists(st.builds(gate, st.sampled_from(list(Verdict)), st.text("abc", min_size=1)), max_size=4)


@given(st.sampled_from(list(DeploymentState)), gates, st.floats(0, 100))
def test_nothing_succeeds_without_completion_and_healthy_gates(
    state: DeploymentState, measured: list[Assessment], settled: float
) -> None:
    for since in (None, settled):
        decision = decide(reading(state, *measured, settled_seconds=since), timeout_seconds=300.0)
        if decision.step is Step.SUCCEED:
            assert since is not None
            assert measured
            assert all(gate.measurement.verdict is H for gate in measured)


@pytest.mark.parametrize("state", list(DeploymentState))
@pytest.mark.parametrize("settled", [None, 1.0, 60.0])
def test_decision_carries_the_very_measurements_that_it_rests_on(state: DeploymentState, settled: float | None) -> None:
    measured = (gate(H, "a"), gate(N, "b"))
    decision = decide(reading(state, *measured, settled_seconds=settled), timeout_seconds=300.0)
    assert all(kept is given.measurement for kept, given in zip(decision.measurements, measured, strict=True))


def dry(measured: Assessment) -> Assessment:
    return replace(measured, measurement=replace(measured.measurement, dry_run=True))


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (reading(GOING, dry(gate(U)), gate(N)), Step.WAIT),
        (reading(DONE, dry(gate(U)), gate(H), settled_seconds=5.0), Step.SUCCEED),
        (reading(DONE, dry(gate(N)), gate(H), settled_seconds=5.0), Step.WAIT),
        (reading(DONE, dry(gate(E)), gate(H), settled_seconds=60.0), Step.SUCCEED),
        (reading(DONE, dry(gate(H)), settled_seconds=600.0), Step.WAIT),
        (reading(DONE, dry(gate(N)), gate(N), settled_seconds=60.0), Step.ROLL_BACK),
    ],
)
def test_dry_run_is_waited_for_and_decides_nothing(seen: Reading, step: Step) -> None:
    decision = decide(seen, timeout_seconds=300.0)
    assert decision.step is step
    assert len(decision.measurements) == len(seen.gates)


@pytest.mark.parametrize("state", [GOING, DONE])
@pytest.mark.parametrize("verdict", [N, E])
@pytest.mark.parametrize(
    ("fit", "settled", "late"), [(0, 59, False), (0, 60, True), (200, 259, False), (200, 260, True)]
)
def test_a_gate_that_was_healthy_has_its_time_anew_from_then_on(
    state: DeploymentState, verdict: Verdict, fit: float, settled: float, late: bool
) -> None:
    stale = replace(gate(verdict), fit_seconds=fit)
    decision = decide(reading(state, gate(H, "b"), stale, settled_seconds=settled), timeout_seconds=300.0)
    assert decision.step is (Step.ROLL_BACK if late else Step.WAIT)


def test_gate_that_holds_yields_to_what_rolls_back() -> None:
    holding = replace(gate(N, "a"), pauses=True)
    alone = decide(reading(GOING, holding, gate(H), settled_seconds=60.0, paused=True), timeout_seconds=300.0)
    assert (alone.step, alone.gate, alone.verdict) == (Step.PAUSE, "a", N)
    both = decide(reading(GOING, holding, gate(E, "b"), settled_seconds=60.0, paused=True), timeout_seconds=300.0)
    assert (both.step, both.gate) == (Step.ROLL_BACK, "b")
    early = decide(reading(GOING, holding, settled_seconds=59.0, paused=True), timeout_seconds=300.0)
    assert early.step is Step.WAIT


@pytest.mark.parametrize("verdict", [N, E])
@pytest.mark.parametrize(
    ("state", "where", "step"),
    [
        (GOING, {"paused": True}, Step.PAUSE),
        (GOING, {}, Step.WAIT),
        (GOING, {"baking": True}, Step.ROLL_BACK),
        (DONE, {}, Step.ROLL_BACK),
        (DONE, {"baking": True}, Step.ROLL_BACK),
    ],
)
def test_a_deployment_is_held_only_where_ecs_waits(
    verdict: Verdict, state: DeploymentState, where: dict[str, bool], step: Step
) -> None:
    holding = replace(gate(verdict), pauses=True)
    assert decide(reading(state, holding, settled_seconds=60.0, **where), timeout_seconds=300.0).step is step
