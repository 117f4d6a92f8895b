# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a slow pan, of which the camera's motion tells too late or not at all, makes of speeds: simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastbreak_service.movement.values import Cut, Deceleration
from fastbreak_service.movement.ways import FIT_SECONDS, UNSEEN_CHANGE, UNSEEN_SPEED
from fastbreak_service.vision.camera import _SAME_SECONDS, LEAST
from fastbreak_service.vision.camera import Camera as Watched
from fastbreak_service.vision.shift import Shift
from support.figures import Camera
from test_camera import Aim, drawn, picture
from test_ways import Brake, Turn, filmed

if TYPE_CHECKING:
    import numpy.typing as npt

    type Doubles = npt.NDArray[np.float64]

SMALL = 16.0
"""Pixels of a frame of 1080p to one of the small picture."""


def heard(pan: Doubles, rate: float) -> Doubles:
    """What is told of a pan in small pixels: when it has added up to `LEAST` within half a second."""
    told, reached, before, since = np.zeros(len(pan)), 0.0, float(pan[0]), 0.0
    for frame, place in enumerate(pan.tolist()):
        time, away = frame / rate, place - before
        if abs(away) >= LEAST:
            reached += away
        if abs(away) >= LEAST or time - since >= _SAME_SECONDS:
            before, since = place, time
        told[frame] = reached
    return told


@pytest.mark.parametrize(("speed", "seen"), [(0.5, False), (1.5, True), (4.0, True)])
def test_the_simulated_camera_is_the_one_that_watches(speed: float, seen: bool) -> None:
    """In small pixels a second: of a slow one nothing is told, and of others they say the same."""
    rate, camera, told = 30, Watched(), []
    pan = speed * np.arange(60) / rate
    for frame, place in enumerate(pan.tolist()):
        camera.step(picture(drawn(Aim(x=4 * place))), frame / rate, [])
        assert camera.ground is not None
        told.append(camera.ground.across / 4)
    simulated = heard(pan, rate)
    assert (simulated[-1] > 0) == (told[-1] > 0.1) == seen
    assert np.abs(np.array(told) - simulated).max() <= 1.25 * LEAST


def pans(rate: float, seed: int) -> Doubles:
    """Steady pans, such that begin and end, and such that swing, of up to 12 small pixels a second."""
    random = np.random.default_rng(seed)
    time, speed, off = np.arange(round(4 * rate)) / rate, random.uniform(0, 12), random.uniform(0, 0.6)
    ways: list[Doubles] = [
        speed * time,
        speed * np.clip(time - off - 1, 0, 1 + off),
        speed / 2 * np.sin(2 * time + off),
    ]
    return ways[seed % 3]


@pytest.mark.parametrize("rate", [30, 60, 120])
def test_the_errors_hold_what_95_percent_of_slow_pans_leave_in_a_speed(rate: int) -> None:
    count = round(FIT_SECONDS * rate)
    steps = np.arange(count + 1) - count / 2
    speeds, changes = [], []
    for seed in range(60):
        pan = pans(rate, seed)
        wrong = np.correlate(heard(pan, rate) - pan, steps / np.square(steps).sum(), "valid") * rate
        speeds.append(np.abs(wrong))
        changes.append(np.abs(wrong[count:] - wrong[:-count]))
    assert 0.7 * UNSEEN_SPEED <= np.quantile(np.concatenate(speeds), 0.95) <= 1.06 * UNSEEN_SPEED
    assert 0.7 * UNSEEN_CHANGE <= np.quantile(np.concatenate(changes), 0.95) <= 1.06 * UNSEEN_CHANGE


@dataclass(frozen=True)
class Panned:
    """The ground of a camera that pans, as it is, or as it is told."""

    across: tuple[float, ...]
    rate: float

    def __call__(self, time: float) -> Shift:
        return Shift(1, 0, SMALL * self.across[round(time * self.rate)], 0)


def value(event: Cut | Deceleration) -> tuple[float, float]:
    """A value with its error."""
    found = (event.angle_degrees, event.angle_error) if isinstance(event, Cut) else (event.lost, event.lost_error)
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


@pytest.mark.parametrize("way", [Brake(5.0, 5.0), Turn(110)])
def test_values_before_a_slow_pan_lie_within_their_errors(way: Brake | Turn) -> None:
    """Beside those before the same camera, had it been known exactly."""
    held, compared = 0, 0
    for seed in range(12):
        pan = pans(30, seed)
        camera = Camera(rate=30, height=300, noise=1.5, seed=seed)
        exactly = Panned(tuple(pan), 30)
        known = filmed(way, camera, ground=exactly, small=SMALL)
        heard_of = filmed(way, camera, ground=exactly, told=Panned(tuple(heard(pan, 30)), 30), small=SMALL)
        for one, other in zip(known, heard_of, strict=False):
            true, (found, error) = value(one)[0], value(other)
            compared += 1
            held += abs(true - found) <= error
    assert compared >= 11
    assert held >= 0.9 * compared
    assert error > value(filmed(way, camera, ground=exactly)[0])[1]
