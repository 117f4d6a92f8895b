# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Faces made unknowable in the frames of a report.

Where a head is comes from a body's landmarks, hidden ones too. Faces of people whom the analysis did not follow stay as
they are.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.landmarks import Landmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from fastbreak_service.video.frames import Frame
    from fastbreak_service.vision.arrays import Bytes
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.tracker import Sighting

    type Circle = npt.NDArray[np.float64]
    """Middle and radius in pixels: (x, y, radius)."""

_HEAD = slice(Landmark.NOSE, Landmark.MOUTH_RIGHT + 1)
_SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
_OF_HEAD, _OF_SHOULDERS, _OF_TRUNK = 2.0, 0.4, 0.35
"""A head's radius from the spread of its landmarks, the shoulders' width and the trunk's length. The largest
counts, since two of them shrink when a body is seen from the side."""
_BRIDGED = 30
"""Frames without a sighting of a person through which the head is still covered: a second of most footage."""
_ALONE = 5
_WIDER = 1.4
_CELLS = 3
"""A face is shown as so many cells each way: too few to tell anybody from."""


class Faces:
    """Where the heads of a clip are. Give it the sightings of each person in order of time."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[list[int], list[Circle]]] = {}

    def add(self, sighting: Sighting) -> None:
        """Keep where a head is."""
        points = np.asarray(sighting.pose.points, np.float64)
        head, middle = points[_HEAD], points[_HEAD].mean(axis=0)
        shoulders = points[_SHOULDERS]
        radius = max(
            _OF_HEAD * float(np.linalg.norm(head - middle, axis=1).max()),
            _OF_SHOULDERS * float(np.linalg.norm(shoulders[0] - shoulders[1])),
            _OF_TRUNK * float(np.linalg.norm(shoulders.mean(axis=0) - points[_HIPS].mean(axis=0))),
        )
        frames, circles = self._seen.setdefault(sighting.person, ([], []))
        frames.append(sighting.frame)
        circles.append(np.array([*middle, radius]))

    def circles(self, frame: int) -> list[Circle]:
        """The heads in a frame, between two sightings too, and wider there."""
        found = (self._circle(frames, circles, frame) for frames, circles in self._seen.values())
        return [circle for circle in found if circle is not None]

    @staticmethod
    def _circle(frames: list[int], circles: list[Circle], frame: int) -> Circle | None:
        place = bisect_left(frames, frame)
        if place < len(frames) and frames[place] == frame:
            return circles[place]
        wider: Circle = np.array([1, 1, _WIDER])
        if 0 < place < len(frames) and frames[place] - frames[place - 1] <= _BRIDGED:
            share = (frame - frames[place - 1]) / (frames[place] - frames[place - 1])
            between: Circle = circles[place - 1] * (1 - share) + circles[place] * share
            return between * wider
        for nearest in (place - 1, place):
            if 0 <= nearest < len(frames) and abs(frames[nearest] - frame) <= _ALONE:
                return circles[nearest] * wider
        return None


def covered(frames: Iterable[Frame], faces: Faces) -> Iterator[Frame]:
    """The frames with every known head in a few cells."""
    for frame in frames:
        circles = faces.circles(frame.index)
        yield replace(frame, picture=_covered(frame.picture, circles)) if circles else frame


def _covered(picture: Picture, circles: list[Circle]) -> Picture:
    one, two, three = (_in_cells(plane, plane.shape[0] / picture.height, circles) for plane in picture.planes)
    return replace(picture, planes=(one, two, three))


def _in_cells(plane: Bytes, scale: float, circles: list[Circle]) -> Bytes:
    """A plane, `scale` as fine as the picture, with the squares around the circles each in a few cells."""
    made = plane.copy()
    height, width = plane.shape
    for x, y, radius in circles:
        columns = np.clip(np.linspace(x - radius, x + radius, _CELLS + 1) * scale, 0, width).round().astype(int)
        rows = np.clip(np.linspace(y - radius, y + radius, _CELLS + 1) * scale, 0, height).round().astype(int)
        for top, bottom in pairwise(rows):
            for left, right in pairwise(columns):
                cell = made[top:bottom, left:right]
                if cell.size:
                    cell[:] = round(float(cell.mean()))
    return made
