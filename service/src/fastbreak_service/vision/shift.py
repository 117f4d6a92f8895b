# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the camera did between two frames: where in the later one a place of the earlier one is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.region import Box

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats
    from fastbreak_service.vision.region import Region


@dataclass(frozen=True, slots=True)
class Shift:
    """A turn, a scale and a way: (x, y) becomes (a x - b y + across, b x + a y + down), in pixels of the frame."""

    a: float
    b: float
    across: float
    down: float

    @property
    def scale(self) -> float:
        """How much larger things look."""
        return math.hypot(self.a, self.b)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is now."""
        return self.a * x - self.b * y + self.across, self.b * x + self.a * y + self.down

    def points(self, points: Floats) -> Floats:
        """Where points (..., 2) are now."""
        turn = np.array([[self.a, self.b], [-self.b, self.a]])
        moved: Floats = (points @ turn + (self.across, self.down)).astype(points.dtype)
        return moved

    def region(self, region: Region) -> Region:
        """Where a region is now, how large and how turned."""
        x, y = self.point(region.center_x, region.center_y)
        turn = region.rotation + math.atan2(self.b, self.a)
        return replace(region, center_x=x, center_y=y, side=region.side * self.scale, rotation=turn)

    def box(self, box: Box) -> Box:
        """Where a box is now; it stays upright, as large as before it was turned."""
        x, y = self.point((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        across, down = (self.scale * side / 2 for side in (box.right - box.left, box.bottom - box.top))
        return Box(x - across, y - down, x + across, y + down)

    def way(self, across: float, down: float) -> tuple[float, float]:
        """A way or a speed, as it looks now."""
        return self.a * across - self.b * down, self.b * across + self.a * down

    def back(self, x: float, y: float) -> tuple[float, float]:
        """Where a point that is now there was before."""
        x, y, square = x - self.across, y - self.down, self.a * self.a + self.b * self.b
        return (self.a * x + self.b * y) / square, (self.a * y - self.b * x) / square

    def then(self, later: Shift) -> Shift:
        """First this one, then another."""
        across, down = later.point(self.across, self.down)
        return Shift(later.a * self.a - later.b * self.b, later.b * self.a + later.a * self.b, across, down)

    def undone(self, then: Shift) -> Shift:
        """First this one backwards, then another."""
        across, down = then.point(*self.back(0.0, 0.0))
        square = self.a * self.a + self.b * self.b
        a, b = self.a / square, -self.b / square
        return Shift(then.a * a - then.b * b, then.b * a + then.a * b, across, down)


STILL = Shift(1.0, 0.0, 0.0, 0.0)
