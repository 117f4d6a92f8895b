# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blocks of answers of both versions, as they come."""

from __future__ import annotations

from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.latency_tally import LatencyTally
from hypothesis import given
from hypothesis import strategies as st

LIMITS = {"quantile": 0.9, "increase": 0.5}


def after(*answers: tuple[bool, float]) -> LatencyTally:
    tally = LatencyTally()
    for is_ours, seconds in answers:
        tally = tally.timed(seconds, is_ours=is_ours, **LIMITS)
    return tally


def test_block_is_weighed_once_both_versions_have_answered_enough() -> None:
    waiting = after((True, 9.0), (True, 0.1), *[(False, 0.1)] * 8)
    assert (waiting.compared, len(waiting.ours), len(waiting.theirs)) == (0, 2, 8)
    weighed = waiting.timed(0.1, is_ours=False, **LIMITS)
    assert (weighed.compared, weighed.exceeding, weighed.ours, weighed.theirs) == (2, 1, (), ())
    assert any(weighed.evidence)


def test_what_takes_within_the_increase_does_not_exceed() -> None:
    assert after(*[(False, 1.0)] * 9, (True, 1.5)).exceeding == 0
    assert after(*[(False, 1.0)] * 9, (True, 1.501)).exceeding == 1


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10)), max_size=300))
def test_every_answer_is_in_one_block_at_most(answers: list[tuple[bool, float]]) -> None:
    tally = after(*answers)
    assert tally.compared + len(tally.ours) <= sum(is_ours for is_ours, _seconds in answers)
    assert 0 <= tally.exceeding <= tally.compared
    assert not (tally.ours and len(tally.theirs) >= 9)


def test_of_a_side_that_waits_only_the_latest_are_kept() -> None:
    one_sided = after(*[(True, float(place)) for place in range(500)])
    assert (len(one_sided.ours), one_sided.ours[-1], one_sided.compared) == (200, 499.0, 0)
