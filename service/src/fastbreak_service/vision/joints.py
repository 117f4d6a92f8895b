# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The joints whose places are kept of each frame, so that a skeleton can be drawn over the video."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fastbreak_service.vision.angles import MINIMUM_VISIBILITY
from fastbreak_service.vision.landmarks import Landmark

if TYPE_CHECKING:
    from fastbreak_service.vision.pose import Pose

_PAIRED = ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
_SHOWN = (Landmark.NOSE, *(Landmark[f"{side}_{joint}"] for joint in _PAIRED for side in ("LEFT", "RIGHT")))
JOINTS = tuple(landmark.name.lower() for landmark in _SHOWN)
"""Their names, in the order of a pose's points."""


def places(pose: Pose) -> list[float | None]:
    """x and y of each joint to a tenth of a pixel, None where it is hidden."""
    found: list[float | None] = []
    for landmark in _SHOWN:
        place = [float(value) for value in pose.points[landmark]]
        seen = pose.visibility[landmark] >= MINIMUM_VISIBILITY and all(map(math.isfinite, place))
        found += [round(value, 1) if seen else None for value in place]
    return found


def array(points: list[float | None]) -> str:
    """The points as PostgreSQL writes an array."""
    return "{" + ",".join("NULL" if value is None else f"{value:.1f}" for value in points) + "}"
