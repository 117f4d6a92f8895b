# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""One person's way through a clip, and how alike two poses are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.mirror import GROUPS, swapped
from fastbreak_service.vision.pose import BODY_MARGIN

if TYPE_CHECKING:
    from fastbreak_service.vision.pose import Pose
    from fastbreak_service.vision.region import Region
    from fastbreak_service.vision.shift import Shift

REACH = 0.6
"""How far from where a lost person is expected they may come back, in sides of the region."""
_SIZES = (0.6, 1.6)
"""How much larger or smaller they may come back."""
_RUN_OUT_SECONDS = 0.5
"""A lost person is expected to slow down: they never come further than their speed times this."""
_NEWEST = 0.3
"""The weight of the newest step in a track's speed."""


@dataclass(slots=True)
class Track:
    """Where a person was seen last, at `seen_at` seconds, with what speed in pixels a second.

    `held` are the sightings that wait for the track's confirmation: frame, time and pose.
    """

    order: int
    region: Region
    pose: Pose
    seen_at: float
    velocity: tuple[float, float] = (0.0, 0.0)
    live: bool = True
    person: int | None = None
    held: list[tuple[int, float, Pose]] = field(default_factory=list)

    @property
    def height(self) -> float:
        """Of the body when it stands, in pixels."""
        return self.region.side / BODY_MARGIN

    def see(self, frame: int, time_seconds: float, pose: Pose, region: Region) -> None:
        """Note a sighting. After a gap the speed is that over the gap: the last one led astray."""
        elapsed = time_seconds - self.seen_at
        if elapsed > 0:
            weight = _NEWEST if self.live else 1.0
            steps = (region.center_x - self.region.center_x, region.center_y - self.region.center_y)
            across, down = (
                (1 - weight) * old + weight * step / elapsed for old, step in zip(self.velocity, steps, strict=True)
            )
            self.velocity = (across, down)
        self.region, self.pose, self.seen_at, self.live = region, pose, time_seconds, True
        self.held.append((frame, time_seconds, pose))

    @property
    def turned(self) -> bool:
        """Whether the body is followed as one that lies or hangs."""
        return turned(self.region)

    def move(self, shift: Shift) -> None:
        """Be where the person would be seen by a camera that has moved; what was seen before stays as it was seen."""
        self.region, self.velocity = shift.region(self.region), shift.way(*self.velocity)
        self.pose = replace(self.pose, points=shift.points(self.pose.points))

    def correct(self, pose: Pose, region: Region) -> None:
        """Replace the newest sighting by another look at the same frame."""
        frame, time_seconds, _ = self.held.pop()
        self.held.append((frame, time_seconds, pose))
        self.region, self.pose = region, pose

    def expected(self, time_seconds: float) -> Region:
        """Where the person should be by now."""
        run_out = _RUN_OUT_SECONDS * (1 - math.exp(-(time_seconds - self.seen_at) / _RUN_OUT_SECONDS))
        across, down = self.velocity
        return replace(
            self.region,
            center_x=self.region.center_x + across * run_out,
            center_y=self.region.center_y + down * run_out,
        )

    def distance(self, region: Region, time_seconds: float) -> float:
        """How far a region lies from where the person should be by now, or was last, in sides of the region."""
        places = (self.expected(time_seconds), self.region)
        return (
            min(math.hypot(place.center_x - region.center_x, place.center_y - region.center_y) for place in places)
            / region.side
        )

    def may_be_in(self, region: Region, time_seconds: float) -> bool:
        """Whether a lost person may have come back in a region."""
        smallest, largest = _SIZES
        return smallest < self.region.side / region.side < largest and self.distance(region, time_seconds) <= REACH

    def may_contain(self, region: Region, time_seconds: float) -> bool:
        """Whether a smaller region may show a part of a lost person, such as a blurred limb."""
        place = self.expected(time_seconds)
        apart = math.hypot(place.center_x - region.center_x, place.center_y - region.center_y)
        return self.region.side >= _SIZES[1] * region.side and apart <= self.region.side / 2


def turned(region: Region) -> bool:
    """Whether a region is turned by more than a radian from upright."""
    return abs(math.remainder(region.rotation, math.tau)) > 1.0


def likeness(pose: Pose, other: Pose, side: float) -> float:
    """How much two poses are the same person's, 0 to 1, whichever of their sides is called left.

    The mean over the landmarks of exp(-d^2 / 2s^2) with s = 3 % of the region's side: COCO's object keypoint
    similarity with one tolerance for all landmarks. A second look at the same body often swaps its left and right.
    """
    mirrored, _ = swapped(other.points, other.visibility, GROUPS)
    squares = [np.square(pose.points - points).sum(axis=1) for points in (other.points, mirrored)]
    return float(max(np.exp(-square / (2 * (0.03 * side) ** 2)).mean() for square in squares))


def covered(pose: Pose, other: Pose) -> float:
    """How much of the smaller of two bodies' boxes lies in the other's, 0 to 1."""
    low = np.maximum(pose.points.min(axis=0), other.points.min(axis=0))
    high = np.minimum(pose.points.max(axis=0), other.points.max(axis=0))
    shared = np.prod(np.maximum(high - low, 0))
    smaller = min(np.prod(np.ptp(pose.points, axis=0)), np.prod(np.ptp(other.points, axis=0)))
    return float(shared / smaller) if smaller > 0 else 0.0
