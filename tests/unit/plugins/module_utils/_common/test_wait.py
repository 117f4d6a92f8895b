# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop that waits: it looks at least once, never sleeps past the end, and ends with what it saw last."""

from __future__ import annotations

import math
from itertools import count

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.wait import growing, timed_out, until
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import WaitTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._common.fakes import FakeClock


def error(seen: int, elapsed: float) -> WaitTimeoutError:
    return timed_out(f"saw {seen} after {elapsed:g} s", seen=seen)


@given(needed=st.integers(1, 60), seconds=st.integers(0, 100), pause=st.integers(1, 30))
def test_it_ends_with_the_first_look_that_is_done_or_when_the_time_is_up(needed: int, seconds: int, pause: int) -> None:
    clock, looks = FakeClock(), count(1)
    # One at the start, one after each pause, and one at the very end.
    possible = 1 + math.ceil(seconds / pause)

    def wait() -> int:
        return until(
            lambda: next(looks),
            lambda seen: seen >= needed,
            clock=clock,
            seconds=seconds,
            pause=pause,
            on_timeout=error,
        )

    if needed <= possible:
        assert wait() == needed
    else:
        with pytest.raises(WaitTimeoutError, match=f"saw {possible} after {seconds} s"):
            wait()
    assert clock.time - 1000 <= seconds


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_no_time_is_one_look(seconds: float) -> None:
    clock = FakeClock()
    with pytest.raises(WaitTimeoutError, match="saw 7 after 0 s"):
        until(lambda: 7, lambda _seen: False, clock=clock, seconds=seconds, pause=1, on_timeout=error)
    assert clock.sleeps == []
    assert until(lambda: 7, lambda _seen: True, clock=clock, seconds=seconds, pause=1, on_timeout=error) == 7


def test_pauses_grow_within_their_limits() -> None:
    clock = FakeClock()
    with pytest.raises(WaitTimeoutError):
        until(lambda: 0, bool, clock=clock, seconds=120, pause=growing(0.2, 5), on_timeout=error)
    assert clock.sleeps[0] == 0.2
    assert max(clock.sleeps) == 5
    assert clock.sleeps[:-1] == sorted(clock.sleeps[:-1])
    assert sum(clock.sleeps) == pytest.approx(120)


def test_what_a_look_raises_ends_the_wait() -> None:
    def look() -> int:
        raise KeyError

    with pytest.raises(KeyError):
        until(look, bool, clock=FakeClock(), seconds=10, pause=1, on_timeout=error)


class CoarseClock(FakeClock):
    """A clock of floating-point seconds, which a very short sleep does not move."""

    def sleep(self, seconds: float) -> None:
        assert len(self.sleeps) < 10
        super().sleep(seconds)
        self.time -= seconds if seconds < 1e-8 else 0


def test_a_rest_of_time_that_moves_no_clock_ends_the_wait() -> None:
    with pytest.raises(WaitTimeoutError):
        until(lambda: 0, bool, clock=CoarseClock(), seconds=1.0, pause=1.0 - 1e-9, on_timeout=error)
