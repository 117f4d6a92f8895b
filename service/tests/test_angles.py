# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Angles against geometry worked out by hand, and what must hold for any pose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastbreak_service.vision.angles import Angle, measure
from fastbreak_service.vision.landmarks import COUNT, Landmark

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats

SEEN = np.ones(COUNT, np.float32)


def standing() -> Floats:
    """A figure seen from its right side, facing the image's right: upright, feet flat, arms hanging. Y points down."""
    points = np.zeros((COUNT, 2), np.float32)
    for side, offset in (("LEFT", 0.0), ("RIGHT", 0.5)):
        for joint, x, y in (
            ("SHOULDER", 100, 100),
            ("ELBOW", 100, 150),
            ("WRIST", 100, 200),
            ("HIP", 100, 200),
            ("KNEE", 100, 300),
            ("ANKLE", 100, 400),
            ("HEEL", 95, 410),
            ("FOOT_INDEX", 125, 410),
        ):
            points[Landmark[f"{side}_{joint}"]] = (x + offset, y)
    return points


def angles(points: Floats, visibility: Floats = SEEN) -> dict[Angle, float]:
    """The angles of a pose by name."""
    return {found.angle: found.value_degrees for found in measure(points, visibility)}


def put(points: Floats, landmark: Landmark, x: float, y: float) -> Floats:
    """The pose with one landmark elsewhere."""
    moved = points.copy()
    moved[landmark] = (x, y)
    return moved


def test_standing_upright_is_neutral_everywhere() -> None:
    found = angles(standing())
    assert set(found) == set(Angle)
    assert all(value == pytest.approx(0, abs=1e-3) for value in found.values())


@pytest.mark.parametrize(
    ("landmark", "place", "angle", "expected"),
    [
        # the shank drawn back to the horizontal: a right angle at the knee
        (Landmark.LEFT_ANKLE, (0, 300), Angle.LEFT_KNEE_FLEXION, 90),
        # the shank 45 degrees back
        (Landmark.LEFT_ANKLE, (100 - 70.7107, 370.7107), Angle.LEFT_KNEE_FLEXION, 45),
        # the heel at the buttock
        (Landmark.LEFT_ANKLE, (100, 200), Angle.LEFT_KNEE_FLEXION, 180),
        # the thigh raised to the horizontal
        (Landmark.LEFT_KNEE, (200, 200), Angle.LEFT_HIP_FLEXION, 90),
        # the thigh 30 degrees forward: sin 30 = 0.5, cos 30 = 0.866
        (Landmark.LEFT_KNEE, (150, 286.6025), Angle.LEFT_HIP_FLEXION, 30),
        # the forearm square to the upper arm
        (Landmark.LEFT_WRIST, (150, 150), Angle.LEFT_ELBOW_FLEXION, 90),
        # the upper arm straight forward, then overhead
        (Landmark.LEFT_ELBOW, (150, 100), Angle.LEFT_SHOULDER_FLEXION, 90),
        (Landmark.LEFT_ELBOW, (100, 50), Angle.LEFT_SHOULDER_FLEXION, 180),
        # the toes 30 long and 30 up, then 30 down, from the heel: 45 degrees each way
        (Landmark.LEFT_FOOT_INDEX, (125, 380), Angle.LEFT_ANKLE_DORSIFLEXION, 45),
        (Landmark.LEFT_FOOT_INDEX, (125, 440), Angle.LEFT_ANKLE_DORSIFLEXION, -45),
    ],
)
def test_a_joint_moved_by_hand_reads_as_drawn(
    landmark: Landmark, place: tuple[float, float], angle: Angle, expected: float
) -> None:
    assert angles(put(standing(), landmark, *place))[angle] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("shift", "expected"), [(100, 45), (-100, -45), (0, 0)])
def test_the_trunk_leans_to_the_side_it_leans_to(shift: float, expected: float) -> None:
    points = standing()
    points[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], 0] += shift
    assert angles(points)[Angle.TRUNK_LEAN] == pytest.approx(expected, abs=1e-3)


