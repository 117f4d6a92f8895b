# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How far off a measure of a landing may be, and when that is too far. Everything is a bound that 95 % keep.

* **Noise** of a landmark: .006 body heights (what the filter takes away from the network's landmarks on real footage of
  a body of 390 pixels is .003 to .006 at hips, knees and ankles), but at least 1.5 pixels.
* **View**: up to 16 degrees beside a side view change a sagittal angle by up to 5 degrees (synthetic figures). Where
  it is frontal a camera is taken to stand within 15 degrees of the front. That moves a bent knee sideways in the
  picture, so the error of a knee's projection angle grows with its flexion, which the leg's foreshortening tells;
  beyond about 30 degrees of flexion it is not measured.
* **Rate**: what the filter changed at a moment may have been motion. At contact the joint begins to turn fast, so its
  angle there is what the frames before lead to: the fewer and the more scattered they are, the larger its error.
* **Moment**: which frame is the deepest is known to some, and what their values differ by is in the error (`measures`).

What the network does wrong in every frame alike is not in it. `tests/test_movement_errors.py` holds the bounds against
synthetic figures of known angles, sizes, views, rates and noise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastbreak_service.movement.series import Doubles

LOWEST_HEIGHT = 150.0
"""In pixels: below it noise alone makes more than 11 degrees of a knee's or a hip's angle."""
LARGEST_ERROR = 15.0
"""In degrees: a measure that may be further off is none."""
LARGEST_PERCENT_ERROR = 40.0
_NOISE, _NOISE_PIXELS = 0.006, 1.5
_SURE = 1.96
_THIGH, _TRUNK, _HIPS = 0.245, 0.288, 0.121
_LEG = 0.491
_SAGITTAL_DEGREES = 5.0
_LEAST_BENT = math.radians(10)
"""Nobody lands with knees straighter than 20 degrees; a body that is never upright looks as if it did."""
_FRONTAL_TURN = math.radians(15)


def noise(height: float) -> float:
    """A landmark's standard deviation in body heights, of a body so many pixels high."""
    return max(_NOISE, _NOISE_PIXELS / height)


def joint(height: float) -> float:
    """Of an angle between two segments with a joint between them, by noise, in degrees."""
    return math.degrees(_SURE * math.sqrt(6) * noise(height) / _THIGH)


def sagittal_joint(height: float) -> float:
    """Of a knee's or hip's flexion seen from the side."""
    return math.hypot(joint(height), _SAGITTAL_DEGREES)


def lean(height: float) -> float:
    """Of the trunk's lean: four landmarks, two on each end."""
    return math.hypot(math.degrees(_SURE * noise(height) / _TRUNK), _SAGITTAL_DEGREES)


def continued(samples: Doubles, angles: Doubles, height: float) -> tuple[float, float]:
    """What angles before a moment (samples < 0) lead to at it (0) on a straight line, and the error of that.

    The moment is known to half a sample. Angles that scatter more than noise would have them widen the error.
    """
    middle = float(samples.mean())
    apart = samples - middle
    slope = float(apart @ angles / (apart @ apart))
    level = float(angles.mean())
    left = angles - level - slope * apart
    scatter = _SURE * math.sqrt(float(left @ left) / max(1, len(left) - 2))
    spread = math.sqrt(1 / len(samples) + middle**2 / float(apart @ apart))
    error = math.hypot(max(joint(height), scatter) * spread, _SAGITTAL_DEGREES, slope / 2)
    return level - slope * middle, error


def projection(height: float, leg: float) -> float:
    """Of a knee's projection angle, whose thigh and shank look together `leg` pixels long."""
    upright = min(1.0, leg / (_LEG * height))
    bent = max(math.acos(max(0.2, upright)), _LEAST_BENT)
    # Both at once: a camera stands where it stands in every frame.
    return joint(height) + math.degrees(2 * math.atan(math.tan(bent) * math.sin(_FRONTAL_TURN)))


def separation(height: float, ratio: float) -> float:
    """Of the knees' distance in percent of the hips'."""
    return 100 * _SURE * math.sqrt(2) * noise(height) / _HIPS * math.hypot(1, ratio)
