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
        (HttpTally(20, latest="." * 20), Verdict.HEALTHY),
        (HttpTally(20, latest="." * 19), Verdict.INCONCLUSIVE),
        (HttpTally(20, 20), Verdict.UNHEALTHY),
        (HttpTally(20, slow=2, latest="." * 20), Verdict.HEALTHY),
        (HttpTally(20, slow=3), Verdict.INCONCLUSIVE),
        (HttpTally(20, slow=20), Verdict.UNHEALTHY),
        (HttpTally(20, errors=1, errors_in_a_row=1), Verdict.ERROR),
        (HttpTally(20, 20, errors=1, errors_in_a_row=1), Verdict.UNHEALTHY),
        (HttpTally(19, errors=1), Verdict.ERROR),
    ],
)
def test_verdict_of_counts(tally: HttpTally, verdict: Verdict) -> None:
    assert LIMITS.verdict(tally, baked=True) is verdict


@pytest.mark.parametrize("good", [100, 1000, 100_000])
@pytest.mark.parametrize(
    ("sign", "verdict"), [("x", Verdict.INCONCLUSIVE), ("s", Verdict.INCONCLUSIVE), (".", Verdict.HEALTHY)]
)
def test_good_answers_of_before_let_no_release_in_that_fails_now(good: int, sign: str, verdict: Verdict) -> None:
    late = HttpTally(good, latest=("." * 80 + sign * 20))
    assert LIMITS.verdict(late, baked=True) is verdict
    assert LIMITS.verdict(replace(late, latest="." * 100), baked=True) is Verdict.HEALTHY
    assert ("of the latest 20 20 failed" in LIMITS.seen(late)) == (sign == "x")


def test_a_failure_now_and_then_leaves_no_doubt() -> None:
    tally = HttpTally()
    for number in range(1, 2001):
        tally = tally.answered("500" if number % 40 == 0 else "200", passed=number % 40 != 0)
        if number >= 20:
            assert LIMITS.verdict(tally, baked=True) is Verdict.HEALTHY, number
    assert len(tally.latest) == 100


def test_of_two_limits_the_graver_counts_at_half_the_level() -> None:
    single = replace(LIMITS, maximum_latency_seconds=None)
    assert single.p_value(HttpTally(100, 30)) < 0.001 < single.p_value(HttpTally(100, slow=90)) == 1.0
    assert LIMITS.p_value(HttpTally(100, 30)) == pytest.approx(2 * single.p_value(HttpTally(100, 30)))
    assert LIMITS.p_value(HttpTally(100, slow=90)) < 0.001


BESIDE = AnswerLimits(20, 0.05, None, 0.9, 1.0)


def compared(ours: float, answers: int) -> HttpTally:
    """As many answers of the release as *answers*, each of which took *ours* seconds, in blocks beside 9 of 1 s."""
    tally = HttpTally(answers, latest="." * answers)
    for _answer in range(answers):
        for _other in range(9):
            tally = tally.timed(1.0, is_ours=False, quantile=0.9, increase=1.0)
        tally = tally.timed(ours, is_ours=True, quantile=0.9, increase=1.0)
    return tally


@pytest.mark.parametrize(
    ("tally", "baked", "verdict"),
    [
        (HttpTally(1000), True, Verdict.INCONCLUSIVE),
        (compared(2.0, 19), True, Verdict.INCONCLUSIVE),
        (compared(2.0, 20), False, Verdict.INCONCLUSIVE),
        (compared(2.0, 20), True, Verdict.HEALTHY),
        (compared(2.1, 2), True, Verdict.INCONCLUSIVE),
        (compared(2.1, 5), False, Verdict.UNHEALTHY),
        (compared(2.1, 100), True, Verdict.UNHEALTHY),
    ],
)
def test_verdict_beside_the_running_version(tally: HttpTally, baked: bool, verdict: Verdict) -> None:
    assert BESIDE.verdict(tally, baked=baked) is verdict


def test_evidence_that_shows_nothing_yet_lets_nothing_pass() -> None:
    doubtful = replace(compared(2.0, 20), evidence=compared(2.1, 2).evidence)
    assert BESIDE.verdict(doubtful, baked=True) is Verdict.INCONCLUSIVE


def test_each_limit_more_asks_for_more_evidence_of_each() -> None:
    slow = compared(2.1, 20)
    alone = BESIDE.p_value(slow)
    assert replace(BESIDE, maximum_latency_seconds=5.0).p_value(slow) == pytest.approx(alone * 3 / 2)
    assert "20 of 20 that were compared took longer" in BESIDE.seen(slow)
    assert "longer than 2 times what 90.0% of those take" in BESIDE.wanted("200", 30)


@pytest.mark.parametrize(
    ("limits", "times", "problem"),
    [
        ({"maximum_latency_seconds": 6.0}, {}, "maximum_latency_seconds"),
        ({"maximum_latency_seconds": float("nan")}, {}, "maximum_latency_seconds"),
        ({"latency_quantile": 1.0}, {}, "latency_quantile"),
        ({"maximum_latency_increase": -0.1}, {}, "maximum_latency_increase"),
        ({"maximum_latency_increase": 101.0}, {}, "maximum_latency_increase"),
        ({"maximum_latency_increase": float("nan")}, {}, "maximum_latency_increase"),
        ({"maximum_latency_increase": 1.0, "latency_quantile": 0.995}, {}, "latency_quantile"),
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
