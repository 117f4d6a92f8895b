# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The work of one analysis, shared by segments that are looked at side by side: played through with all their costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.segments.budget import _FREE_TAKES, GRANT_SECONDS, Charge, Used, allowed, is_free, is_spent

PACKETS = 1800


@dataclass
class Side:
    """A segment that costs so much, in all attempts together, and how far it is."""

    cost: float
    used: float = 0.0
    lost: float = 0.0
    granted: float = 0.0
    waited: float = 0.0
    state: str = "open"
    takes: int = 0
    waits: int = 0
    """Until which turn it is not taken."""
    idle: int = 0
    """Turns for which it held a worker that did nothing."""

    @property
    def charged(self) -> float:
        """What the database has."""
        return self.lost + self.granted


@dataclass
class Game:
    """Workers that look at segments, each a second of work in a turn, until all have ended."""

    limit: float
    sides: list[Side]
    workers: int
    kills: dict[int, int] = field(default_factory=dict)
    stops: list[int] = field(default_factory=list)

    def play(self) -> list[Side]:
        """The segments at the end.

        `kills`: in which turn whoever looks at which segment is killed; `stops`: when all hand back what they have.
        """
        for turn in range(100_000):
            for number in (number for at, number in self.kills.items() if at == turn):
                self._kill(self.sides[number % len(self.sides)])
            for side in self.sides if turn in self.stops else []:
                self._stop(side)
            running = [side for side in self.sides if side.state == "runs"]
            free = [side for side in self.sides if side.state == "open" and side.waits <= turn]
            for side in free[: self.workers - len(running)]:
                self._take(side, turn)
            if all(side.state in {"seen", "missing"} for side in self.sides):
                return self.sides
            for side in self.sides:
                if side.state == "runs":
                    self._step(side)
            assert sum(side.charged for side in self.sides) <= self.limit + 1e-6, "never more than there is"
        raise AssertionError("it never ends")

    @staticmethod
    def _kill(side: Side) -> None:
        if side.state == "runs":
            side.state, side.lost = "open", side.charged
            side.used = side.granted = side.waited = 0.0

    @staticmethod
    def _stop(side: Side) -> None:
        if side.state == "runs":
            side.state, side.lost = "open", side.lost if is_free(side.takes) else side.charged
            side.used = side.granted = side.waited = 0.0

    def _take(self, side: Side, turn: int) -> None:
        """As a worker does: it asks at once, and puts off what may go on later."""
        side.state = "runs"
        found = self._asks(side)
        if found is None:
            side.state, side.waits = "open", turn + 15
        elif found <= 0:
            side.state = "missing"
        else:
            side.granted, side.takes = found, side.takes + 1

    def _asks(self, side: Side) -> float | None:
        number = next(place for place, one in enumerate(self.sides) if one is side)
        frames = round(PACKETS * side.used / side.cost)
        others = [
            Charge(place, PACKETS, other.charged, other.state == "runs")
            for place, other in enumerate(self.sides)
            if other is not side
        ]
        return allowed(number, side.lost, Used(side.used, frames, side.waited), others, self.limit)

    def _step(self, side: Side) -> None:
        aim = min(side.used + 1, side.cost)
        if aim > side.granted:
            found = self._asks(side)
            side.granted = side.used if found is None else found
            side.waited = side.waited + 1 if found is None else 0.0
            if found is None:
                side.idle += 1
                return
            if found <= side.used:
                side.state = "missing"
                return
        side.used = min(aim, side.granted)
        if side.used >= side.cost:
            side.state, side.granted = "seen", side.used


def sides(*costs: float) -> list[Side]:
    """Segments of these costs."""
    return [Side(cost) for cost in costs]


