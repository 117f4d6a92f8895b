# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Identities through crossings, losses and false alarms, in a world whose bodies are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastbreak_service.vision.detector import Detection
from fastbreak_service.vision.doubts import Doubts
from fastbreak_service.vision.mirror import GROUPS, swapped
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.region import Box, Region, box_around
from fastbreak_service.vision.shift import Shift
from fastbreak_service.vision.tracker import Tracker

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats

RATE = 30
SIDE = 200.0
_SHAPES = np.random.default_rng(1).uniform(-60, 60, (8, 33, 2)).astype(np.float32)


def points_of(body: int, x: float) -> Floats:
    """A body's landmarks when its middle is at x."""
    points: Floats = _SHAPES[body] - _SHAPES[body].mean(axis=0) + np.array([x, 300], np.float32)
    return points


@dataclass
class World:
    """Bodies on a line of sight: `paths` gives each body's x by frame, none while it cannot be seen.

    `scores` are those of a frame's detections, where they are not 0.9; 0 is none.
    """

    paths: list[dict[int, float]]
    scores: dict[int, float] = field(default_factory=dict)
    tracker: Tracker = field(default_factory=Tracker)
    seen: dict[int, dict[int, float]] = field(default_factory=dict)
    looks: int = 0

    def run(self, frames: int, first: int = 0) -> None:
        """Show the frames to the tracker and note which person was seen where."""
        for frame in range(first, first + frames):
            bodies = [(i, path[frame]) for i, path in enumerate(self.paths) if frame in path]
            time = frame / RATE
            detections = None
            if self.tracker.search(time):
                score = self.scores.get(frame, 0.9)
                detections = [Detection(box_around(points_of(i, x)), score) for i, x in bodies if score]
            sightings = self.tracker.update(
                frame,
                time,
                detections,
                lambda region, bodies=bodies: self._look(region, bodies),  # type: ignore[misc]
            )
            for sighting in sightings:
                self.seen.setdefault(sighting.person, {})[sighting.frame] = float(sighting.pose.points[:, 0].mean())

    def _look(self, region: Region, bodies: list[tuple[int, float]]) -> Pose:
        self.looks += 1
        near = min(bodies, key=lambda body: abs(body[1] - region.center_x), default=None)
        if near is None or abs(near[1] - region.center_x) > SIDE / 2:
            return Pose(np.zeros((33, 2), np.float32), np.zeros(33, np.float32), 0.05, None)
        return Pose(points_of(*near), np.ones(33, np.float32), 0.95, Region(near[1], 300, SIDE))


def line(start: float, speed: float, frames: range) -> dict[int, float]:
    """A body that walks: pixels a frame."""
    return {frame: start + speed * (frame - frames.start) for frame in frames}


def test_one_body_is_one_person_from_its_first_frame() -> None:
    world = World([line(300, 3, range(90))])
    world.run(90)
    assert list(world.seen) == [1]
    assert sorted(world.seen[1]) == list(range(90))


def test_following_needs_one_look_a_frame() -> None:
    world = World([line(300, 3, range(90))])
    world.run(90)
    assert world.looks <= 91


def test_two_bodies_apart_are_two_persons() -> None:
    world = World([line(200, 1, range(60)), line(900, -1, range(60))])
    world.run(60)
    assert {person: len(frames) for person, frames in world.seen.items()} == {1: 60, 2: 60}


def test_a_newcomer_is_found_within_a_third_of_a_second() -> None:
    world = World([line(200, 0, range(60)), line(900, 0, range(20, 60))])
    world.run(60)
    assert min(world.seen[2]) <= 30


def test_a_person_hidden_for_a_second_keeps_the_number() -> None:
    hidden = {f: x for f, x in line(200, 4, range(120)).items() if not 40 <= f < 70}
    world = World([hidden])
    world.run(120)
    assert list(world.seen) == [1]
    assert not set(range(40, 70)) & set(world.seen[1])
    assert max(world.seen[1]) == 119


def test_a_person_hidden_while_the_camera_turns_keeps_the_number_and_a_stranger_gets_none() -> None:
    """They stand still, the camera turns by 30 pixels a frame, and somebody comes to where they were in the picture."""
    turned = {frame: 900 - 30.0 * max(0, min(frame - 30, 20)) for frame in range(90)}
    world = World([hidden(turned, range(30, 52)), line(900, 0, range(52, 90))])
    for frame in range(90):
        if 30 < frame <= 50:
            world.tracker.move(Shift(1, 0, -30, 0))
        world.run(1, frame)
    assert sorted(world.seen) == [1, 2]
    assert world.seen[1][89] == pytest.approx(300, abs=1)
    assert world.seen[2][89] == pytest.approx(900, abs=1)


def test_a_place_of_nobody_moves_with_the_camera() -> None:
    doubts = Doubts()
    doubts.note(Box(100, 100, 140, 200), 1.0)
    doubts.move(Shift(1, 0, 300, 0))
    assert doubts.about(Box(400, 100, 440, 200), 1.5)
    assert not doubts.about(Box(100, 100, 140, 200), 1.5)


