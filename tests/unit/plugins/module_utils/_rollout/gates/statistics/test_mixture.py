# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mean of likelihood ratios."""

from __future__ import annotations

from math import exp, log

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.statistics.mixture import mixed_p_value
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=6))
def test_it_is_one_over_the_mean_and_at_most_one(evidence: list[float]) -> None:
    mean = sum(map(exp, evidence)) / len(evidence)
    assert mixed_p_value(evidence) == pytest.approx(min(1.0, 1 / mean), rel=1e-9)


def test_much_evidence_overflows_nothing() -> None:
    assert mixed_p_value([10_000.0, 0.0]) == 0.0
    assert mixed_p_value([-10_000.0]) == 1.0
    assert mixed_p_value([log(100.0)] * 3) == pytest.approx(0.01)
