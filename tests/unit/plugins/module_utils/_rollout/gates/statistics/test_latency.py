# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Latency by counts above a quantile, against scipy's order statistics."""

from __future__ import annotations

from random import Random

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.latency import (
    quantile_bound,
    slower,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom


@given(st.integers(0, 3000), st.sampled_from([0.5, 0.9, 0.95, 0.99]), st.sampled_from([0.9, 0.99, 0.995]))
def test_bound_is_the_order_statistic_that_covers_the_quantile(count: int, quantile: float, confidence: float) -> None:
    samples = [float(place) for place in range(count)]
    Random(7).shuffle(samples)  # noqa: S311 - an order, not a secret
    bound = quantile_bound(samples, quantile, confidence)
    place = int(binom.ppf(confidence, count, quantile))
    assert bound == (float(place) if place < count else None)


def test_so_few_samples_that_any_may_be_the_quantile_bound_nothing() -> None:
    assert quantile_bound([0.1] * 100, 0.99, 0.995) is None
    assert quantile_bound([], 0.5, 0.9) is None
    assert slower([0.1], [0.1] * 100, quantile=0.99, margin=0.0) is None
    assert slower([], [0.1] * 5000, quantile=0.9, margin=0.0) is None


def times(seed: int, count: int, mean: float) -> list[float]:
    made = Random(seed)  # noqa: S311 - a simulation
    return [made.expovariate(1 / mean) for _ in range(count)]


def test_canary_that_is_alike_is_hardly_ever_slower() -> None:
    alarms = 0
    for seed in range(400):
        found = slower(times(seed, 200, 1.0), times(seed + 10_000, 1000, 1.0), quantile=0.9, margin=0.0)
        assert found is not None
        alarms += found <= 0.05
    assert alarms <= 400 * 0.05


def test_canary_of_which_a_minority_waits_is_slower_and_one_within_the_margin_is_not() -> None:
    baseline = times(1, 5000, 1.0)
    exploding = [*times(2, 350, 1.0), *times(3, 150, 100.0)]
    assert (slower(exploding, baseline, quantile=0.9, margin=0.1) or 0) <= 0.01
    assert (slower(times(4, 500, 1.1), baseline, quantile=0.9, margin=0.3) or 0) > 0.2


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.1])
def test_what_is_no_number_of_seconds_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="no number of seconds"):
        slower([wrong], [0.1] * 5000, quantile=0.9, margin=0.0)
    with pytest.raises(ValueError, match="no number of seconds"):
        quantile_bound([0.1, wrong], 0.5, 0.9)
