# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several tests at once, against the definition that Holm's procedure is a short cut of: closed testing."""

from __future__ import annotations

from itertools import combinations

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.holm import rejected
from hypothesis import given
from hypothesis import strategies as st

P_VALUES = st.lists(st.floats(0, 1) | st.sampled_from([0.001, 0.01 / 3, 0.005, 0.01]), max_size=6)


def by_closed_testing(values: list[float], level: float) -> tuple[bool, ...]:
    """A test refuses when every group that it is in does, by Bonferroni's rule."""

    def refuses(place: int) -> bool:
        others = [each for each in range(len(values)) if each != place]
        groups = ((place, *more) for size in range(len(values)) for more in combinations(others, size))
        return all(min(values[each] for each in group) <= level / len(group) for group in groups)

    return tuple(refuses(place) for place in range(len(values)))


@given(P_VALUES, st.sampled_from([0.01, 0.05]))
def test_tests_that_refuse_are_those_of_closed_testing(values: list[float], level: float) -> None:
    assert rejected(values, level) == by_closed_testing(values, level)


@given(P_VALUES)
def test_order_does_not_matter(values: list[float]) -> None:
    assert rejected(values[::-1], 0.05) == rejected(values, 0.05)[::-1]


def test_what_is_no_number_refuses_nothing_and_still_counts() -> None:
    nan = float("nan")
    assert rejected([nan, 0.004, 1.0], 0.01) == (False, False, False)
    assert rejected([nan, 0.003, 1.0], 0.01) == (False, True, False)
    assert rejected([], 0.01) == ()