@given(
    st.lists(st.floats(1, 200), min_size=2, max_size=25),
    st.integers(1, 30),
    st.lists(st.integers(0, 600), max_size=_FREE_TAKES),
)
def test_what_the_whole_may_be_all_segments_may_be_however_many_are_looked_at_at_once(
    costs: list[float], workers: int, stops: list[int]
) -> None:
    """And however often their workers are stopped meanwhile, as by a deployment."""
    found = Game(sum(costs) + 0.1 * len(costs) + 0.2, sides(*costs), workers, stops=stops).play()
    assert {side.state for side in found} == {"seen"}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_deployment_or_a_reclaim_loses_nothing_of_what_fits(workers: int) -> None:
    found = Game(1800, sides(*[170.0] * 10), workers, stops=[80, 150, 250, 320]).play()
    assert [(side.state, round(side.charged)) for side in found] == [("seen", 170)] * 10


def test_what_is_stopped_for_ever_comes_to_an_end() -> None:
    (found,) = Game(300, sides(170.0), 1, stops=[*range(0, 10_000, 100)]).play()
    assert found.state == "missing"
    assert found.takes > _FREE_TAKES


@given(st.lists(st.floats(20, 200), min_size=2, max_size=25), st.integers(1, 30), st.floats(0.1, 1))
def test_together_they_are_never_more_work_than_the_whole_may_be(
    costs: list[float], workers: int, share: float
) -> None:
    limit = share * sum(costs)
    found = Game(limit, sides(*costs), workers).play()
    assert sum(side.used for side in found) <= limit + 1e-6


@given(
    st.lists(st.floats(20, 120), min_size=2, max_size=12),
    st.integers(1, 12),
    st.dictionaries(st.integers(0, 200), st.integers(0, 11), max_size=6),
)
def test_the_time_of_killed_workers_counts_and_nothing_waits_for_ever(
    costs: list[float], workers: int, kills: dict[int, int]
) -> None:
    found = Game(0.9 * sum(costs), sides(*costs), workers, kills).play()
    assert sum(side.charged for side in found) <= 0.9 * sum(costs) + 1e-6


@pytest.mark.parametrize("workers", [1, 4, 20])
def test_of_a_video_that_is_too_much_most_of_the_work_is_not_in_vain(workers: int) -> None:
    """Twenty at once, each with an equal share, would all end unfinished."""
    found = Game(1800, sides(*[120.0] * 20), workers).play()
    seen = [number for number, side in enumerate(found) if side.state == "seen"]
    assert len(seen) >= 13
    assert seen == list(range(len(seen))), "those that come first"


@pytest.mark.parametrize(
    ("workers", "count", "cost", "limit"), [(2, 40, 360, 1800), (4, 120, 360, 10_800), (20, 120, 60, 1800)]
)
def test_of_a_spent_video_no_segment_holds_a_worker_that_has_nothing_to_do(
    workers: int, count: int, cost: float, limit: float
) -> None:
    found = Game(limit, sides(*[float(cost)] * count), workers).play()
    assert sum(side.idle for side in found) == 0
    assert sum(side.state == "seen" for side in found) >= limit / cost - 1


def test_who_was_granted_nothing_is_not_waited_for() -> None:
    spent = Charge(0, PACKETS, 100, runs=False)
    asking = [Charge(number, PACKETS, 0.0, runs=True) for number in (1, 2, 4)]
    assert allowed(3, 0, Used(0, 0), [spent, *asking], 100) == 0
    assert allowed(3, 0, Used(0, 0), [replace(spent, seconds=90), Charge(4, PACKETS, 10, runs=True)], 100) is None
    assert is_spent(99.95, 100)
    assert not is_spent(99.8, 100)


def test_what_is_granted_is_little() -> None:
    assert allowed(0, 0, Used(0, 0), [], 1800) == GRANT_SECONDS
    assert allowed(0, 0, Used(9, 100), [Charge(1, PACKETS, 1788, runs=True)], 1800) == 12
    assert allowed(0, 3, Used(9, 100), [], 20) == 17


def test_whoever_is_first_waits_for_what_comes_back_but_not_for_ever() -> None:
    others = [Charge(1, PACKETS, 10, runs=True)]
    assert allowed(0, 0, Used(90, 100), others, 100) is None
    assert allowed(0, 0, Used(90, 100, 61), others, 100) == 90
    assert allowed(0, 0, Used(90, 100), [Charge(1, PACKETS, 10, runs=False)], 100) == 90
    assert allowed(2, 0, Used(90, 100, 61), others, 100) is None, "those before it are let go on"
