# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is told of movement in a clip of segments, before a camera that moves: beside the same clip in one go."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastbreak_service.movement.review import Trails
from fastbreak_service.movement.series import KEPT
from fastbreak_service.movement.values import Cut, Deceleration
from fastbreak_service.segments.cutting import Segment
from fastbreak_service.segments.joining import Part, join
from fastbreak_service.segments.looked import Looked, read
from fastbreak_service.segments.reading import Account
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.limits import Limits
from fastbreak_service.vision.landmarks import COUNT
from fastbreak_service.vision.models import ModelIdentity
from fastbreak_service.vision.shift import STILL, Shift
from support.figures import METRES, Camera, running, seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.vision.arrays import Floats
    from fastbreak_service.vision.tracker import Sighting

    type Place = tuple[float, float]

RATE = 30
MODEL = ModelIdentity("blazepose-full", "ab" * 32)
LEAD_SECONDS = 2.0
FILMED = Camera(rate=RATE, height=300, noise=1.5)
SMALL = 16.0
"""Pixels of a frame of 1080p to one of the small picture in which the camera is looked at."""


def panned(time: float) -> Shift:
    """A camera that follows at 1.5 body heights a second, rolls a little and zooms by a hundredth."""
    turn, scale = 0.02 * math.sin(time), 1 + 0.01 * math.sin(2 * time)
    return Shift(scale * math.cos(turn), scale * math.sin(turn), 450 * time, 40 * math.sin(time))


def slowly(time: float) -> Shift:
    """A camera that pans slowly: 30 pixels a second, as those see it who hear of it in steps."""
    return Shift(1, 0, 30 * time, 0)


@dataclass(frozen=True)
class Shot:
    """A figure that goes a way in metres of the picture before a camera, with what is told of that by a segment."""

    way: Callable[[float], Place]
    ground: Callable[[float], Shift]
    step: float = 0.0
    breaks: tuple[float, ...] = ()
    blind: tuple[float, float] = (0, 0)
    seconds: float = 12.0

    def scene(self, time: float) -> int:
        """How many scenes have begun since the first one, at a time."""
        return sum(time >= moment for moment in self.breaks)

    def told(self, frame: int, first: int) -> tuple[list[float], int]:
        """Ground and scene of a frame in a segment whose first frame is another: its scenes begin there."""
        time, begun = frame / RATE, self.scene(first / RATE)
        scene = self.scene(time) - begun
        if self.blind[0] <= time < self.blind[1]:
            return [math.nan] * 4, scene
        begins = max([first / RATE, *(moment for moment in self.breaks if moment <= time)])
        found = self.ground(begins).undone(STILL)
        shift = self.ground(time).then(found)
        across = shift.across if not self.step else self.step * math.floor(shift.across / self.step)
        return [shift.a, shift.b, across, shift.down], scene

    def looked(self, segment: Segment, form: int = 2) -> Looked:
        """What is seen of a segment."""
        first, own, last = (
            round(moment * RATE) for moment in (segment.lead_seconds, segment.start_seconds, segment.end_seconds)
        )
        count = last - first
        camera = [self.told(frame, first) for frame in range(first, last)]
        points = np.array([landmarks(self.way, self.ground, frame) for frame in range(first, last)])
        looked = Looked(
            own - first,
            Account(last - own, 0, 0, interlaced=False, spent_seconds=1.0),
            MODEL,
            np.arange(first, last) / RATE,
            np.ones(count, np.int32),
            np.arange(count, dtype=np.int32),
            points,
            np.ones((count, COUNT), np.float32),
            None if form == 1 else np.array([ground for ground, _ in camera]),
            None if form == 1 else np.array([scene for _, scene in camera], np.int32),
        )
        return read(looked.written())


@cache
def landmarks(way: Callable[[float], Place], ground: Callable[[float], Shift], frame: int) -> Floats:
    """A figure in a frame."""
    time = frame / RATE
    body = seen(running(time), FILMED) + np.array(way(time)) * FILMED.height / METRES
    shown = np.array([ground(time).back(x, y) for x, y in body])
    found = np.zeros((COUNT, 2), np.float32)
    found[KEPT] = shown + np.random.default_rng(frame).normal(0, FILMED.noise, shown.shape)
    return found


