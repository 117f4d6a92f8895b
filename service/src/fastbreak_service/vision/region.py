# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Places in a frame: rotated squares, and boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats


@dataclass(frozen=True, slots=True)
class Region:
    """A square in a frame: centre and side in pixels, rotation in radians, clockwise as seen (y points down)."""

    center_x: float
    center_y: float
    side: float
    rotation: float = 0.0

    def to_frame(self, unit: Floats) -> Floats:
        """Points of shape (..., 2) from the region's own coordinates, 0 to 1 along each side, to frame pixels."""
        cosine, sine = math.cos(self.rotation), math.sin(self.rotation)
        across, down = unit[..., 0] - 0.5, unit[..., 1] - 0.5
        x = self.center_x + self.side * (across * cosine - down * sine)
        y = self.center_y + self.side * (across * sine + down * cosine)
        return np.stack([x, y], axis=-1).astype(np.float32)


def upright_region(center: Floats, rim: Floats, margin: float) -> Region | None:
    """The region around a body, turned so that the body stands upright in it.

    BlazePose describes a body by a circle: `center` is the middle of the hips, `rim` a point on the circle above the
    head (Bazarevsky et al., "BlazePose: On-device Real-time Body Pose tracking", 2020, section 2.2). `margin`
    enlarges the circle's diameter. Both points in pixels, shape (2,). None for a circle without extent.
    """
    across, up = float(rim[0] - center[0]), float(center[1] - rim[1])
    radius = math.hypot(across, up)
    if not math.isfinite(radius) or radius < 1.0:
        return None
    return Region(float(center[0]), float(center[1]), 2 * radius * margin, math.pi / 2 - math.atan2(up, across))


class Box(NamedTuple):
    """A rectangle in a frame, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def square(self, margin: float) -> Region:
        """The region around its middle whose side is `margin` times its longer side."""
        side = max(self.right - self.left, self.bottom - self.top, 1.0)
        return Region((self.left + self.right) / 2, (self.top + self.bottom) / 2, margin * side)


def box_around(points: Floats) -> Box:
    """The smallest box with all points, (n, 2), in it."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return Box(left, top, right, bottom)


def share(box: Box, other: Box) -> float:
    """Intersection over union of two boxes: 0 when apart, 1 when equal."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(b.right - b.left) * (b.bottom - b.top) for b in (box, other)]
    return width * height / (sum(areas) - width * height)