def test_head_down_is_half_a_turn() -> None:
    points = standing()
    points[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], 1] = 300
    assert abs(angles(points)[Angle.TRUNK_LEAN]) == pytest.approx(180, abs=1e-3)


def test_a_hidden_landmark_leaves_its_angles_out() -> None:
    hidden = SEEN.copy()
    hidden[Landmark.RIGHT_KNEE] = 0.49
    missing = set(Angle) - set(angles(standing(), hidden))
    assert missing == {Angle.RIGHT_KNEE_FLEXION, Angle.RIGHT_HIP_FLEXION, Angle.RIGHT_ANKLE_DORSIFLEXION}


def test_confidence_is_that_of_the_least_visible_landmark() -> None:
    dim = SEEN.copy()
    dim[Landmark.LEFT_ANKLE] = 0.625
    found = {m.angle: m.confidence for m in measure(standing(), dim)}
    assert found[Angle.LEFT_KNEE_FLEXION] == 0.625
    assert found[Angle.RIGHT_KNEE_FLEXION] == 1


def test_a_segment_without_length_has_no_angle() -> None:
    assert Angle.LEFT_KNEE_FLEXION not in angles(put(standing(), Landmark.LEFT_ANKLE, 101, 302))


def test_broken_landmarks_give_no_angle() -> None:
    broken = put(standing(), Landmark.LEFT_HIP, math.nan, 200)
    assert not {Angle.LEFT_HIP_FLEXION, Angle.LEFT_KNEE_FLEXION, Angle.TRUNK_LEAN} & set(angles(broken))


poses = st.lists(
    st.tuples(st.floats(0, 1000, width=32), st.floats(0, 1000, width=32)), min_size=COUNT, max_size=COUNT
).map(lambda rows: np.array(rows, np.float32))


@given(poses)
def test_every_angle_stays_in_its_range(points: Floats) -> None:
    for angle, value in angles(points).items():
        low, high = (-90, 90) if "ankle" in angle else (-180, 180) if angle == Angle.TRUNK_LEAN else (0, 180)
        assert low - 1e-6 <= value <= high + 1e-6


def _long_segments(points: Floats) -> bool:
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    return bool((gaps[~np.eye(COUNT, dtype=bool)] > 30).all())


@given(st.integers(0, 10_000), st.floats(-180, 180), st.floats(0.5, 3), st.floats(-500, 500))
def test_moving_turning_and_scaling_the_picture_changes_no_joint(
    seed: int, turn: float, scale: float, shift: float
) -> None:
    grid = np.random.default_rng(seed).permutation(49)[:COUNT]
    points = np.stack([grid % 7, grid // 7], axis=1).astype(np.float32) * 80
    assume(_long_segments(points))
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    moved = (points @ np.array([[cosine, sine], [-sine, cosine]]) * scale + shift).astype(np.float32)
    before, after = angles(points), angles(moved)
    before.pop(Angle.TRUNK_LEAN, None)
    after.pop(Angle.TRUNK_LEAN, None)
    assert before.keys() == after.keys()
    for angle, value in before.items():
        assert after[angle] == pytest.approx(value, abs=0.05)


@given(st.integers(0, 10_000))
def test_a_mirrored_picture_has_the_other_sides_angles(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(0, 1000, (COUNT, 2)).astype(np.float32)
    mirrored = points.copy()
    mirrored[:, 0] = 1000 - mirrored[:, 0]
    swap = [Landmark[_other_side(mark.name)] for mark in Landmark]
    before, after = angles(points), angles(mirrored[swap])
    for angle, value in before.items():
        twin = Angle[_other_side(angle.name)]
        expected = -value if angle == Angle.TRUNK_LEAN else value
        assert after[twin] == pytest.approx(expected, abs=0.05) or abs(abs(value) - 180) < 0.05


def _other_side(name: str) -> str:
    if "LEFT" in name:
        return name.replace("LEFT", "RIGHT")
    return name.replace("RIGHT", "LEFT")
