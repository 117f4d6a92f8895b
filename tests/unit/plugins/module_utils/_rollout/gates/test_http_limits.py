# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many answers may be wrong or slow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_limits import AnswerLimits
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.http_tally import HttpTally

LIMITS = AnswerLimits(20, 0.05, 0.5, 0.9)
TIMES = {"request_timeout_seconds": 5.0, "interval_seconds": 0.5, "deadline": 60.0}


@pytest.mark.parametrize(
    ("tally", "verdict"),
    [
        (HttpTally(), Verdict.INCONCLUSIVE),
        (HttpTally(19), Verdict.INCONCLUSIVE),
        (HttpTally(20), Verdict.HEALTHY),
        (HttpTally(20, 20), Verdict.UNHEALTHY),
        (HttpTally(20, slow=2), Verdict.HEALTHY),
        (HttpTally(20, slow=3), Verdict.INCONCLUSIVE),
        (HttpTally(20, slow=20), Verdict.UNHEALTHY),
        (HttpTally(20, errors=1, errors_in_a_row=1), Verdict.ERROR),
        (HttpTally(20, 20, errors=1, errors_in_a_row=1), Verdict.UNHEALTHY),
        (HttpTally(19, errors=1), Verdict.ERROR),
    ],
)
def test_verdict_of_counts(tally: HttpTally, verdict: Verdict) -> None:
    assert LIMITS.verdict(tally, baked=True) is verdict


def test_of_two_limits_the_graver_counts_at_half_the_level() -> None:
    single = replace(LIMITS, maximum_latency_seconds=None)
    assert single.p_value(HttpTally(100, 30)) < 0.001 < single.p_value(HttpTally(100, slow=90)) == 1.0
    assert LIMITS.p_value(HttpTally(100, 30)) == pytest.approx(2 * single.p_value(HttpTally(100, 30)))
    assert LIMITS.p_value(HttpTally(100, slow=90)) < 0.001


@pytest.mark.parametrize(
    ("limits", "times", "problem"),
    [
        ({"maximum_latency_seconds": 6.0}, {}, "maximum_latency_seconds"),
        ({"maximum_latency_seconds": float("nan")}, {}, "maximum_latency_seconds"),
        ({"latency_quantile": 1.0}, {}, "latency_quantile"),
        ({"maximum_failure_ratio": 0.91}, {}, "maximum_failure_ratio"),
        ({}, {"request_timeout_seconds": 3601.0}, "request_timeout_seconds"),
        ({"minimum_samples": 0}, {}, "minimum_samples"),
        ({}, {"interval_seconds": float("nan")}, "interval_seconds above 0"),
        ({"minimum_samples": 121}, {}, "do not fit into its deadline"),
    ],
)
def test_limits_that_contradict_are_problems(limits: dict[str, Any], times: dict[str, float], problem: str) -> None:
    (told,) = replace(LIMITS, **limits).problems(**{**TIMES, **times})
    assert problem in told
    assert [*LIMITS.problems(**TIMES)] == []
