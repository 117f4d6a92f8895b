# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A team's year: all footage is analysed, and capacity that follows the load costs no more than what stands always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.cost.year import Capacity, Load, simulate

LOADS = st.builds(
    Load,
    season_weeks=st.integers(1, 52),
    games_a_week=st.integers(1, 7),
    cameras=st.integers(1, 12),
    frames_a_second=st.floats(10, 120),
    analysed_a_second=st.floats(1, 200),
    ready_after_hours=st.integers(1, 12),
)


@given(LOADS, st.sampled_from([0.25, 1.0, 2.0, 4.0]), st.integers(0, 4))
def test_scaling_pays_for_what_is_busy_and_no_more_than_fixed_capacity(load: Load, vcpu: float, minimum: int) -> None:
    year = simulate(load, Capacity(vcpu, minimum, 10_000))
    assert year.busy <= year.scaled + 1e-6
    assert year.scaled <= year.fixed + 1e-6
    assert year.peak >= minimum


def test_the_work_is_what_the_calendar_brings() -> None:
    # 22 weeks of 3 workouts of 1.5 h and 30 of 3 games of 2.5 h and 3 practices of 2 h, 30 frames a second at 15.
    load = Load(cameras=1)
    footage = 22 * 3 * 1.5 + 30 * 3 * (2.5 + 2.0)
    assert simulate(load, Capacity(1.0, 1, 100)).busy == pytest.approx(2 * footage)


def test_with_a_week_of_games_every_day_there_is_no_practice() -> None:
    names = {session.name: session.days for session in Load(games_a_week=7).sessions(0)}
    assert names["practice"] == ()
    assert sorted(names["game"]) == list(range(7))


def test_what_the_maximum_does_not_take_waits_and_is_done_later() -> None:
    load = Load(cameras=12, analysed_a_second=30.0)
    narrow, wide = simulate(load, Capacity(1.0, 1, 12)), simulate(load, Capacity(1.0, 1, 1000))
    assert narrow.busy == pytest.approx(wide.busy)
    assert narrow.peak == 12