def cut(seconds: float, count: int) -> list[Segment]:
    """A clip in even segments."""
    each = seconds / count
    size, whole = (1920, 1080), Completeness.WHOLE
    return [
        Segment(
            number,
            count,
            0.0,
            max(0.0, number * each - LEAD_SECONDS),
            number * each,
            (number + 1) * each,
            0,
            round(each * RATE),
            *size,
            whole,
        )
        for number in range(count)
    ]


@dataclass(frozen=True)
class Told:
    """What is told of a clip: cuts and decelerations, the sightings, and for how long events were looked for."""

    ways: list[Cut | Deceleration]
    sightings: list[Sighting]
    looked_seconds: dict[str, float]

    @property
    def grounds(self) -> list[Shift | None]:
        """What leads from each frame to the first of its scene."""
        return [one.ground for one in self.sightings]

    @property
    def scenes(self) -> list[int]:
        """The scene of each frame."""
        return [one.scene for one in self.sightings]


def told(shot: Shot, count: int, forms: tuple[int, ...] = (2,), missing: tuple[int, ...] = ()) -> Told:
    """A clip in so many segments, joined."""
    trails = Trails()
    seen_by: list[Sighting] = []

    def follow(sighting: Sighting) -> None:
        seen_by.append(sighting)
        trails.add(sighting)

    segments = cut(shot.seconds, count)
    parts = (
        Part(one, None if one.number in missing else shot.looked(one, forms[one.number % len(forms)]))
        for one in segments
    )
    result = join(parts, Limits(), lambda _row: None, follow)
    moved = trails.reviewed(result.video.frames_per_second, SMALL)
    events = [event for person in moved.persons for event in person.events if isinstance(event, Cut | Deceleration)]
    return Told(events, seen_by, moved.looked_seconds)


