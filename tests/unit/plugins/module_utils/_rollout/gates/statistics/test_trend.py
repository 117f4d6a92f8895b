# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A trend, against scipy's Kendall and Theil-Sen, and over all orders of a few values."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.proportion import FALSE_ALARM
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.trend import (
    FEWEST,
    chance,
    grows,
    until_limit,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, theilslopes


@given(st.permutations(range(9)))
def test_chance_is_kendalls_exact_one(order: list[int]) -> None:
    against = sum(later < earlier for earlier, later in combinations(order, 2))
    exact = kendalltau(range(9), order, method="exact", alternative="greater").pvalue
    assert chance(9, against) == pytest.approx(exact)


def test_values_without_a_trend_are_hardly_ever_found_to_grow_at_any_look() -> None:
    orders = list(permutations(range(7)))
    found = sum(any(grows(order[:seen]) for seen in range(FEWEST, 8)) for order in orders)
    assert 0 < found / len(orders) <= FALSE_ALARM


@given(st.lists(st.floats(-100, 100), min_size=FEWEST, max_size=30), st.floats(0.125, 10), st.floats(-10, 10))
def test_growing_does_not_depend_on_the_unit(values: list[float], times: float, more: float) -> None:
    ranks = [float(sorted(values).index(value)) for value in values]
    assert grows(ranks) == grows([times * rank + more for rank in ranks])
    assert not (grows(ranks) and grows(ranks[::-1]))
    assert not grows([values[0]] * len(values))


@given(st.lists(st.floats(0, 99), min_size=FEWEST, max_size=20))
def test_time_that_is_left_is_by_the_slope_of_theil_and_sen(values: list[float]) -> None:
    points = [(float(place), 3.0 * place + value / 100) for place, value in enumerate(values)]
    left = until_limit(points, 100.0)
    assert left is not None
    slope = theilslopes([value for _, value in points], [moment for moment, _ in points]).slope
    assert left == pytest.approx(max(0.0, (100.0 - points[-1][1]) / slope), rel=1e-6)


def test_what_does_not_grow_has_no_end() -> None:
    assert until_limit([(float(place), 5.0) for place in range(20)], 100.0) is None
    assert until_limit([(float(place), 50.0 + place) for place in range(FEWEST - 1)], 100.0) is None
