# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Rotated square regions of a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def overlap(region: Region, other: Region) -> float:
    """Intersection over union of two regions as if neither were turned: 0 when apart, 1 when equal."""
    width = min(region.center_x + region.side / 2, other.center_x + other.side / 2) - max(
        region.center_x - region.side / 2, other.center_x - other.side / 2
    )
    height = min(region.center_y + region.side / 2, other.center_y + other.side / 2) - max(
        region.center_y - region.side / 2, other.center_y - other.side / 2
    )
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (region.side**2 + other.side**2 - shared)
