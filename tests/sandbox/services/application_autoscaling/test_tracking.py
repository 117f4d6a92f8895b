# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many tasks target tracking asks for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.application_autoscaling.api.scaling import bounds_of
from sandbox.services.application_autoscaling.model.tracking import Bounds, Policy, tracked, wanted


def policy(**fields: Any) -> Policy:
    return Policy(**{"high": False, "low": False, "may_scale_in": True, "value": 50.0, "target": 50.0, **fields})


def bounds(**fields: Any) -> Bounds:
    return Bounds(**{"minimum": 1, "maximum": 10, **fields})


@pytest.mark.parametrize(
    ("policies", "limits", "expected"),
    [
        ([policy()], bounds(), 4),
        ([policy(high=True, value=75.0)], bounds(), 6),
        ([policy(high=True, value=400.0)], bounds(), 10),
        ([policy(high=True, value=75.0, out_cooled=False)], bounds(), 4),
        ([policy(high=True, value=75.0)], bounds(out_suspended=True), 4),
        ([policy(high=True, value=None)], bounds(), 4),
        ([policy(low=True, value=10.0)], bounds(), 1),
        ([policy(low=True, value=30.0)], bounds(), 3),
        ([policy(low=True, value=10.0)], bounds(minimum=2), 2),
        ([policy(low=True, value=10.0, in_cooled=False)], bounds(), 4),
        ([policy(low=True, value=10.0)], bounds(in_suspended=True), 4),
        ([policy(low=True, value=10.0, may_scale_in=False)], bounds(), 4),
        # More when any says so, fewer only when every policy does.
        ([policy(high=True, value=75.0), policy(low=True, value=10.0)], bounds(), 6),
        ([policy(low=True, value=10.0), policy()], bounds(), 4),
        ([policy(low=True, value=10.0), policy(low=True, value=30.0)], bounds(), 3),
        ([policy(low=True, value=10.0), policy(low=True, value=None)], bounds(), 4),
    ],
)
def test_policies_ask_for_tasks(policies: list[Policy], limits: Bounds, expected: int) -> None:
    assert wanted(4, policies, limits) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"waiting": 6.0, "tasks": 2.0}, 3.0),
        ({"waiting": 6.0, "tasks": 0.0}, 6.0),
        ({"waiting": 0.0, "tasks": 2.0}, 0.0),
        ({"waiting": 6.0}, None),
        ({}, None),
    ],
)
def test_metric_math_is_followed(told: dict[str, float], expected: float | None) -> None:
    each = "waiting / IF(tasks < 1, 1, tasks)"
    queries = [{"Id": name, "ReturnData": False} for name in ("waiting", "tasks")]
    assert tracked([*queries, {"Id": "each", "Expression": each, "ReturnData": True}], told) == expected


@pytest.mark.parametrize(
    ("states", "asked", "suspended"),
    [
        (["COMPLETED"], (False, False), (False, False)),
        (["IN_PROGRESS", "COMPLETED"], (False, False), (False, True)),
        # Of a deployment that is rolled back, and of one that shifts traffic.
        (["IN_PROGRESS", "FAILED"], (False, False), (False, True)),
        (["COMPLETED", "IN_PROGRESS"], (False, False), (False, True)),
        (["IN_PROGRESS"], (True, False), (True, True)),
        (["COMPLETED"], (True, True), (True, True)),
    ],
)
def test_scaling_in_is_suspended_while_a_deployment_runs(
    states: list[str], asked: tuple[bool, bool], suspended: tuple[bool, bool]
) -> None:
    """Scaling out goes on, unless somebody suspended it."""
    state = {"DynamicScalingOutSuspended": asked[0], "DynamicScalingInSuspended": asked[1]}
    target = {"MinCapacity": 1, "MaxCapacity": 9, "SuspendedState": state}
    found = bounds_of(target, {"deployments": [{"rolloutState": each} for each in states]})
    assert (found.out_suspended, found.in_suspended) == suspended


_POLICIES = st.builds(
    Policy, high=st.booleans(), low=st.booleans(), may_scale_in=st.booleans(),
    value=st.none() | st.floats(0, 1000), target=st.floats(1, 100), out_cooled=st.booleans(), in_cooled=st.booleans(),
)  # fmt: skip


@given(st.integers(1, 10), st.lists(_POLICIES, max_size=3))
def test_bounds_hold_whatever_is_measured(running: int, policies: list[Policy]) -> None:
    assert 1 <= wanted(running, policies, bounds()) <= 10
