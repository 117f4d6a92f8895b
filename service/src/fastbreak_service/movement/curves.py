# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How a person moved around a landing: the curves that its measures are read from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.measures import projection_angle
from fastbreak_service.movement.series import ANKLE, HIP, KNEE, SHOULDER, middle
from fastbreak_service.movement.values import Name, Side, View
from fastbreak_service.vision.angles import flexion

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastbreak_service.movement.series import Doubles, Motion
    from fastbreak_service.movement.values import Landing

BEFORE_SECONDS, AFTER_SECONDS = 0.6, 0.6
HIPS = "hip_height"
"""The hips' height over that at contact, in body heights. It shows the fall, whatever the view is."""
_SIDES = (Side.LEFT, Side.RIGHT)


@dataclass(frozen=True, slots=True)
class Curve:
    """A series around a landing: frames, seconds from contact, what was seen and what the filter makes of it.

    None where a landmark was not seen, as in what was seen between two frames.
    """

    name: str
    side: Side
    frames: list[int]
    seconds: list[float]
    seen: list[float | None]
    smooth: list[float | None]

    def time_of(self, frame: int) -> float | None:
        """When a frame was, None of one that is not in it."""
        return self.seconds[self.frames.index(frame)] if frame in self.frames else None


def curves(motion: Motion, landing: Landing) -> list[Curve]:
    """The hips' height, and what the view allows: knee and hip flexion from the side, projection from the front."""
    begin, end = (landing.contact_seconds - BEFORE_SECONDS, landing.deepest_seconds + AFTER_SECONDS)
    samples = np.flatnonzero((motion.times >= begin - 1e-6) & (motion.times <= end + 1e-6))
    contact = int(np.argmin(np.abs(motion.times - landing.contact_seconds)))
    level, body = middle(motion.smooth, HIP)[contact, 1], motion.height[contact]
    hips = lambda points: float((level - middle(points[None], HIP)[0, 1]) / body)  # noqa: E731 - one of several
    found = [_curve(motion, samples, contact, HIPS, Side.BOTH, [HIP, HIP + 1], hips)]
    for side in (0, 1):
        if landing.view.view is View.SAGITTAL:
            for name, joints in (
                (Name.PEAK_KNEE_FLEXION, (HIP, KNEE, ANKLE)),
                (Name.PEAK_HIP_FLEXION, (SHOULDER, HIP, KNEE)),
            ):
                rows = [joint + side for joint in joints]
                found.append(_curve(motion, samples, contact, name, _SIDES[side], rows, _bent(rows)))
        if landing.view.view is View.FRONTAL:
            rows = [HIP + side, KNEE + side, ANKLE + side, HIP + 1 - side]
            measure = _projected(side)
            found.append(_curve(motion, samples, contact, Name.KNEE_PROJECTION_ANGLE, _SIDES[side], rows, measure))
    return found


def _bent(rows: list[int]) -> Callable[[Doubles], float]:
    def measure(points: Doubles) -> float:
        found = flexion(*points[rows])
        return math.nan if found is None else found

    return measure


def _projected(side: int) -> Callable[[Doubles], float]:
    return lambda points: projection_angle(points, side)


def _curve(  # noqa: PLR0913, PLR0917 - a curve is all of this
    motion: Motion,
    samples: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    contact: int,
    name: str,
    side: Side,
    rows: list[int],
    measure: Callable[[Doubles], float],
) -> Curve:
    def at(series: Doubles, sample: int) -> float | None:
        if motion.bridged[sample, rows].any() or not np.isfinite(series[sample, rows]).all():
            return None
        value = measure(series[sample])
        return round(value, 4) if math.isfinite(value) else None

    frames = [int(motion.frames[sample]) for sample in samples]
    seconds = [round(float(motion.times[sample] - motion.times[contact]), 4) for sample in samples]
    smooth = [at(motion.smooth, sample) for sample in samples]
    seen = [at(motion.raw, sample) if motion.sighted[sample] else None for sample in samples]
    return Curve(name, side, frames, seconds, seen, smooth)
