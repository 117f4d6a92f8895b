# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The errors that are claimed, held against figures of known angles at many sizes, views and rates."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest

from fastbreak_service.movement import errors
from fastbreak_service.movement.review import review
from fastbreak_service.movement.series import ANKLE, HIP, KNEE
from fastbreak_service.movement.values import Landing, Name, Reason, Side, Value
from fastbreak_service.vision.angles import flexion
from support.figures import GRAVITY, LEG, Camera, Drop, Stance, film, seen

SEEDS = range(2)
CONTACT = 1.003
WHOLE = 2 * LEG * (math.cos(math.radians(10)) - math.cos(math.radians(45))) / math.sqrt(2 * GRAVITY * 0.4)
"""Seconds from contact to the deepest."""
LARGE = 300
"""In pixels: from here on the errors of two angles together leave a difference of them."""


def misses(
    drop: Drop, cameras: list[Camera], truths: dict[Name, float]
) -> tuple[dict[Name, list[bool]], dict[Name, int]]:
    """By measure whether each value is further from the truth than its error, and how many could have been measured.

    Contact is anywhere between two frames, as nobody lands by a camera's clock.
    """
    found: dict[Name, list[bool]] = {name: [] for name in truths}
    possible = dict.fromkeys(truths, 0)
    for number, camera in enumerate(cameras):
        phase = np.random.default_rng(number).uniform(0, 1 / camera.rate)
        events, _ = review(film(dataclasses.replace(drop, contact=1 + phase), 1.8, camera), camera.rate)
        (landing,) = [event for event in events if isinstance(event, Landing)]
        for value in landing.measures:
            if value.measure not in truths:
                continue
            possible[value.measure] += 1
            if value.value is not None and value.error is not None:
                found[value.measure].append(abs(value.value - truths[value.measure]) > value.error)
    return found, possible


@pytest.mark.parametrize("height", [160, 600])
def test_angles_from_the_side_are_as_good_as_they_say(height: float) -> None:
    cameras = [
        Camera(height, rate, turn, max(1.5, 0.006 * height), seed)
        for rate in (30, 60, 120)
        for turn in (76, 104)
        for seed in SEEDS
    ]
    truths = {Name.PEAK_KNEE_FLEXION: 90.0, Name.KNEE_FLEXION_AT_CONTACT: 20.0, Name.PEAK_HIP_FLEXION: 85.0}
    truths |= {Name.KNEE_FLEXION_EXCURSION: 70.0} if height > LARGE else {}
    missed, possible = misses(Drop(height=0.3, deepest=90), cameras, truths)
    for name in truths:
        assert len(missed[name]) > 0.5 * possible[name], name
        assert np.mean(missed[name]) <= 0.05, name


def test_a_knee_at_contact_is_told_without_how_it_gives_way_after() -> None:
    """A stiff landing would look softer, the more so the fewer frames there are."""
    for rate in (30, 60, 240):
        events, _ = review(film(Drop(contact=1 + 0.4 / rate, height=0.6), 1.8, Camera(rate=rate)), rate)
        (landing,) = [event for event in events if isinstance(event, Landing)]
        at_contact = [value.value for value in landing.measures if value.measure is Name.KNEE_FLEXION_AT_CONTACT]
        assert at_contact == pytest.approx([20, 20], abs=1.5)


def lands_and_leans(time: float, speed: float) -> Stance:
    """A drop in which the trunk goes on leaning forward, by `speed` degrees a second, and the hips rise again."""
    after = time - CONTACT
    stance = Drop(contact=CONTACT)(min(time, CONTACT + WHOLE))
    risen = min(1.0, max(0.0, after - WHOLE) / 0.6)
    knees = stance.knees - (stance.knees - 20) * (1 - math.cos(math.pi * risen)) / 2
    return dataclasses.replace(stance, knees=knees, lean=10 + speed * min(max(after, 0.0), 0.4))


@pytest.mark.parametrize("rate", [30, 120])
def test_a_trunk_that_goes_on_leaning_has_the_doubt_about_the_deepest_frame_in_its_error(rate: int) -> None:
    found: dict[float, list[Value]] = {}
    for speed in (0.0, 100.0, 200.0):
        for seed in range(4):
            moves = functools.partial(lands_and_leans, speed=speed)
            events, _ = review(film(moves, 2.2, Camera(rate=rate, noise=2.4, seed=seed)), rate)
            (landing,) = [event for event in events if isinstance(event, Landing)]
            found.setdefault(speed, []).extend(v for v in landing.measures if v.measure is Name.TRUNK_LEAN)
    for speed, values in found.items():
        measured = [(v.value, v.error) for v in values if v.value is not None and v.error is not None]
        assert all(abs(value - 10 - speed * WHOLE) <= error for value, error in measured), speed
        assert all(
            "which is the deepest" in v.words and v.not_measurable is Reason.DOUBT for v in values if not v.value
        )
    still, turning = ([v.error or math.inf for v in found[speed]] for speed in (0.0, 100.0))
    assert max(still) < 7 < min(turning)
    assert max(turning) < math.inf


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
