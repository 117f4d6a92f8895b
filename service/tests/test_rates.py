# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many frames a second there are: of a video with pauses and missing pictures, and about an event."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from fastbreak_service.movement.curves import curves
from fastbreak_service.movement.review import events, review
from fastbreak_service.movement.sampling import MOST_SAMPLES
from fastbreak_service.movement.series import KEPT, Trail, motion
from fastbreak_service.movement.values import Jump, Landing
from fastbreak_service.video.facts import Remarked
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.limits import Limits
from fastbreak_service.video.timing import Steps
from fastbreak_service.vision.landmarks import COUNT
from support import clips
from support.figures import Camera, Drop, Leap, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from fastbreak_service.vision.pose import Pose
    from support.figures import Stance


def filmed(stance: Callable[[float], Stance], times: Iterable[float], camera: Camera) -> Trail:
    """A figure at uneven times."""
    trail, chance = Trail(), np.random.default_rng(camera.seed)
    for frame, seconds in enumerate(times):
        landmarks, visible = np.zeros((COUNT, 2), np.float32), np.ones(COUNT, np.float32)
        landmarks[KEPT] = seen(stance(seconds), camera) + chance.normal(0, camera.noise, (len(KEPT), 2))
        trail.add(frame, seconds, cast("Pose", SimpleNamespace(points=landmarks, visibility=visible)))
    return trail


def rate_of(times: Iterable[float]) -> float:
    steps, told = Steps(), list(times)
    for seconds in told:
        steps.note(seconds)
    return steps.rate((len(told) - 1) / told[-1])


def slower(local: float) -> list[float]:
    """60 frames a second, fewer from 1.5 to 2.8 s."""
    return [*np.arange(0, 1.5, 1 / 60), *np.arange(1.5, 2.8, 1 / local), *np.arange(2.8, 4.5, 1 / 60)]


def test_a_rate_is_that_of_pictures_that_follow_each_other() -> None:
    even = [number / 30 for number in range(60)]
    assert rate_of(even) == 59 / even[-1]
    assert rate_of([*even, *(12 + seconds for seconds in even)]) == pytest.approx(30)
    assert rate_of(seconds for number, seconds in enumerate(even) if number % 6 != 2) == pytest.approx(30)
    # Stamps in whole milliseconds.
    assert rate_of(round(number / 60, 3) for number in range(600)) == pytest.approx(60, abs=0.01)
    assert rate_of(slower(15)) == pytest.approx(60)
    assert Steps().rate(0.0) == 0


def test_a_pause_in_a_video_is_told_and_makes_it_no_slower(tmp_path: Path) -> None:
    stamps = [*(33 * number for number in range(10)), *(5000 + 33 * number for number in range(10))]
    pictures = [clips.corner_picture(64, 48)] * len(stamps)
    reader = VideoReader(clips.write(tmp_path / "v.mkv", pictures, clips.Look(stamps=tuple(stamps))), Limits())
    assert len(list(reader)) == 20
    facts = reader.facts()
    assert facts.frames_per_second == pytest.approx(1000 / 33, rel=0.01)
    (pause,) = facts.remarks
    assert (pause.kind, pause.from_seconds, pause.to_seconds) == (Remarked.PAUSED, 0.297, 5.0)


def test_a_video_of_a_picture_a_second_does_not_pause() -> None:
    steps = Steps()
    for second in range(9):
        steps.note(second)
    assert steps.paused(1.0) == []


def test_a_landing_after_a_pause_is_measured_as_without_one() -> None:
    times = [*np.arange(0, 2, 1 / 60), *np.arange(14, 16, 1 / 60)]
    camera, drop = Camera(400, 60, 90, 2), Drop(contact=1.0, height=0.4)
    (landing,) = review(filmed(drop, times, camera), rate_of(times))[0]
    (same,) = review(filmed(drop, times[:120], camera), 60)[0]
    assert isinstance(landing, Landing)
    assert isinstance(same, Landing)
    assert (landing.contact_frame, landing.rate) == (same.contact_frame, 60)
    assert landing.fall_speed == pytest.approx(same.fall_speed, rel=0.1)


def test_about_a_landing_counts_how_many_frames_there_are_about_it() -> None:
    times = slower(30)
    drop = Drop(contact=2.05, height=0.4)
    (landing,) = review(filmed(drop, times, Camera(400, 60, 90, 2)), rate_of(times))[0]
    assert isinstance(landing, Landing)
    assert landing.rate == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize("local", [20, 15, 12])
def test_where_frames_are_too_few_nothing_is_told_nor_was_looked_for(local: float) -> None:
    times = slower(local)
    found = events(filmed(Drop(contact=2.05, height=0.4), times, Camera(400, 60, 90, 2)), rate_of(times))
    assert found.events == []
    assert found.looked_seconds["landing"] == pytest.approx(times[-1] - 1.3, abs=0.7)


def test_a_flight_is_known_as_well_as_its_ends_are() -> None:
    times, leap = slower(30), Leap(takeoff=1.9, height=0.3)
    found = review(filmed(leap, times, Camera(400, 60, 90, 2)), rate_of(times))[0]
    (jump,) = (event for event in found if isinstance(event, Jump))
    assert jump.flight_error == pytest.approx(1 / 30, abs=0.001)


def test_what_is_between_two_frames_was_not_seen() -> None:
    times = [seconds for number, seconds in enumerate(np.arange(0, 2, 1 / 60)) if number % 4 != 2]
    moved = motion(filmed(Drop(), times, Camera()), 60)
    assert moved is not None
    between = np.abs(moved.times[:, None] - np.array(times)).min(axis=1) > 0.001
    assert between.any()
    assert not moved.sighted[between].any()
    assert moved.sighted[~between].all()
    assert moved.followed.all()


def test_a_plot_shows_as_seen_what_a_frame_shows() -> None:
    times = slower(30)
    trail = filmed(Drop(contact=2.05, height=0.4), times, Camera(400, 60, 90, 2))
    (landing,) = review(trail, rate_of(times))[0]
    moved = motion(trail, rate_of(times))
    assert isinstance(landing, Landing)
    assert moved is not None
    for curve in curves(moved, landing):
        shown = [value is not None for value in curve.seen]
        # Before 1.5 and after 2.8 s there are 60 a second.
        assert all(one is not other for one, other in pairwise(shown[6:60]))
        assert all(value is not None for value in curve.smooth)


def test_a_long_recording_with_short_steps_makes_no_series_without_end() -> None:
    times = [0.0, 1 / 240, 2 / 240, 1799.0, 1799 + 1 / 240]
    moved = motion(filmed(Drop(), times, Camera()), 240)
    assert moved is not None
    assert len(moved.times) <= MOST_SAMPLES + 2
