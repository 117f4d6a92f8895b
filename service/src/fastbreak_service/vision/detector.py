# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reading the person detector: anchors, boxes, non-maximum suppression, and where in a frame to look.

The network is MediaPipe's `pose_detection`, a single-shot detector whose 2254 anchors are points (their size is
fixed at the whole picture). It answers, for each anchor, a box around the *face* and four points, of which the first
two describe the body's circle: the middle of the hips and a point on the rim.
Layout and constants: MediaPipe's published graph of the model, `pose_detection_cpu.pbtxt`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.arrays import logistic
from fastbreak_service.vision.region import Region, overlap, upright_region

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats

INPUT_SIZE = 224
INPUT_RANGE = (-1.0, 1.0)
BODY_MARGIN = 1.25
LOWEST_SCORE = 0.3
"""What the detector is less sure of is not handed on; who is sure enough for what is the tracker's to say."""
_STRIDES_AND_ANCHORS = ((8, 2), (16, 2), (32, 6))
_TILE_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Detection:
    """One person found: where to look for the body, and how sure the detector is (0 to 1)."""

    region: Region
    score: float


def anchors() -> Floats:
    """The anchor points, shape (2254, 2), x then y, 0 to 1, in the order of the network's output."""
    points: list[Floats] = []
    for stride, repeated in _STRIDES_AND_ANCHORS:
        cells = INPUT_SIZE // stride
        middle = (np.arange(cells, dtype=np.float32) + np.float32(0.5)) / np.float32(cells)
        grid = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
        points.append(np.repeat(grid, repeated, axis=0))
    return np.concatenate(points)


def tiles(width: int, height: int) -> list[Region]:
    """The squares of a frame to search: all of it, and for a frame far from square also tiles along its long side.

    The network sees 224 pixels, so in a letterboxed wide frame everyone is small; a tile as high as the frame shows
    them nearly twice as large. Neighbouring tiles share at least 40 % so that nobody is cut by all of them.
    """
    long_side, short_side = max(width, height), min(width, height)
    whole = Region(width / 2, height / 2, float(long_side))
    count = tile_count(width, height) - 1
    if count == 0:
        return [whole]
    centers = np.linspace(short_side / 2, long_side - short_side / 2, count)
    side = float(short_side)
    if width >= height:
        return [whole, *(Region(float(c), height / 2, side) for c in centers)]
    return [whole, *(Region(width / 2, float(c), side) for c in centers)]


def tile_count(width: int, height: int) -> int:
    """How many squares of a frame are searched."""
    long_side, short_side = max(width, height), min(width, height)
    if long_side < 1.25 * short_side:
        return 1
    return math.ceil((long_side - short_side) / (short_side * (1 - _TILE_OVERLAP))) + 2


def read(boxes: Floats, logits: Floats, points: Floats, tile: Region, threshold: float) -> list[Detection]:
    """The detections of one tile above `threshold`, best first, each person once.

    `boxes` (2254, 12): centre, size, then four points, in input pixels relative to the anchor; `logits` (2254,).
    """
    scores = logistic(logits)
    kept = np.flatnonzero(scores >= threshold)
    found: list[Detection] = []
    for index in kept[np.argsort(-scores[kept], kind="stable")]:
        circle = tile.to_frame(boxes[index, 4:8].reshape(2, 2) / np.float32(INPUT_SIZE) + points[index])
        region = upright_region(circle[0], circle[1], BODY_MARGIN)
        if region is not None:
            found.append(Detection(region, float(scores[index])))
    return distinct(found)


def distinct(detections: list[Detection], limit: float = 0.45) -> list[Detection]:
    """Greedy non-maximum suppression over bodies: of detections that overlap more than `limit`, the best scored."""
    chosen: list[Detection] = []
    for candidate in sorted(detections, key=lambda d: -d.score):
        if all(overlap(candidate.region, other.region) <= limit for other in chosen):
            chosen.append(candidate)
    return chosen
