# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule that tells a share above the limit from chance. What it promises is reckoned exactly, not drawn."""

from __future__ import annotations

from collections import defaultdict

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.proportion import (
    FALSE_ALARM,
    is_above,
    is_within,
    p_value,
)
from hypothesis import given
from hypothesis import strategies as st

COUNTS = st.integers(0, 400)
LIMITS = st.floats(0.001, 0.9)


def refused(share: float, limit: float, looks: int) -> float:
    """How probably a release that fails this *share* of requests is refused within so many *looks*, one a request."""
    ways = {0: 1.0}
    total = 0.0
    for samples in range(1, looks + 1):
        after: dict[int, float] = defaultdict(float)
        for failures, probability in ways.items():
            after[failures] += probability * (1 - share)
            after[failures + 1] += probability * share
        total += sum(probability for failures, probability in after.items() if is_above(failures, samples, limit))
        ways = {count: probability for count, probability in after.items() if not is_above(count, samples, limit)}
    return total


@pytest.mark.parametrize("limit", [0.001, 0.01, 0.05, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("part", [0.2, 0.6, 1.0])
def test_release_within_the_limit_is_hardly_ever_refused_however_often_it_is_looked_at(
    limit: float, part: float
) -> None:
    assert refused(part * limit, limit, 300) <= FALSE_ALARM


@pytest.mark.parametrize(
    ("share", "looks"), [(1.0, 3), (0.5, 30), (0.3, 60), (0.2, 120)], ids=["all", "half", "third", "fifth"]
)
def test_bad_release_is_refused_soon(share: float, looks: int) -> None:
    assert refused(share, 0.05, looks) > 0.97


@pytest.mark.parametrize("looks", [1, 50])
def test_where_nothing_may_fail_the_first_failure_refuses(looks: int) -> None:
    assert is_above(1, looks, 0.0)
    assert not is_above(0, looks, 0.0)


@given(failures=COUNTS, passes=COUNTS, limit=LIMITS)
def test_failure_more_never_helps_and_a_pass_more_never_harms(failures: int, passes: int, limit: float) -> None:
    samples = failures + passes
    if is_above(failures, samples, limit):
        assert is_above(failures + 1, samples + 1, limit)
        assert not is_within(failures, samples, limit)
    else:
        assert not is_above(failures, samples + 1, limit)


@pytest.mark.parametrize("percent", range(1, 90))
def test_share_of_exactly_the_limit_is_within_it(percent: int) -> None:
    assert is_within(percent, 100, percent / 100)
    assert not is_within(percent + 1, 100, percent / 100)


def test_without_samples_nothing_is_shown() -> None:
    assert not is_above(0, 0, 0.05)
    assert not is_within(0, 0, 0.05)


def test_counts_of_a_long_watch_are_weighed() -> None:
    assert is_above(10_000_000, 10_000_000, 0.05)
    assert not is_above(0, 10_000_000, 0.05)


@given(COUNTS, COUNTS, LIMITS)
def test_p_value_says_the_same_as_the_rule(failures: int, passes: int, limit: float) -> None:
    value = p_value(failures, failures + passes, limit)
    assert 0 <= value <= 1
    assert is_above(failures, failures + passes, limit) is (value <= FALSE_ALARM)


def test_p_value_of_a_limit_that_lets_nothing_fail() -> None:
    assert (p_value(0, 10, 0.0), p_value(1, 10, 0.0), p_value(0, 0, 0.5)) == (1.0, 0.0, 1.0)