def test_a_person_gone_for_longer_comes_back_as_another() -> None:
    gone = {f: x for f, x in line(200, 0, range(150)).items() if not 30 <= f < 100}
    world = World([gone])
    world.run(150)
    assert sorted(world.seen) == [1, 2]


def test_two_who_cross_keep_their_numbers() -> None:
    world = World([line(200, 6, range(120)), line(920, -6, range(120))])
    world.run(120)
    assert sorted(world.seen) == [1, 2]
    assert world.seen[1][0] < 300
    assert world.seen[1][119] > 800
    assert world.seen[2][119] < 300


def test_what_looks_like_a_person_for_two_frames_is_never_listed() -> None:
    world = World([line(200, 0, range(60)), {20: 900.0, 21: 900.0}, {40: 900.0}])
    world.run(60)
    assert list(world.seen) == [1]


def test_a_newcomer_who_is_blurred_for_a_frame_is_no_other() -> None:
    """Even without a detection that would find them again."""
    world = World([hidden(line(300, 3, range(60)), range(2, 3))], scores=dict.fromkeys(range(1, 60), 0.0))
    world.run(60)
    assert {person: sorted(frames) for person, frames in world.seen.items()} == {1: [0, 1, *range(3, 60)]}


def test_a_false_detection_without_a_body_is_never_listed() -> None:
    tracker = Tracker()
    nobody = Pose(np.zeros((33, 2), np.float32), np.zeros(33, np.float32), 0.1, None)
    found = [
        tracker.update(frame, frame / RATE, [Detection(Box(60, 60, 140, 140), 0.99)], lambda _: nobody)
        for frame in range(20)
    ]
    assert not any(found)
    assert tracker.finish() == []


def test_a_second_look_at_a_known_body_is_no_second_person() -> None:
    world = World([line(300, 0, range(30))])
    world.run(10)
    doubled = [Detection(box_around(points_of(0, 300)), 0.9), Detection(Box(160, 200, 520, 560), 0.8)]
    for frame in range(10, 20):
        sightings = world.tracker.update(frame, frame / RATE, doubled, lambda region: world._look(region, [(0, 300.0)]))
        assert {sighting.person for sighting in sightings} == {1}


def test_a_clip_of_two_frames_still_lists_its_person() -> None:
    world = World([line(300, 0, range(2))])
    world.run(2)
    assert world.seen == {}
    assert [(s.person, s.frame) for s in world.tracker.finish()] == [(1, 0), (1, 1)]


def hidden(path: dict[int, float], frames: range) -> dict[int, float]:
    """A body that cannot be seen for some frames."""
    return {frame: x for frame, x in path.items() if frame not in frames}


@pytest.mark.parametrize("apart", [50, 80, 110])
def test_a_person_lost_close_to_another_is_found_again(apart: float) -> None:
    """Their regions overlap, and so do their boxes; their landmarks do not agree."""
    world = World([line(300, 2, range(90)), hidden(line(300 + apart, 2, range(90)), range(30, 45))])
    world.run(90)
    assert sorted(world.seen) == [1, 2]
    assert sorted(world.seen[1]) == list(range(90))
    assert set(range(49, 90)) <= set(world.seen[2])


def test_a_newcomer_close_to_another_is_found() -> None:
    world = World([line(300, 0, range(60)), line(370, 0, range(20, 60))])
    world.run(60)
    assert {person: len(frames) for person, frames in world.seen.items() if person == 1} == {1: 60}
    assert min(world.seen[2]) <= 30


@pytest.mark.parametrize("missing", [1, 3, 6])
def test_a_person_who_blinks_is_found_again_without_a_detection(missing: int) -> None:
    path = hidden(line(300, 4, range(60)), range(30, 30 + missing))
    world = World([path], scores=dict.fromkeys(range(1, 60), 0.0))
    world.run(60)
    assert {person: sorted(frames) for person, frames in world.seen.items()} == {1: sorted(path)}


def test_who_stops_behind_something_is_the_same_when_they_come_out() -> None:
    """Their last speed would have carried them a body's length further."""
    path = line(200, 12, range(30)) | dict.fromkeys(range(60, 90), 560.0)
    world = World([path])
    world.run(90)
    assert list(world.seen) == [1]
    assert max(world.seen[1]) == 89


def test_a_second_look_that_takes_left_for_right_is_no_second_person() -> None:
    world = World([line(300, 0, range(30))])
    world.run(10)
    rows, visibility = world._look(Region(300, 300, SIDE), [(0, 300.0)]).points, np.ones(33, np.float32)
    mirrored = Pose(swapped(rows, visibility, GROUPS)[0], visibility, 0.95, Region(300, 300, SIDE))
    other = Detection(Box(160, 200, 520, 560), 0.8)
    for frame in range(10, 30):
        sightings = world.tracker.update(
            frame,
            frame / RATE,
            [Detection(box_around(points_of(0, 300)), 0.9), other],
            lambda region: mirrored if region == other.region else world._look(region, [(0, 300.0)]),
        )
        assert {sighting.person for sighting in sightings} == {1}


