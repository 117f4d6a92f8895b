# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Articulated figures that move as told, as a network without faults would see them.

A figure of 1.75 m has limbs of Winter's proportions. Forward is x, its left y, up z, in metres; the camera is level and
far away. Turned by 0 degrees it faces the camera, by 90 it is seen from its left side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np

from fastbreak_service.movement.series import KEPT, Trail
from fastbreak_service.vision.landmarks import COUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from fastbreak_service.vision.pose import Pose

    type Points = npt.NDArray[np.float64]

METRES = 1.75
TRUNK, THIGH, SHANK, ANKLE, FOOT = (METRES * share for share in (0.288, 0.245, 0.246, 0.039, 0.1))
LEG = THIGH + SHANK
SHOULDERS, HIPS = 0.72 * TRUNK, 0.42 * TRUNK
GRAVITY = 9.81


@dataclass(frozen=True)
class Stance:
    """A moment: how high the feet are, how bent the knees (degrees), where the knees are pushed inward (metres).

    `lifted` is by how much the right foot is higher than the left.
    """

    floor: float = 0.0
    knees: float = 10.0
    inward: float = 0.0
    lean: float = 10.0
    lifted: float = 0.0


def points(stance: Stance) -> Points:
    """The twelve landmarks in metres, (12, 3)."""
    bend = math.radians(stance.knees) / 2
    hip = stance.floor + ANKLE + LEG * math.cos(bend)
    lean = math.radians(stance.lean)
    found = np.zeros((len(KEPT), 3))
    for side, sign in ((0, 1.0), (1, -1.0)):
        lift = stance.lifted * side
        knee = hip - math.sqrt(max(0.0, THIGH**2 - (THIGH * math.sin(bend)) ** 2))
        ankle = stance.floor + ANKLE + lift
        out = sign * HIPS / 2
        rows = (
            (TRUNK * math.sin(lean), sign * SHOULDERS / 2, hip + TRUNK * math.cos(lean)),
            (0, out, hip),
            (THIGH * math.sin(bend), out - sign * stance.inward, knee + lift / 2),
            (0, out, ankle),
            (-0.04, out, ankle - ANKLE),
            (FOOT, out, ankle - ANKLE),
        )
        found[side::2] = rows
    return found


@dataclass(frozen=True)
class Camera:
    """How a figure is filmed: its height in pixels, frames a second, turn in degrees, noise in pixels."""

    height: float = 400.0
    rate: float = 60.0
    turn: float = 90.0
    noise: float = 0.0
    seed: int = 1


def seen(stance: Stance, camera: Camera) -> Points:
    """The twelve landmarks in pixels, without noise."""
    turn = math.radians(camera.turn)
    body = points(stance)
    across = body[:, 1] * math.cos(turn) + body[:, 0] * math.sin(turn)
    return np.stack([500 + across * camera.height / METRES, 900 - body[:, 2] * camera.height / METRES], axis=1)


def film(stance_at: Callable[[float], Stance], seconds: float, camera: Camera, hidden: Sequence[int] = ()) -> Trail:
    """The sightings of a figure; `hidden` are frames in which nobody is seen."""
    trail, noise = Trail(), np.random.default_rng(camera.seed)
    for frame in range(round(seconds * camera.rate) + 1):
        if frame in hidden:
            continue
        found = seen(stance_at(frame / camera.rate), camera)
        landmarks, visibility = np.zeros((COUNT, 2), np.float32), np.ones(COUNT, np.float32)
        landmarks[KEPT] = found + noise.normal(0, camera.noise, found.shape)
        trail.add(frame, frame / camera.rate, cast("Pose", SimpleNamespace(points=landmarks, visibility=visibility)))
    return trail


def bent(length: float) -> float:
    """How far knees are bent, in degrees, in a leg of a length in metres."""
    return math.degrees(2 * math.acos(min(1.0, max(0.0, length / LEG))))


def absorbed(after: float, speed: float, first: float, deepest: float) -> float:
    """How bent the knees are some seconds after a contact at a speed, from `first` to `deepest` evenly braked."""
    high, low = (LEG * math.cos(math.radians(knees) / 2) for knees in (first, deepest))
    whole = 2 * (high - low) / speed
    braked = min(after, whole)
    return bent(high - speed * braked + speed * braked**2 / (2 * whole))


@dataclass(frozen=True)
class Drop:
    """Off a box onto the ground: contact at a time, from a height in metres, with knees from `first` to `deepest`."""

    contact: float = 1.0
    height: float = 0.4
    first: float = 20.0
    deepest: float = 90.0
    inward: float = 0.0
    lifted: float = 0.0

    def __call__(self, time: float) -> Stance:
        left = self.contact - time
        speed = math.sqrt(2 * GRAVITY * self.height)
        if left <= 0:
            knees = absorbed(-left, speed, self.first, self.deepest)
            share = (knees - self.first) / max(1e-9, self.deepest - self.first)
            return Stance(0, knees, self.inward * share, 10 + 30 * share, self.lifted)
        falling = min(left, speed / GRAVITY)
        return Stance(speed * falling - GRAVITY * falling**2 / 2, self.first, 0, 10, self.lifted)


@dataclass(frozen=True)
class Leap:
    """A squat, a jump of a height in metres that begins at a time, and a landing like a drop's, on another level."""

    takeoff: float = 1.0
    height: float = 0.4
    level: float = 0.0
    squat: float = 80.0
    pause: float = 0.0

    @property
    def flight(self) -> float:
        """In seconds."""
        speed = math.sqrt(2 * GRAVITY * self.height)
        return speed / GRAVITY + math.sqrt(2 * (self.height - self.level) / GRAVITY)

    def __call__(self, time: float) -> Stance:
        speed = math.sqrt(2 * GRAVITY * self.height)
        since = time - self.takeoff
        if since > self.flight:
            landed = math.sqrt(2 * GRAVITY * (self.height - self.level))
            return Stance(self.level, absorbed(since - self.flight, landed, 10, 80))
        if since >= 0:
            return Stance(speed * since - GRAVITY * since**2 / 2, 10)
        # The way up is the way down of a landing at this speed, backwards; the squat before it is slow.
        high, low = LEG * math.cos(math.radians(5)), LEG * math.cos(math.radians(self.squat) / 2)
        push = 2 * (high - low) / speed
        if -since <= push:
            return Stance(0, absorbed(-since, speed, 10, self.squat))
        down = min(1.0, (-since - push) / 0.6)
        return Stance(0, 10 + (self.squat - 10) * (1 + math.cos(math.pi * down)) / 2)


def squatting(time: float) -> Stance:
    """Down to a right angle and up again every second: faster than anybody trains."""
    return Stance(0, 50 - 40 * math.cos(2 * math.pi * time))


def running(time: float) -> Stance:
    """Steps in the same place, 2.8 a second, the hips up and down by 8 cm, one foot off the ground."""
    phase = 2 * math.pi * 2.8 * time
    return Stance(max(0.0, 0.05 * math.sin(phase)), 35 - 15 * math.sin(phase), 0, 10, 0.25 + 0.2 * math.sin(phase / 2))
