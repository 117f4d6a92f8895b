# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all gates share: tallies, looks at targets, and the fields of every kind."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.verdict import Verdict
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.model import (
    Tally,
    TargetObservation,
    TaskFailure,
)
from hypothesis import given
from hypothesis import strategies as st

COUNTS = st.integers(0, 50)


@pytest.mark.parametrize(
    ("samples", "minimum", "ratio", "baked", "verdict"),
    [
        ((0, 0), 1, 0.0, True, Verdict.INCONCLUSIVE),
        ((1, 0), 1, 0.0, True, Verdict.HEALTHY),
        ((1, 0), 1, 0.0, False, Verdict.INCONCLUSIVE),
        ((9, 0), 10, 0.0, True, Verdict.INCONCLUSIVE),
        ((9, 1), 10, 0.1, True, Verdict.HEALTHY),
        ((8, 2), 10, 0.1, True, Verdict.INCONCLUSIVE),
        ((18, 2), 10, 0.1, True, Verdict.HEALTHY),
        ((0, 2), 10, 0.1, False, Verdict.INCONCLUSIVE),
        ((0, 3), 10, 0.1, False, Verdict.UNHEALTHY),
        ((50, 1), 10, 0.0, False, Verdict.UNHEALTHY),
        ((100, 0), 1, 0.9, False, Verdict.INCONCLUSIVE),
    ],
)
def test_what_samples_come_to(
    samples: tuple[int, int], minimum: int, ratio: float, baked: bool, verdict: Verdict
) -> None:
    passed, failed = samples
    tally = Tally()
    for outcome in [True] * passed + [False] * failed:
        tally = tally.add(passed=outcome)
    assert (tally.samples, tally.failures) == (passed + failed, failed)
    assert tally.verdict(minimum, ratio, baked=baked) is verdict


@given(passed=COUNTS, failed=COUNTS, minimum=st.integers(1, 50), ratio=st.floats(0, 0.9), baked=st.booleans())
def test_a_failure_more_never_makes_a_verdict_better(
    passed: int, failed: int, minimum: int, ratio: float, baked: bool
) -> None:
    before = Tally(passed + failed, failed).verdict(minimum, ratio, baked=baked)
    after = Tally(passed + failed, failed).add(passed=False).verdict(minimum, ratio, baked=baked)
    if before is Verdict.UNHEALTHY:
        # Only samples that pass can outweigh failures.
        assert after is Verdict.UNHEALTHY
    if after is Verdict.HEALTHY:
        assert baked
        assert (failed + 1) / (passed + failed + 1) <= ratio


@pytest.mark.parametrize(
    ("desired", "healthy", "whole"), [(0, 0, False), (0, 2, False), (2, 1, False), (2, 2, True), (2, 3, True)]
)
def test_with_nothing_desired_nothing_is_whole(desired: int, healthy: int, whole: bool) -> None:
    assert TargetObservation(desired, healthy).whole is whole


@pytest.mark.parametrize(
    ("targets", "sick"),
    [
        ((), ""),
        ((("healthy", 2),), ""),
        ((("healthy", 1), ("unhealthy (Target.Timeout)", 1)), "targets: 1 healthy, 1 unhealthy (Target.Timeout)"),
    ],
)
def test_states_are_told_when_any_is_not_healthy(targets: tuple[tuple[str, int], ...], sick: str) -> None:
    assert TargetObservation(targets=targets).sick == sick


def test_causes_name_the_first_of_many() -> None:
    failure = TaskFailure("t1", "it ended", True, (("app", 3), ("side", 0)))
    assert TargetObservation().causes == ()
    unhealthy, stopped = TargetObservation(
        failures=(failure, failure, failure), unhealthy=("app", "b", "c", "d")
    ).causes
    assert unhealthy.startswith("app, b, c UNHEALTHY by its own healthCheck")
    assert stopped == "stopped: task t1: it ended (container app exit code 3, container side exit code 0), and 2 more"
    assert str(TaskFailure("t2", "no image", False)) == "task t2: no image"