def searches(world: World, frames: int) -> list[tuple[int, bool, bool]]:
    """The key frames of a world, whether they are thorough, and whether the smallest is known to be small."""
    asked = []
    for frame in range(frames):
        search = world.tracker.search(frame / RATE)
        if search is not None:
            asked.append((frame, search.thorough, search.smallest < SIDE))
        world.run(1, first=frame)
    return asked


def test_a_known_person_is_no_reason_to_search_thoroughly_more_than_once_a_second() -> None:
    found = searches(World([line(300, 0, range(75))]), 75)
    assert found == [
        (0, True, False),
        (10, True, True),
        *((frame, False, True) for frame in (20, 30)),
        (40, True, True),
        *((frame, False, True) for frame in (50, 60)),
        (70, True, True),
    ]


def test_where_nobody_is_a_third_of_a_second_passes_between_thorough_searches() -> None:
    found = searches(World([]), 25)
    assert found == [(frame, frame % 10 == 0, False) for frame in (0, 3, 6, 9, 10, 13, 16, 19, 20, 23)]


STANDING = Box(260, 200, 340, 400)


def _turning(region: Region, upright_score: float) -> Pose:
    """A network that follows a body upside down, once it looks at it so, and sees it upright otherwise."""
    upside_down = abs(region.rotation) > 1
    points = np.stack([np.linspace(270, 330, 33), np.linspace(210, 390, 33)], axis=1).astype(np.float32)
    turn = 2.5 if upside_down or region.center_x > 300 else 0.0
    score = 0.9 if turn else upright_score
    return Pose(points, np.ones(33, np.float32), score, Region(300, 300, SIDE, turn))


@pytest.mark.parametrize(
    ("box", "score", "expected"),
    [
        (STANDING, 0.95, 0.0),
        (STANDING, 0.85, 0.0),
        (STANDING, 0.75, 2.5),  # a handstand
        (Box(200, 260, 400, 340), 0.95, 2.5),  # who lies
    ],
)
def test_who_is_followed_upside_down_where_somebody_stands_is_looked_at_again(
    box: Box, score: float, expected: float
) -> None:
    tracker = Tracker()
    tracker.update(0, 0, [Detection(Box(270, 200, 350, 400), 0.9)], lambda region: _turning(region, score))
    assert tracker.search(0.1) is not None
    tracker.update(1, 0.1, [Detection(box, 0.9)], lambda region: _turning(region, score))
    (sighting,) = [s for s in tracker.update(2, 0.2, None, lambda region: _turning(region, score)) if s.frame == 1]
    assert sighting.pose.next_region is not None
    assert sighting.pose.next_region.rotation == expected


def test_a_part_of_a_lost_person_is_nobody_new() -> None:
    tracker = Tracker()
    body = box_around(points_of(0, 300))

    def pose(region: Region, *, seen: bool) -> Pose:
        part = region.side < SIDE / 2
        points = (points_of(0, 300) - 300) / np.float32(3 if part else 1) + 300
        return Pose(
            points, np.ones(33, np.float32), 0.9 if seen or part else 0.1, Region(300, 300, SIDE / (3 if part else 1))
        )

    for frame in range(4):
        tracker.update(frame, frame / RATE, [Detection(body, 0.9)], lambda region: pose(region, seen=True))
    limb = [Detection(Box(285, 285, 315, 315), 0.9)]
    for frame in range(4, 12):
        found = tracker.update(frame, frame / RATE, limb, lambda region: pose(region, seen=False))
        assert {sighting.person for sighting in found} <= {1}


@pytest.mark.parametrize(
    ("refused_before_seconds", "score", "person"),
    [(None, 0.3, True), (0.4, 0.3, False), (2.9, 0.3, False), (3.1, 0.3, True), (0.4, 0.36, True)],
)
def test_where_a_look_saw_nobody_more_is_asked_of_the_next(
    refused_before_seconds: float | None, score: float, person: bool
) -> None:
    tracker, detection = Tracker(), Detection(box_around(points_of(0, 300)), score)
    nobody = Pose(np.zeros((33, 2), np.float32), np.zeros(33, np.float32), 0.05, None)
    somebody = Pose(points_of(0, 300), np.ones(33, np.float32), 0.95, Region(300, 300, SIDE))
    if refused_before_seconds is not None:
        tracker.update(0, 10 - refused_before_seconds, [detection], lambda _: nobody)
    found = [tracker.update(n, 10 + n / RATE, None if n else [detection], lambda _: somebody) for n in range(5)]
    assert any(found) == person


def test_two_doubts_are_nobody() -> None:
    world = World([line(300, 0, range(30))], scores=dict.fromkeys(range(30), 0.24))
    world.run(30)
    assert world.seen == {}
