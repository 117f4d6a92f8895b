# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A canary beside the running version: what is promised of false alarms is reckoned exactly, over all outcomes."""

from __future__ import annotations

from itertools import pairwise
from math import exp

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.comparison import (
    Comparison,
    Interval,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.exact import excess
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

COUNTS = st.integers(0, 2000)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    requests, base = draw(COUNTS), draw(COUNTS)
    return Interval(requests, draw(st.integers(0, requests)), base, draw(st.integers(0, base)))


def after(margin: float, *seen: tuple[int, int, int, int]) -> Comparison:
    comparison = Comparison(margin)
    for each in seen:
        comparison = comparison.see(Interval(*each))
    return comparison


@pytest.mark.parametrize(("requests", "base"), [(3, 30), (10, 10), (25, 5), (1, 40)])
@pytest.mark.parametrize("rate", [0.001, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_evidence_is_not_expected_to_grow_while_the_canary_is_within_its_margin(
    requests: int, base: int, rate: float, margin: float
) -> None:
    worst = min(1.0, rate + margin)
    expected = 0.0
    for errors in range(requests + 1):
        for base_errors in range(base + 1):
            made = after(margin, (requests, errors, base, base_errors))
            likely = binom.pmf(errors, requests, worst) * binom.pmf(base_errors, base, rate)
            expected += likely * sum(exp(each) for each in made.evidence) / len(made.evidence)
    assert expected <= 1 + 1e-9


@given(st.lists(intervals(), max_size=8), st.sampled_from([0.0, 0.01, 0.2]))
def test_p_value_is_a_probability_and_more_errors_of_the_canary_never_raise_it(
    seen: list[Interval], margin: float
) -> None:
    made = Comparison(margin)
    for each in seen:
        made = made.see(each)
    assert 0 <= made.p_value <= 1
    values = [made.see(Interval(20, errors, 200, 1)).p_value for errors in range(21)]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(values))


@pytest.mark.parametrize("nothing", [(0, 0, 0, 0), (0, 0, 500, 3), (30, 30, 0, 0)])
def test_interval_without_one_side_compares_nothing(nothing: tuple[int, int, int, int]) -> None:
    made = after(0.01, nothing)
    assert (made.p_value, made.is_worse(), made.is_within) == (1.0, False, False)


@pytest.mark.parametrize("wrong", [(-1, 0, 1, 0), (1, 2, 1, 0), (1, 0, 1, 2), (1, -1, 1, 0)])
def test_counts_that_cannot_be_are_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"a count is below 0|more errors than requests"):
        after(0.01, wrong)


@pytest.mark.parametrize(
    ("seen", "worse", "within"),
    [
        ([(300, 0, 2700, 0)], False, True),
        ([(300, 3, 2700, 27)], False, True),
        ([(300, 60, 2700, 27)], True, False),
        ([(300, 5, 2700, 27)], False, True),
        ([(300, 30, 2700, 270)], False, True),
        ([(30, 9, 270, 0)], True, False),
        ([(300, 9, 2700, 0)] * 10, True, False),
        ([(300, 2, 2700, 0)] * 30, False, True),
    ],
)
def test_what_counts_come_to(seen: list[tuple[int, int, int, int]], worse: bool, within: bool) -> None:
    made = after(0.01, *seen)
    assert (made.is_worse(), made.is_within) == (worse, within)


@given(st.integers(1, 60), st.integers(0, 60))
def test_evidence_never_exceeds_that_of_the_exact_test_of_one_look(errors: int, base_errors: int) -> None:
    made = after(0.0, (1000, errors, 9000, base_errors))
    # A test that may be asked again and again has to ask for more than one that is asked once.
    assert made.p_value >= excess(errors, base_errors, 0.1)
