# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The strategy ROLLING: when a deployment could move."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.strategies.rolling import Rolling
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.values import DeploymentSettings
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("least", "most", "desired", "moves"),
    [
        (100, 100, 4, False),
        (100, 200, 1, True),
        (100, 150, 1, False),
        (100, 150, 2, True),
        (100, 110, 5, False),
        (100, 110, 10, True),
        (50, 100, 1, False),
        (50, 100, 2, True),
        (0, 100, 1, True),
        (75, 100, 2, False),
        (-1, 200, 2, False),
        (100, 0, 2, False),
        (150, 120, 2, False),
        (101, 200, 2, False),
        (50, 99, 2, False),
    ],
)
def test_deployment_that_cannot_move_is_refused(least: int, most: int, desired: int, moves: bool) -> None:
    settings = DeploymentSettings(minimum_healthy_percent=least, maximum_percent=most)
    assert (list(Rolling().problems(settings, desired)) == []) is moves


@given(st.integers(0, 100), st.integers(100, 200), st.integers(1, 50))
def test_deployment_moves_when_a_task_may_start_or_stop(least: int, most: int, desired: int) -> None:
    may_start = any(count * 100 <= desired * most for count in range(desired + 1, 3 * desired))
    may_stop = (desired - 1) * 100 >= desired * least
    settings = DeploymentSettings(minimum_healthy_percent=least, maximum_percent=most)
    assert (list(Rolling().problems(settings, desired)) == []) is (may_start or may_stop)
