# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reading the landmark network: one upright person's picture in, 33 landmarks out.

The network is MediaPipe's `pose_landmark_full`. Layout and constants: MediaPipe's published graph,
`tensors_to_pose_landmarks_and_segmentation.pbtxt`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.arrays import logistic
from fastbreak_service.vision.landmarks import COUNT
from fastbreak_service.vision.region import Region, upright_region

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats

INPUT_SIZE = 256
INPUT_RANGE = (0.0, 1.0)
BODY_MARGIN = 1.25
_ALL_POINTS = 39
_CIRCLE = slice(COUNT, COUNT + 2)
_KERNEL = 7
_MINIMUM_HEAT = 0.5


@dataclass(frozen=True, slots=True)
class Pose:
    """One person in one frame.

    `points`: (33, 2) in frame pixels. `visibility`: (33,), 0 to 1, that a landmark lies in the picture and is not
    hidden. `score`: 0 to 1, that the region shows a person at all. `next_region`: where to look in the next frame,
    None when the body's circle has no extent.
    """

    points: Floats
    visibility: Floats
    score: float
    next_region: Region | None


def read(landmarks: Floats, score: float, heatmap: Floats, region: Region) -> Pose:
    """The pose that the network's answer describes.

    `landmarks` (195,): for 39 points x, y, z in input pixels, visibility and presence as logits. `heatmap`
    (64, 64, 39): logits. `score`: already a probability.
    """
    rows = landmarks.reshape(_ALL_POINTS, 5)
    likely = logistic(rows[:, 3:5])
    refined = refine(rows[:, :2] / np.float32(INPUT_SIZE), heatmap)
    points = region.to_frame(refined)
    circle = points[_CIRCLE]
    return Pose(
        points=points[:COUNT],
        visibility=likely[:COUNT].min(axis=1),
        score=float(score),
        next_region=upright_region(circle[0], circle[1], BODY_MARGIN),
    )


def refine(unit: Floats, heatmap: Floats) -> Floats:
    """Move each point to the heatmap's centre of mass in the 7x7 cells around it, where the heat there is certain.

    `unit` (n, 2), 0 to 1; `heatmap` (height, width, n), logits. A point outside the map, or whose strongest cell
    stays under 0.5, is left as it is.
    """
    height, width = heatmap.shape[:2]
    cells = (unit * (width, height)).astype(np.intp)
    reach = np.arange(_KERNEL) - _KERNEL // 2
    rows = (cells[:, 1, None] + reach)[:, :, None]
    columns = (cells[:, 0, None] + reach)[:, None, :]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    which = np.arange(len(unit))[:, None, None]
    patches = heatmap[rows.clip(0, height - 1), columns.clip(0, width - 1), which]
    heat = np.where(inside, logistic(patches), 0)
    total = heat.sum(axis=(1, 2))
    within = (cells >= 0).all(axis=1) & (cells < (width, height)).all(axis=1)
    certain = within & (heat.max(axis=(1, 2)) >= _MINIMUM_HEAT)
    weight = np.where(certain, total, 1)
    center_x = (heat * columns).sum(axis=(1, 2)) / weight / width
    center_y = (heat * rows).sum(axis=(1, 2)) / weight / height
    return np.where(certain[:, None], np.stack([center_x, center_y], axis=1), unit).astype(np.float32)
