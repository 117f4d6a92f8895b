# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Latency by counts above a quantile: false alarms are reckoned exactly, against scipy's distributions."""

from __future__ import annotations

from itertools import pairwise, product
from math import exp, log
from random import Random

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.latency import (
    NONE,
    block_size,
    evidence_of,
    exceeding,
    is_slower,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.mixture import mixed_p_value
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, nhypergeom

QUANTILES = (0.5, 0.9, 0.95, 0.99)
SECONDS = st.floats(0, 100)


@pytest.mark.parametrize(("quantile", "size"), [(0.5, 1), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_block_holds_one_answer_beyond_the_quantile(quantile: float, size: int) -> None:
    assert block_size(quantile) == size
    theirs = [float(place) for place in range(1, size + 1)]
    assert exceeding([size, size + 1.0], theirs, quantile=quantile, increase=0.0) == 1
    assert exceeding([size, size + 1.0], theirs, quantile=quantile, increase=1.0) == 0
    with pytest.raises(ValueError, match="hold none beyond"):
        evidence_of(0, 1, size - 1, quantile=quantile)


@pytest.mark.parametrize("quantile", QUANTILES)
@pytest.mark.parametrize("ours", [1, 5, 40])
@pytest.mark.parametrize("more", [0, 1, 37])
def test_evidence_of_a_block_is_the_ratio_of_beta_binomials_and_of_mean_one_while_both_are_alike(
    quantile: float, ours: int, more: int
) -> None:
    theirs = block_size(quantile) + more
    place = int((1 - quantile) * (theirs + 1) + 1e-9)
    alike = [betabinom.pmf(count, ours, place, theirs + 1 - place) for count in range(ours + 1)]
    # So many of ours come before the place-th longest of theirs: the same, as draws without replacement.
    drawn = nhypergeom(ours + theirs, ours, place)
    assert alike == pytest.approx([drawn.pmf(count) for count in range(ours + 1)], abs=1e-9)
    means = [0.0] * len(NONE)
    for count, likely in enumerate(alike):
        found = evidence_of(count, ours, theirs, quantile=quantile)
        slower = betabinom.pmf(count, ours, 50.0 * place, theirs + 1 - place)
        assert found[-1] == pytest.approx(log(slower / likely), abs=1e-6)
        means = [mean + likely * exp(each) for mean, each in zip(means, found, strict=True)]
    assert means == pytest.approx([1.0] * len(means), rel=1e-6)


def test_answers_that_took_equally_long_are_no_evidence_beyond_the_mean() -> None:
    """Over all blocks of two lengths of time, which are mostly ties: nothing grows."""
    lengths, chances = (1.0, 2.0), (0.8, 0.2)
    for ours, theirs in ((1, 1), (3, 2), (2, 4)):
        mean = 0.0
        for block in product(range(2), repeat=ours + theirs):
            likely, seconds = 1.0, [lengths[each] for each in block]
            for each in block:
                likely *= chances[each]
            count = exceeding(seconds[:ours], seconds[ours:], quantile=0.5, increase=0.0)
            found = evidence_of(count, ours, theirs, quantile=0.5)
            mean += likely * sum(map(exp, found)) / len(found)
        assert mean <= 1 + 1e-9


@given(st.sampled_from(QUANTILES), st.integers(1, 60), st.integers(0, 60))
def test_more_answers_beyond_the_quantile_never_raise_the_p_value(quantile: float, ours: int, more: int) -> None:
    theirs = block_size(quantile) + more
    values = [mixed_p_value(evidence_of(count, ours, theirs, quantile=quantile)) for count in range(ours + 1)]
    assert all(0 <= later <= earlier + 1e-12 for earlier, later in pairwise(values))
    assert values[0] == 1.0


@given(
    st.lists(SECONDS, min_size=1, max_size=30),
    st.lists(SECONDS, min_size=9, max_size=30),
    st.floats(0, 10),
    st.floats(0.125, 8),
)
def test_count_is_of_what_is_slower_whatever_the_unit_and_order(
    ours: list[float], theirs: list[float], increase: float, faster: float
) -> None:
    count = exceeding(ours, theirs, quantile=0.9, increase=increase)
    assert 0 <= count <= len(ours)
    assert exceeding(ours[::-1], theirs[::-1], quantile=0.9, increase=increase) == count
    assert exceeding([each / 4 for each in ours], theirs, quantile=0.9, increase=increase) <= count
    assert exceeding(ours, theirs, quantile=0.9, increase=increase + faster) <= count


@pytest.mark.parametrize("share", [1, 5, 9])
def test_release_that_is_slower_is_found_and_one_that_is_alike_is_not(share: int) -> None:
    made = Random(share)  # noqa: S311 - a simulation
    for times, found in ((1.0, False), (4.0, True)):
        evidence = NONE
        for _block in range(40):
            ours = [times * made.expovariate() for _ in range(share)]
            theirs = [made.expovariate() for _ in range(10)]
            count = exceeding(ours, theirs, quantile=0.9, increase=0.0)
            more = evidence_of(count, share, 10, quantile=0.9)
            evidence = tuple(map(sum, zip(evidence, more, strict=True)))
        assert is_slower(evidence) is found


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.1])
def test_what_is_no_number_of_seconds_is_refused(wrong: float) -> None:
    for ours, theirs in (([wrong], [0.1] * 9), ([0.1], [0.1] * 8 + [wrong])):
        with pytest.raises(ValueError, match="no number of seconds"):
            exceeding(ours, theirs, quantile=0.9, increase=0.0)
