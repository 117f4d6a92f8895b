# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Left and right through walks, turns and gaps, with bodies whose sides are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastbreak_service.vision.landmarks import Landmark
from fastbreak_service.vision.mirror import ARMS, GROUPS, LEGS, swapped
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.sides import Sides, in_order
from fastbreak_service.vision.tracker import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastbreak_service.vision.arrays import Floats

PAIRED = [mark for mark in Landmark if mark != Landmark.NOSE]


def walker(frame: float, rate: float = 30.0, spread: float = 40.0) -> Floats:
    """A body 200 pixels high that walks to the right, seen from the side: one step in half a second."""
    points = np.random.default_rng(5).uniform(-8, 8, (33, 2)).astype(np.float32)
    swing = np.float32(spread * np.sin(2 * np.pi * frame / rate))
    depth = {"ANKLE": (1.0, 100), "HEEL": (1.0, 105), "FOOT": (1.0, 105), "KNEE": (0.5, 50), "HIP": (0.05, 0)}
    depth |= {"WRIST": (-0.7, -10), "ELBOW": (-0.35, -40), "SHOULDER": (0.02, -70)}
    for mark in PAIRED:
        side, _, part = mark.name.partition("_")
        share, down = depth.get(part.split("_")[0], (0.05, -90))
        points[mark] += (share * swing * (1 if side == "LEFT" else -1), down)
    return points + np.array([300 + 90 * frame / rate, 300], np.float32)


def sightings(frames: Iterable[int], wrong: Iterable[int] = (), rate: float = 30.0, **how: float) -> list[Sighting]:
    """A walk; in `wrong` frames left and right are exchanged. Visibility tells a landmark's true row."""
    mixed, found = set(wrong), []
    for frame in frames:
        points, visibility = walker(frame, rate, **how), np.linspace(0.5, 1, 33, dtype=np.float32)
        if frame in mixed:
            points, visibility = swapped(points, visibility, GROUPS)
        found.append(Sighting(1, frame, frame / rate, Pose(points, visibility, 0.9, None)))
    return found


def mistaken(found: list[Sighting], rate: float = 30.0, **how: float) -> list[int]:
    """The frames whose left and right are not the walker's."""
    return [s.frame for s in found if not np.array_equal(s.pose.points, walker(s.frame, rate, **how))]


def test_a_walk_seen_right_stays_as_it_is() -> None:
    found = sightings(range(120))
    assert in_order(found) == found


@pytest.mark.parametrize("rate", [25.0, 30.0, 60.0])
@pytest.mark.parametrize("wrong", [[40], [40, 41, 42], [11, 40, 41, 77], list(range(52, 58)), [119]])
def test_frames_that_are_exchanged_are_set_right(rate: float, wrong: list[int]) -> None:
    found = in_order(sightings(range(120), wrong, rate))
    assert mistaken(found, rate) == []
    # what belongs to a landmark goes with it
    assert all(np.array_equal(s.pose.visibility, np.linspace(0.5, 1, 33, dtype=np.float32)) for s in found)


def stretches(random: np.random.Generator, share: float, count: int) -> set[int]:
    """Stretches of one to four wrong frames, one of which begins in this share of the frames, with pauses between."""
    wrong, frame = set[int](), 5
    while frame < count - 5:
        if random.random() < share:
            long = int(random.integers(1, 5))
            wrong |= set(range(frame, frame + long))
            frame += long + 3
        frame += 1
    return wrong


@pytest.mark.parametrize("share", [0.0, 0.08])
@pytest.mark.parametrize("stride_seconds", [0.7, 0.5, 0.4])
@pytest.mark.parametrize("rate", [30.0, 50.0, 60.0, 120.0])
def test_the_legs_of_a_runner_change_places_and_not_names(rate: float, stride_seconds: float, share: float) -> None:
    """Seen from the side; where the legs pass each other a frame may be off."""
    off = 0
    for seed in range(3):
        random = np.random.default_rng(seed)
        phase, count = random.uniform(0, rate), 120
        runs = [walker(frame / stride_seconds + phase, rate, 60.0) for frame in range(count)]
        runs = [points + random.normal(0, 2, (33, 2)).astype(np.float32) for points in runs]
        wrong, found = stretches(random, share, count), []
        for sighting in sightings(range(count), wrong, rate):
            points, visibility = runs[sighting.frame], sighting.pose.visibility
            mixed = swapped(points, visibility, GROUPS)[0] if sighting.frame in wrong else points
            found.append(replace(sighting, pose=replace(sighting.pose, points=mixed)))
        right = [s.frame for s in in_order(found) if np.array_equal(s.pose.points[LEGS], runs[s.frame][LEGS])]
        off += count - len(right)
    assert off <= 2


