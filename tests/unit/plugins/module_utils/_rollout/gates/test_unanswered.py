# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that no target answered, told from those that are under way."""

from __future__ import annotations

import random

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.gates.unanswered import Unanswered


def counted(rate: float, seconds: float, broken: float = 0.0, minutes: int = 30, seed: int = 1) -> Unanswered:
    """Of requests at random times at this *rate*, each answered after about so many *seconds*, but for some."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    requests, answers, spent = [0] * minutes, [0] * minutes, [0.0] * minutes
    at = chance.expovariate(rate)
    while at < minutes * 60:
        requests[int(at // 60)] += 1
        takes = chance.expovariate(1 / seconds)
        if chance.random() >= broken and (end := int((at + takes) // 60)) < minutes:
            answers[end] += 1
            spent[end] += takes
        at += chance.expovariate(rate)
    found = Unanswered()
    for minute in range(minutes):
        found = found.see(requests[minute], answers[minute], spent[minute] / 60)
    return found


@pytest.mark.parametrize("rate", [0.5, 5.0, 50.0])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 10.0])
def test_what_is_under_way_has_not_failed(rate: float, seconds: float) -> None:
    assert [counted(rate, seconds, minutes=10, seed=seed).failed for seed in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("rate", [2.0, 20.0])
def test_what_breaks_is_counted_but_for_what_may_come(rate: float) -> None:
    found = counted(rate, 0.2, broken=0.05)
    broken = rate * 1800 * 0.05
    assert 0.7 * broken < found.failed < 1.3 * broken


def test_nothing_comes_to_nothing_and_what_was_told_stays() -> None:
    assert Unanswered().see(0, 0, 0.0) == Unanswered()
    told = Unanswered().see(100, 50, 0.0)
    assert told.failed == 49
    assert told.see(10, 40, 0.0).failed == 49
