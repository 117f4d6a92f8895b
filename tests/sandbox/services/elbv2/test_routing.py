# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How a load balancer chooses: draws by weight, as a pure function of its generator."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.services.elbv2.runtime.routing import choose_group

DRAWS = 10_000


def drawn(weights: dict[str, int], seed: str = "", count: int = DRAWS) -> list[str | None]:
    generator = random.Random(seed)  # noqa: S311 - load, not secrets
    return [choose_group(weights, generator) for _ in range(count)]


@pytest.mark.parametrize("seed", ["", "1", "2", "3"])
@pytest.mark.parametrize(("new", "old"), [(10, 90), (1, 999), (50, 50), (333, 667), (999, 1)])
def test_requests_are_drawn_by_weight(new: int, old: int, seed: str) -> None:
    share = new / (new + old)
    count = drawn({"new": new, "old": old}, seed).count("new")
    assert abs(count - DRAWS * share) <= 4 * math.sqrt(DRAWS * share * (1 - share))


def test_requests_do_not_take_turns() -> None:
    """Ten requests at 10 % are never two new ones where turns are taken, and in a quarter of all cases by chance."""
    answers = drawn({"new": 10, "old": 90})
    tens = [batch.count("new") for batch in itertools.batched(answers, 10)]
    expected = len(tens) * 0.2639
    assert abs(sum(count >= 2 for count in tens) - expected) <= 4 * math.sqrt(expected * (1 - 0.2639))
    after_new = [second for first, second in itertools.pairwise(answers) if first == "new"]
    assert abs(after_new.count("new") - 0.1 * len(after_new)) <= 4 * math.sqrt(0.09 * len(after_new))


def test_the_same_seed_draws_the_same() -> None:
    weights = {"new": 10, "old": 90}
    assert drawn(weights, "a", 100) == drawn(weights, "a", 100)
    assert drawn(weights, "a", 100) != drawn(weights, "b", 100)


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 999)), st.integers())
def test_a_group_of_weight_0_gets_nothing(weights: dict[str, int], seed: int) -> None:
    chosen = choose_group(weights, random.Random(seed))  # noqa: S311 - load, not secrets
    assert weights[chosen] > 0 if chosen else not any(weights.values())
