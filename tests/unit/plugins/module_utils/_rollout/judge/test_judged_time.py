# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts of the time that a watch takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.judge.judged_time import JudgedTime
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._common.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 10.0


@pytest.mark.parametrize(
    ("turns", "counted"),
    [
        ([(1.0, True, 2.0)], 3.0),
        ([(1.0, True, 2.0), (1.0, True, 2.0)], 6.0),
        # A look that is held up, and a turn that is.
        ([(1.0, True, 2.0), (150.0, True, 2.0)], 3.0 + LONGEST + 2.0),
        ([(1.0, True, 150.0), (1.0, True, 2.0)], 1.0 + LONGEST + 3.0),
        # Nothing was seen: neither the look counts nor the time until the next one that sees.
        ([(1.0, True, 2.0), (5.0, False, 2.0), (5.0, False, 2.0), (1.0, True, 2.0)], 5.0),
        ([(5.0, False, 2.0)], 0.0),
    ],
)
def test_time_counts_in_which_something_could_be_seen(
    turns: Sequence[tuple[float, bool, float]], counted: float
) -> None:
    clock = FakeClock()
    time = JudgedTime(clock, LONGEST)
    for look, seen, rest in turns:
        time.turn()
        clock.time += look
        time.looked(seen=seen)
        clock.time += rest
    assert time.now() == pytest.approx(counted)


@pytest.mark.parametrize("seen", [True, False])
def test_it_stands_still_for_what_neither_looks_nor_measures(seen: bool) -> None:
    clock = FakeClock()
    time = JudgedTime(clock, LONGEST)
    time.looked(seen=seen)
    clock.time += 1.0
    with time.standing_still():
        clock.time += 5.0
    clock.time += 2.0
    assert time.now() == pytest.approx(3.0 if seen else 0.0)


@examples(100)
@given(st.lists(st.tuples(st.floats(0, 500), st.booleans(), st.floats(0, 500)), max_size=20))
def test_it_never_goes_back_and_never_counts_more_than_passed(turns: list[tuple[float, bool, float]]) -> None:
    clock = FakeClock()
    time, before = JudgedTime(clock, LONGEST), 0.0
    for look, seen, rest in turns:
        time.turn()
        clock.time += look
        time.looked(seen=seen)
        counted = time.now()
        clock.time += rest
        assert before - 1e-6 <= time.now() <= min(clock.time - clock.began, before + 2 * LONGEST) + 1e-6
        assert seen or time.now() == counted
        before = time.now()