def zigzag(time: float) -> Place:
    """To and fro at 3.5 m/s, with a sharp turn every 1.5 s: at 1.5, 3.0 ... 10.5 s; two of them at borders of four."""
    legs, rest = divmod(time, 1.5)
    turned = math.radians(100)
    across = (legs // 2) * 1.5 * (1 + math.cos(turned)) + (rest if legs % 2 == 0 else 1.5 + rest * math.cos(turned))
    down = -rest * math.sin(turned) if legs % 2 else 0.0
    up = -(legs // 2) * 1.5 * math.sin(turned)
    return 3.5 * across, 3.5 * (up + down)


def stops(time: float) -> Place:
    """From 5 m/s to nothing in a second, every 3 s from 2 s on; one of the stops is at a border of three."""
    legs, rest = divmod(time, 3.0)
    braked = max(0.0, rest - 1.5)
    return legs * 10.0 + 5.0 * rest - 2.5 * min(1.0, braked) ** 2 - 5.0 * max(0.0, braked - 1.0), 0.0


def differ(one: Cut | Deceleration, other: Cut | Deceleration) -> float:
    """How far two values are apart, in errors of the first."""
    if isinstance(one, Cut) and isinstance(other, Cut):
        value, same, error = one.angle_degrees, other.angle_degrees, one.angle_error
    else:
        assert isinstance(one, Deceleration)
        assert isinstance(other, Deceleration)
        value, same, error = one.lost, other.lost, one.lost_error
    if value is None or same is None or error is None:
        return 0.0 if value is same else math.inf
    return abs(value - same) / error


@pytest.mark.parametrize("way", [zigzag, stops])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_segments_give_the_events_of_the_whole(way: Callable[[float], Place], count: int) -> None:
    """A camera that is known exactly makes no difference where there is a border."""
    whole, parts = (told(Shot(way, panned), number) for number in (1, count))
    assert len(whole.ways) >= 3
    assert [(one.kind, one.frame) for one in parts.ways] == [(one.kind, one.frame) for one in whole.ways]
    assert parts.looked_seconds == whole.looked_seconds
    assert all(differ(one, other) <= 0.02 for one, other in zip(whole.ways, parts.ways, strict=True))
    assert parts.scenes == whole.scenes == [0] * len(whole.scenes)


@pytest.mark.parametrize("way", [zigzag, stops])
@pytest.mark.parametrize("count", [3, 4])
def test_what_is_known_in_steps_differs_by_less_than_the_error(way: Callable[[float], Place], count: int) -> None:
    """Each segment hears of a slow pan at moments of its own: by .4 pixels of its small picture at a time."""
    whole, parts = (told(Shot(way, slowly, step=0.4 * SMALL), number) for number in (1, count))
    assert [one.kind for one in parts.ways] == [one.kind for one in whole.ways]
    for one, other in zip(whole.ways, parts.ways, strict=True):
        # Who brakes evenly loses as much a little earlier or later.
        assert abs(one.seconds - other.seconds) <= (0.04 if isinstance(one, Cut) else 0.21)
        assert differ(one, other) <= 1
    apart = [
        math.hypot(one.across - other.across, one.down - other.down)
        for one, other in zip(whole.grounds, parts.grounds, strict=True)
        if one is not None and other is not None
    ]
    assert len(apart) == 12 * RATE
    assert max(apart) <= (count - 1) * 0.4 * SMALL


@pytest.mark.parametrize("breaks", [(6.0,), (5.0, 5.5), (4.5, 6.0, 7.0)])
def test_a_change_of_scene_is_one_wherever_it_is(breaks: tuple[float, ...]) -> None:
    """Before a border, in what leads to it, or at it."""
    whole, parts = (told(Shot(zigzag, panned, breaks=breaks), number) for number in (1, 2))
    assert parts.scenes == whole.scenes
    assert [(one.kind, one.frame) for one in parts.ways] == [(one.kind, one.frame) for one in whole.ways]
    for one, other in zip(whole.grounds, parts.grounds, strict=True):
        assert one is not None
        assert other is not None
        assert other.across == pytest.approx(one.across, abs=1e-3)


def test_where_nothing_was_known_of_the_camera_a_new_scene_begins() -> None:
    """Nothing leads from one to the other, so nothing is told over the border."""
    blind = told(Shot(zigzag, panned, blind=(3.9, 6.1)), 2)
    assert set(blind.scenes[: 6 * RATE]) == {0}
    assert set(blind.scenes[6 * RATE :]) == {1}
    assert all(not 3.5 <= one.seconds <= 6.5 for one in blind.ways)
    assert len(blind.ways) >= 3
    shortly = told(Shot(zigzag, panned, blind=(5.5, 6.1)), 2)
    assert set(shortly.scenes) == {0}


def test_where_nothing_was_ever_known_it_is_one_scene() -> None:
    whole, parts = (told(Shot(zigzag, panned, blind=(0, 99)), number) for number in (1, 3))
    assert parts.scenes == whole.scenes
    assert set(parts.grounds) == {None}
    assert parts.ways == whole.ways == []


def test_behind_a_missing_part_a_new_scene_begins() -> None:
    parts = told(Shot(zigzag, panned), 3, missing=(1,))
    assert {(one.scene, one.frame >= 8 * RATE) for one in parts.sightings} == {(0, False), (1, True)}


@pytest.mark.parametrize("forms", [(1,), (1, 2), (2, 1)])
def test_segments_of_the_first_form_are_joined_and_tell_no_ways(forms: tuple[int, ...]) -> None:
    parts = told(Shot(zigzag, panned), 2, forms=forms)
    assert len(parts.sightings) == 12 * RATE
    known = [one is not None for one in parts.grounds]
    assert known == [forms[number % len(forms)] == 2 for number in (0, 1) for _ in range(6 * RATE)]
    assert [one for one in parts.ways if not known[one.frame]] == []
    # None would be told around the border of two scenes.
    assert parts.looked_seconds["landing"] == pytest.approx(12 if len(set(forms)) == 1 else 11.4, abs=0.1)
    assert (parts.looked_seconds["cut"] > 0) == (2 in forms)
    assert len(set(parts.scenes)) == len(set(forms))


def test_what_no_camera_does_is_refused() -> None:
    looked = Shot(zigzag, panned).looked(cut(12, 6)[1])
    assert looked.grounds is not None
    assert looked.scenes is not None
    wrong = looked.grounds.copy()
    for value in (np.inf, 1e12):
        wrong[5] = (1, 0, value, 0)
        with pytest.raises(ValueError, match="camera"):
            read(replace(looked, grounds=wrong).written())
    wrong[5] = (0, 0, 1, 1)
    with pytest.raises(ValueError, match="camera"):
        read(replace(looked, grounds=wrong).written())
    for scenes in (looked.scenes - 1, looked.scenes + np.arange(len(looked.scenes), dtype=np.int32)[::-1]):
        with pytest.raises(ValueError, match="camera"):
            read(replace(looked, scenes=scenes.astype(np.int32)).written())
