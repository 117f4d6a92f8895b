# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exact binomial tests and bounds, against scipy's."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.exact import (
    at_most,
    excess,
    fewest_samples,
    tail,
    upper_bound,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest

TRIALS = st.integers(0, 5000)
SHARES = st.floats(0.0005, 0.9995)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(TRIALS)
    return draw(st.integers(0, trials)), trials


@given(counts(), SHARES)
def test_tails_are_those_of_scipy(count: tuple[int, int], share: float) -> None:
    successes, trials = count
    assert tail(successes, trials, share) == pytest.approx(binom.sf(successes - 1, trials, share), rel=1e-6, abs=1e-12)
    assert at_most(successes, trials, share) == pytest.approx(binom.cdf(successes, trials, share), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("count", [(3, 1_000_000), (150, 1_000_000), (999_999, 1_000_000), (1_000_000, 1_000_000)])
@pytest.mark.parametrize("share", [1e-6, 1e-4, 0.5, 1 - 1e-6])
def test_large_counts_neither_overflow_nor_take_long(count: tuple[int, int], share: float) -> None:
    assert tail(*count, share) == pytest.approx(binom.sf(count[0] - 1, count[1], share), rel=1e-5, abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "share", "probability"), [(0, 0.0, 1.0), (1, 0.0, 0.0), (10, 1.0, 1.0), (0, 1.0, 1.0)]
)
def test_shares_of_nothing_and_of_all(successes: int, share: float, probability: float) -> None:
    assert tail(successes, 10, share) == probability


@pytest.mark.parametrize("wrong", [(2, 1, 0.5), (0, -1, 0.5), (1, 2, -0.1), (1, 2, 1.1), (1, 2, float("nan"))])
def test_what_cannot_be_is_no_probability(wrong: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        tail(*wrong)


@given(counts(), st.sampled_from([0.9, 0.95, 0.99]))
def test_bound_is_that_of_clopper_and_pearson(count: tuple[int, int], confidence: float) -> None:
    failures, samples = count
    expected = 1.0 if failures == samples else beta.ppf(confidence, failures + 1, samples - failures)
    assert upper_bound(failures, samples, confidence) == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.0001, 0.3))
def test_so_many_samples_without_a_failure_show_a_margin_and_far_fewer_do_not(margin: float) -> None:
    fewest = fewest_samples(margin)
    assert 3 / margin <= fewest + 1e-6 <= 3 / margin + 1.1
    assert upper_bound(0, fewest) <= margin
    assert upper_bound(0, fewest // 2) > margin


@pytest.mark.parametrize(("margin", "fewest"), [(0.01, 300), (0.001, 3000), (0.05, 60), (0.1, 30)])
def test_request_floor_is_three_over_the_margin(margin: float, fewest: int) -> None:
    assert fewest_samples(margin) == fewest


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1, float("nan")])
def test_margin_that_is_no_share_has_no_floor(margin: float) -> None:
    with pytest.raises(ValueError, match="no share between 0 and 1"):
        fewest_samples(margin)


@pytest.mark.parametrize(("errors", "others"), [(0, 0), (3, 0), (7, 20), (0, 30)])
def test_excess_is_a_binomial_test_on_the_share_of_requests(errors: int, others: int) -> None:
    total = errors + others
    expected = binomtest(errors, total, 0.1, alternative="greater").pvalue if total else 1.0
    assert excess(errors, others, 0.1) == pytest.approx(expected)
