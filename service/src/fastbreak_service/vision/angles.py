# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Joint angles from landmarks, in the plane of the image.

Why the image plane: every figure can be checked against the pixels it came from. The network also gives a third
dimension, but that is a guess from one view whose error nobody here could measure. What follows from it: an angle is
the anatomical one only when the limb moves parallel to the image (a sagittal view for knee, hip, ankle), and a limb
that points at the camera gives a meaningless figure of a short segment.

Definitions, with the directions of the ISB's recommendations for the lower limb (Wu et al., J Biomech 35, 2002) and
upper limb (Wu et al., J Biomech 38, 2005), reduced to a plane as two-dimensional gait tools do:

* knee flexion:      180 deg minus the angle hip-knee-ankle; a straight leg is 0. Unsigned: hyperextension reads as
                     flexion.
* hip flexion:       180 deg minus the angle shoulder-hip-knee; a thigh in line with the trunk is 0. Unsigned: a thigh
                     behind the trunk (extension) reads positive too.
* ankle dorsiflexion: 90 deg minus the angle between shank (ankle to knee) and foot (heel to foot index); a foot square
                     to the shank is 0, toes up is positive, toes down (plantar flexion) negative.
* shoulder flexion:  the angle hip-shoulder-elbow; an arm hanging along the trunk is 0, overhead 180.
* elbow flexion:     180 deg minus the angle shoulder-elbow-wrist; a straight arm is 0.
* trunk lean:        the angle from the image's vertical to the line mid-hips to mid-shoulders; upright is 0, positive
                     leans to the image's right. It assumes a level camera.

An angle is missing, never guessed, when a landmark it needs is less visible than `MINIMUM_VISIBILITY` or a segment is
shorter than `MINIMUM_SEGMENT_PIXELS`. Its confidence is the least visibility among its landmarks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.landmarks import Landmark

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.vision.arrays import Floats

MINIMUM_VISIBILITY = 0.5
MINIMUM_SEGMENT_PIXELS = 4.0


class Angle(StrEnum):
    """The angles measured, by the names the API gives them."""

    LEFT_KNEE_FLEXION = "left_knee_flexion"
    RIGHT_KNEE_FLEXION = "right_knee_flexion"
    LEFT_HIP_FLEXION = "left_hip_flexion"
    RIGHT_HIP_FLEXION = "right_hip_flexion"
    LEFT_ANKLE_DORSIFLEXION = "left_ankle_dorsiflexion"
    RIGHT_ANKLE_DORSIFLEXION = "right_ankle_dorsiflexion"
    LEFT_SHOULDER_FLEXION = "left_shoulder_flexion"
    RIGHT_SHOULDER_FLEXION = "right_shoulder_flexion"
    LEFT_ELBOW_FLEXION = "left_elbow_flexion"
    RIGHT_ELBOW_FLEXION = "right_elbow_flexion"
    TRUNK_LEAN = "trunk_lean"


@dataclass(frozen=True, slots=True)
class Measure:
    """One angle in degrees, with its confidence from 0 to 1."""

    angle: Angle
    value_degrees: float
    confidence: float


def between(segment: Floats, other: Floats) -> float | None:
    """The unsigned angle between two segments in degrees, 0 to 180; None when one is too short to have a direction."""
    if min(math.hypot(*segment), math.hypot(*other)) < MINIMUM_SEGMENT_PIXELS:
        return None
    cross = float(segment[0]) * float(other[1]) - float(segment[1]) * float(other[0])
    dot = float(segment[0]) * float(other[0]) + float(segment[1]) * float(other[1])
    return math.degrees(math.atan2(abs(cross), dot))


def at(first: Floats, vertex: Floats, last: Floats) -> float | None:
    """The inner angle at `vertex` in degrees, 0 to 180."""
    return between(first - vertex, last - vertex)


def flexion(first: Floats, vertex: Floats, last: Floats) -> float | None:
    """How far a joint is bent from straight, in degrees, 0 to 180."""
    inner = at(first, vertex, last)
    return None if inner is None else 180.0 - inner


def dorsiflexion(knee: Floats, ankle: Floats, heel: Floats, toe: Floats) -> float | None:
    """How far the foot is raised from square to the shank, in degrees, -90 to 90."""
    inner = between(knee - ankle, toe - heel)
    return None if inner is None else 90.0 - inner


def lean(left_hip: Floats, right_hip: Floats, left_shoulder: Floats, right_shoulder: Floats) -> float | None:
    """The trunk's angle from the vertical in degrees, -180 to 180, positive to the image's right."""
    trunk = (left_shoulder + right_shoulder) / 2 - (left_hip + right_hip) / 2
    if math.hypot(*trunk) < MINIMUM_SEGMENT_PIXELS:
        return None
    return math.degrees(math.atan2(float(trunk[0]), -float(trunk[1])))


def _sided(angle: str, side: str, rule: Callable[..., float | None], joints: str) -> _Definition:
    return Angle[f"{side}_{angle}"], rule, tuple(Landmark[f"{side}_{joint}"] for joint in joints.split())


type _Definition = tuple[Angle, Callable[..., float | None], tuple[Landmark, ...]]

_DEFINITIONS: tuple[_Definition, ...] = (
    *(
        _sided(name, side, rule, joints)
        for name, rule, joints in (
            ("KNEE_FLEXION", flexion, "HIP KNEE ANKLE"),
            ("HIP_FLEXION", flexion, "SHOULDER HIP KNEE"),
            ("ANKLE_DORSIFLEXION", dorsiflexion, "KNEE ANKLE HEEL FOOT_INDEX"),
            ("SHOULDER_FLEXION", at, "HIP SHOULDER ELBOW"),
            ("ELBOW_FLEXION", flexion, "SHOULDER ELBOW WRIST"),
        )
        for side in ("LEFT", "RIGHT")
    ),
    (
        Angle.TRUNK_LEAN,
        lean,
        (Landmark.LEFT_HIP, Landmark.RIGHT_HIP, Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER),
    ),
)


def measure(points: Floats, visibility: Floats) -> list[Measure]:
    """Every angle that the landmarks allow. `points` (33, 2) in square pixels; `visibility` (33,), 0 to 1."""
    measures: list[Measure] = []
    for angle, rule, needed in _DEFINITIONS:
        rows = np.array(needed)
        confidence = float(visibility[rows].min())
        if not confidence >= MINIMUM_VISIBILITY:
            continue
        value = rule(*points[rows])
        if value is not None and math.isfinite(value):
            measures.append(Measure(angle, value, confidence))
    return measures
