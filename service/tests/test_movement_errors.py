# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The errors that are claimed, held against figures of known angles at many sizes, views and rates."""

from __future__ import annotations

import numpy as np
import pytest

from fastbreak_service.movement import errors
from fastbreak_service.movement.review import review
from fastbreak_service.movement.series import ANKLE, HIP, KNEE
from fastbreak_service.movement.values import Landing, Name, Side
from fastbreak_service.vision.angles import flexion
from support.figures import Camera, Drop, Stance, film, seen

SEEDS = range(2)


def misses(drop: Drop, cameras: list[Camera], truths: dict[Name, float]) -> tuple[list[bool], int]:
    """Whether each value that was measured is further from the truth than its error, and how many could have been."""
    found, possible = [], 0
    for camera in cameras:
        events, _ = review(film(drop, 1.8, camera), camera.rate)
        (landing,) = [event for event in events if isinstance(event, Landing)]
        for value in landing.measures:
            if value.measure not in truths:
                continue
            possible += 1
            if value.value is not None and value.error is not None:
                found.append(abs(value.value - truths[value.measure]) > value.error)
    return found, possible


@pytest.mark.parametrize("height", [160, 600])
def test_angles_from_the_side_are_as_good_as_they_say(height: float) -> None:
    cameras = [
        Camera(height, rate, turn, max(1.5, 0.006 * height), seed)
        for rate in (30, 120)
        for turn in (76, 104)
        for seed in SEEDS
    ]
    truths = {Name.PEAK_KNEE_FLEXION: 90.0, Name.KNEE_FLEXION_AT_CONTACT: 20.0, Name.PEAK_HIP_FLEXION: 85.0}
    missed, possible = misses(Drop(height=0.3, deepest=90), cameras, truths)
    assert len(missed) > 0.5 * possible
    assert np.mean(missed) <= 0.05


@pytest.mark.parametrize("knees", [5, 15, 25])
@pytest.mark.parametrize("turn", [-15, 15])
def test_a_projection_angle_may_be_as_wrong_as_a_camera_beside_the_front_makes_it(knees: float, turn: float) -> None:
    camera = Camera(turn=turn)
    hip, knee, ankle = seen(Stance(knees=knees), camera)[[HIP, KNEE, ANKLE]]
    leg = float(np.linalg.norm(hip - knee) + np.linalg.norm(knee - ankle))
    wrong = flexion(hip, knee, ankle)
    assert wrong is not None
    assert wrong + errors.joint(camera.height) < 1.05 * errors.projection(camera.height, leg)


def test_a_deep_landing_from_the_front_says_why_its_projection_angle_is_not_measured() -> None:
    events, _ = review(film(Drop(), 1.8, Camera(turn=0)), 60)
    (landing,) = [event for event in events if isinstance(event, Landing)]
    values = [value for value in landing.measures if value.measure is Name.KNEE_PROJECTION_ANGLE]
    assert [value.side for value in values] == [Side.LEFT, Side.RIGHT]
    assert all("15 degrees off the front" in value.words for value in values)
