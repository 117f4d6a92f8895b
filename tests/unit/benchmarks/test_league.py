# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A league's queue: what can be counted by hand, and what holds for every course."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.league.__main__ import Worker, main
from benchmarks.league.calendar import HOUR, MINUTE, Assumed, Clip, clips, sessions
from benchmarks.league.limits import raised, shipped
from benchmarks.league.queue import Outcome, Simulation, Work
from benchmarks.league.scaling import Policy, Scaler


def test_a_week_has_its_games_and_practices() -> None:
    found = sessions(Assumed(weeks=1))
    games = [session for session in found if session.hours == 2.5]
    assert len(games) == 2 * 52
    assert len(found) == 7 * 30
    assert found == sessions(Assumed(weeks=1))


def test_clips_hold_all_that_was_filmed() -> None:
    assumed = Assumed(weeks=1, clip_minutes=40)
    made = clips(assumed)
    assert sum(clip.minutes for clip in made) == pytest.approx(4 * 60 * sum(one.hours for one in sessions(assumed)))
    assert max(clip.minutes for clip in made) == 40
    assert [clip.at for clip in made] == sorted(clip.at for clip in made)


def test_fixed_tasks_by_hand() -> None:
    # Two clips of 100 s at 0 s and one task, which works from 60 s on: ready at 160 and 260 s.
    outcome = Simulation(Work(seconds=10), Policy.fixed(1)).run([Clip(0, 10), Clip(0, 10)])
    assert outcome.ready == [160, 260]
    assert outcome.waits == [60, 160]
    assert (outcome.paid, outcome.most, outcome.lost) == (260, 1, 0)


def test_clips_of_which_nobody_has_a_piece_are_counted_by_hand() -> None:
    # A task works from 60 s on: until then all three wait, and then those that it is not at.
    clips = [Clip(0, 10), Clip(0, 10), Clip(30, 10)]
    assert Simulation(Work(seconds=10), Policy.fixed(1)).run(clips).queued == 3
    # One that has a task at any of its pieces does not wait.
    assert Simulation(Work(seconds=10, piece_minutes=5), Policy.fixed(2)).run([Clip(60, 10), Clip(61, 10)]).queued == 1


def test_what_the_service_refuses_as_shipped_is_told() -> None:
    assert (shipped("MAX_DURATION_SECONDS"), shipped("QUEUE_SIZE")) == (600, 50)
    told = list(raised(Assumed(clip_minutes=30), 250, Outcome(queued=51)))
    assert told == [
        "FASTBREAK_MAX_DURATION_SECONDS: 1800 seconds in a clip; more than 600 are refused as shipped",
        "FASTBREAK_MAX_WORK_SECONDS: 7500 processor seconds of work in a clip; more than 1800 are refused as shipped",
        "FASTBREAK_QUEUE_SIZE: 51 clips that wait at once; more than 50 are refused as shipped",
    ]
    assert list(raised(Assumed(clip_minutes=6), 250, Outcome(queued=50))) == []


def test_pieces_of_a_clip_are_worked_on_at_once() -> None:
    outcome = Simulation(Work(seconds=10, piece_minutes=5), Policy.fixed(2)).run([Clip(60, 10)])
    assert outcome.ready == [50]


POLICY = Policy(0, 100, per_task=2, age_seconds=math.inf, cooldown_in=60)
# What is there each minute, for each of 10 tasks, and what is wanted after it.
COURSES = [
    ([20, 20, 20, 20], 10),
    ([21, 21], 10),
    ([21, 21, 40], 20),
    ([40, 40, 19, 40, 40], 10),
    ([900, 900, 900], 100),
    ([17] * 14, 10),
    ([17] * 15, 9),
    ([19] * 30, 10),
    ([0] * 15, 0),
]


@pytest.mark.parametrize(("course", "wanted"), COURSES)
def test_targets_are_tracked_as_documented(course: list[int], wanted: int) -> None:
    scaler = Scaler(POLICY)
    scaler.desired = 10
    for minute, backlog in enumerate(course):
        scaler.minute(minute * MINUTE, backlog, age=0, running=10)
    assert scaler.desired == wanted


def test_from_no_task_one_is_wanted_as_soon_as_anything_waits() -> None:
    scaler = Scaler(POLICY)
    assert [scaler.minute(number * MINUTE, backlog, 0, 0) for number, backlog in enumerate((0, 0, 5))] == [0, 0, 1]


ARRIVALS = st.lists(st.builds(Clip, st.floats(0, 12 * HOUR), st.floats(0.5, 30)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=40)
@given(ARRIVALS, st.sampled_from([1.0, 7.0, math.inf]))
def test_every_clip_is_ready_once_whatever_scales(arriving: list[Clip], pieces: float) -> None:
    work = Work(seconds=60, piece_minutes=pieces)
    for policy in (Policy(0, 20, 1, 300), Policy(1, 5, 1, 300), Policy.fixed(3)):
        outcome = Simulation(work, policy).run(sorted(arriving, key=lambda clip: clip.at))
        assert len(outcome.ready) == len(arriving)
        assert min(outcome.ready) > 0
        assert outcome.most <= policy.maximum
        worked = sum(clip.minutes for clip in arriving) * work.seconds + outcome.lost
        assert outcome.paid >= worked * (1 - 1e-9)


@settings(deadline=None, max_examples=40)
@given(ARRIVALS, st.integers(1, 6))
def test_more_tasks_never_take_longer(arriving: list[Clip], tasks: int) -> None:
    ordered = sorted(arriving, key=lambda clip: clip.at)
    fewer, more = (Simulation(Work(60), Policy.fixed(number)).run(ordered) for number in (tasks, tasks + 1))
    assert max(more.ready) <= max(fewer.ready) + 1e-6


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cpu-seconds", "100", "--teams", "2", "--weeks", "1", "--maximum", "12"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) == 5
    assert "scaled, 0 to 12 |" in rows[2]


def test_an_impossible_league_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--teams", "0"])
    assert "teams must be above 0" in capsys.readouterr().err


def test_the_worker_is_the_inventory_s() -> None:
    worker = Worker.of("prod")
    assert worker.usd_an_hour == pytest.approx(2 * 0.04048 + 4 * 0.004445)
    assert worker.policy.maximum >= worker.policy.minimum