def test_legs_in_one_place_keep_their_names_by_how_well_they_are_seen() -> None:
    """Seen from the side, as somebody lands on both legs: the farther is hidden, and where they are tells nothing."""
    random, count, legs = np.random.default_rng(3), 120, LEGS.ravel()
    visibility = np.full(33, 0.97, np.float32)
    visibility[LEGS[0]] = 0.6
    found = []
    for sighting in sightings(range(count), spread=0.0):
        points = sighting.pose.points.copy()
        points[LEGS[1]] = points[LEGS[0]]
        points[legs] += random.normal(0, 6, (len(legs), 2)).astype(np.float32)
        found.append(replace(sighting, pose=replace(sighting.pose, points=points, visibility=visibility)))
    assert in_order(found) == found


def test_legs_are_judged_apart_from_arms() -> None:
    found = sightings(range(60))
    points, visibility = swapped(found[30].pose.points, found[30].pose.visibility, [LEGS])
    found[30] = Sighting(1, 30, 1.0, Pose(points, visibility, 0.9, None))
    assert mistaken(in_order(found)) == []


@settings(max_examples=25)
@given(st.sets(st.integers(2, 150), max_size=12), st.integers(151, 200))
def test_a_stream_is_judged_like_a_whole_and_nothing_is_lost(wrong: set[int], count: int) -> None:
    given_in = sightings(range(count), {frame for frame in wrong if not {frame - 1, frame - 2} & wrong})
    sides = Sides()
    found = [s for sighting in given_in for s in sides.push([sighting])]
    assert len(found) >= count - 60
    found += sides.finish()
    assert [s.frame for s in found] == list(range(count))
    assert mistaken(found) == []


def test_persons_are_judged_apart() -> None:
    first, second = sightings(range(70), [20]), sightings(range(70), [50])
    sides = Sides()
    found = []
    for pair in zip(first, second, strict=True):
        found += sides.push([pair[0], Sighting(2, pair[1].frame, pair[1].time_seconds, pair[1].pose)])
    found += sides.finish()
    for person in (1, 2):
        mine = [s for s in found if s.person == person]
        assert [s.frame for s in mine] == list(range(70))
        assert mistaken(mine) == []


def test_where_the_network_insists_it_is_followed() -> None:
    """After a gap there is no telling which leg is which but the network's word."""
    found = in_order(sightings([*range(60), *range(90, 200)], range(90, 200)))
    assert mistaken(found) == list(range(90, 200))


def test_a_single_sighting_stays() -> None:
    found = sightings([3])
    assert in_order(found) == found
    assert in_order([]) == []


def test_every_paired_landmark_belongs_to_one_group() -> None:
    rows = sorted(int(row) for row in np.concatenate([LEGS.ravel(), ARMS.ravel()]))
    assert rows == [int(mark) for mark in PAIRED]


@pytest.mark.parametrize(("rate", "long"), [(24.0, 15), (25.0, 15), (30.0, 15), (60.0, 20), (60.0, 40)])
def test_half_a_body_seen_while_the_network_changes_its_mind_hides_no_exchange(rate: float, long: int) -> None:
    """Somebody faces the camera; in a frame at each end of a wrong stretch the landmarks lie between both sides."""
    ends = {50, 51 + long}
    apart = np.zeros((33, 2), np.float32)
    for left, right in zip(*np.hstack(GROUPS), strict=True):
        apart[left], apart[right] = (40, 0), (-40, 0)
    found = []
    for sighting in sightings(range(140), range(51, 51 + long), rate, spread=0.0):
        share = -1 if 50 < sighting.frame < 51 + long else 1
        between = np.linspace(-1, 1, 33, dtype=np.float32)[:, None] if sighting.frame in ends else share
        pose = replace(sighting.pose, points=sighting.pose.points + apart * between)
        found.append(replace(sighting, pose=pose))
    shoulders = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
    wrong = {s.frame for s in in_order(found) if np.diff(s.pose.points[shoulders, 0]) > 0}
    assert wrong <= ends
