# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Reading the person detector: at what size a frame is searched, boxes, and where in the frame to look at each person.

The network sees the whole frame, scaled. It answers, for every cell of three grids, how likely the cell shows a person,
and how far that person reaches from the cell's middle in each direction (Li et al., "Generalized Focal Loss", 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastbreak_service.vision.region import Box, Region, share

if TYPE_CHECKING:
    from fastbreak_service.vision.arrays import Floats

STRIDES = (8, 16, 32)
"""The sizes in pixels of the cells that the network answers for."""
BINS = 11
"""A box reaches from 0 to so many cells less one in each direction; the network says how likely each number is."""
BODY_MARGIN = 1.25
LOWEST_SCORE = 0.25
"""What the detector is less sure of is not handed on; a look at it then says whether there is a body."""
GLANCE, QUICK, USUAL, LARGE = 320, 640, 960, 1920
"""How long the longer side of what the network sees may be. A step up is two to four times the work."""
SURELY_FOUND = 100
"""Bodies of so many pixels of what the network sees are found (docs/benchmarks.md, 200 pixels in the usual search)."""
SMALLEST_BODY = 64
"""Bodies of so many pixels of what the network sees are mostly found; smaller ones are mostly missed."""
_LARGEST_BODY = 256
"""Of larger bodies the network finds parts in the largest picture; they are found in the usual one."""
_SMALLEST_PART = 1 / 40
"""What is less high, in parts of the frame's longer side, is nobody to follow."""
_STEP = STRIDES[-1]
_SAME_BODY = 0.6
_MOST_CANDIDATES = 500
"""A person has about a dozen; each is compared with all that were chosen."""


class Search(NamedTuple):
    """How a frame is to be searched: thoroughly, or for those who are lost alone; the smallest of them, in pixels."""

    smallest: float
    thorough: bool


class Size(NamedTuple):
    """What the network sees of a frame, in pixels. It is never cut, so it may reach a little over one edge."""

    width: int
    height: int
    frame_pixels: float
    """How many pixels of the frame make one."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One person found: their box, where to look for the body, and how sure the detector is (0 to 1)."""

    box: Box
    score: float

    @property
    def region(self) -> Region:
        """The square around the body, as if it stood upright with the hips in the box's middle."""
        return self.box.square(BODY_MARGIN)


def sizes(width: int, height: int, search: Search) -> list[Size]:
    """How large the network has to see a frame of a width and height, one after the other.

    The usual size in a thorough search, and the largest too where somebody is too small for the usual one. Else the
    quick one, if the smallest is large enough for it, or a glance, if everybody known is surely found so. Nothing is
    shown at more than twice its size.
    """
    longer = max(width, height)

    def enough(length: int, pixels: int = SMALLEST_BODY) -> bool:
        return search.smallest * length >= pixels * longer

    if not search.thorough:
        glance = math.isfinite(search.smallest) and enough(GLANCE, SURELY_FOUND)
        lengths = [GLANCE if glance else QUICK if enough(QUICK) else USUAL]
    else:
        lengths = [USUAL] if enough(USUAL) or 2 * longer <= USUAL else [USUAL, LARGE]
    return [_size(width, height, min(length, 2 * longer)) for length in lengths]


def usual_pixels(width: int, height: int) -> int:
    """How many pixels of a frame of a width and height the network sees in a search, on average where nobody is."""
    thorough, quick = (pixels(sizes(width, height, Search(math.inf, thorough=kind))) for kind in (True, False))
    return (3 * thorough + 7 * quick) // 10


def pixels(seen: list[Size]) -> int:
    """How many pixels the network sees in all."""
    return sum(size.width * size.height for size in seen)


def _size(width: int, height: int, length: int) -> Size:
    scale = max(width, height) / length
    return Size(_rounded(width / scale), _rounded(height / scale), scale)


def _rounded(length: float) -> int:
    return max(1, math.ceil(length / _STEP - 1e-9)) * _STEP


def read(scores: Floats, reaches: Floats, seen: Size) -> list[Detection]:
    """The persons of a plausible height that the network found, each once.

    `scores` (cells,) and `reaches` (4 * BINS, cells) are as `nanodet` has them.
    """
    kept = np.flatnonzero(scores >= LOWEST_SCORE)
    logits = reaches[:, kept].reshape(4, BINS, -1)
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    reach = (likely * np.arange(BINS)[:, None]).sum(axis=1) / likely.sum(axis=1)
    middles, strides = _cells(seen.width, seen.height)
    scale = strides[kept] * seen.frame_pixels
    x, y = middles[kept].T * seen.frame_pixels
    left, up, right, down = reach * scale
    boxes = np.stack([x - left, y - up, x + right, y + down], axis=1)
    longer = max(seen.width, seen.height)
    most = _LARGEST_BODY if longer > USUAL else longer
    plausible = (up + down >= _SMALLEST_PART * longer * seen.frame_pixels) & (up + down <= most * seen.frame_pixels)
    likeliest = np.flatnonzero(plausible)[np.argsort(-scores[kept][plausible], kind="stable")[:_MOST_CANDIDATES]]
    return distinct(
        [
            Detection(Box(*sides), score)
            for sides, score in zip(boxes[likeliest].tolist(), scores[kept][likeliest].tolist(), strict=True)
        ]
    )


def distinct(detections: list[Detection]) -> list[Detection]:
    """Best first; of those whose boxes agree, the best."""
    chosen: list[Detection] = []
    for candidate in sorted(detections, key=lambda detection: -detection.score):
        if all(share(candidate.box, other.box) <= _SAME_BODY for other in chosen):
            chosen.append(candidate)
    return chosen


def _cells(width: int, height: int) -> tuple[Floats, Floats]:
    """Of every cell the point from which its box reaches, (cells, 2), x then y, and the stride, (cells,)."""
    points, strides = [], []
    for stride in STRIDES:
        grid = np.stack(np.meshgrid(np.arange(width // stride), np.arange(height // stride)), axis=-1).reshape(-1, 2)
        points.append((grid + 0.5) * stride)
        strides.append(np.full(len(grid), stride))
    return np.concatenate(points).astype(np.float32), np.concatenate(strides).astype(np.float32)
