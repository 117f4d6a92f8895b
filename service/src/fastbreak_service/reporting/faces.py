# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Faces made unknowable in the frames of a report.

Where a head is comes from a body's landmarks, hidden ones too, and between sightings from those around. Faces of people
whom the analysis did not follow stay as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.landmarks import Landmark
from fastbreak_service.vision.tracker import FORGET_AFTER_SECONDS, KEY_FRAME_SECONDS

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
_BRIDGED_SECONDS = 2 * FORGET_AFTER_SECONDS
"""How long somebody may be out of sight and keep their number, and as long again."""
_BEYOND_SECONDS = 2 * KEY_FRAME_SECONDS
"""Before the first sighting and after the last one: whoever comes in is not looked for until the next key frame."""
_PACE_SECONDS = 0.25
"""The sightings from which somebody's pace is taken to go on."""
_WIDER_A_SECOND = 3.0
"""By how much more of itself a head is covered for each second from a sighting."""
_CELLS = 3
"""A face is shown as so many cells each way: too few to tell anybody from."""


class Faces:
    """Where the heads of a clip are. Give it the sightings of each person in order of time."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[list[float], list[Circle]]] = {}

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
        times, circles = self._seen.setdefault(sighting.person, ([], []))
        times.append(sighting.time_seconds)
        circles.append(np.array([*middle, radius]))

    def circles(self, time_seconds: float) -> list[Circle]:
        """The heads at a time, between and beside sightings too, and wider there."""
        found = (_circle(times, circles, time_seconds) for times, circles in self._seen.values())
        return [circle for circle in found if circle is not None]


def _circle(times: list[float], circles: list[Circle], at: float) -> Circle | None:
    place = bisect_left(times, at)
    if place < len(times) and times[place] == at:
        return circles[place]
    around = [near for near in (place - 1, place) if 0 <= near < len(times)]
    away = min(abs(times[near] - at) for near in around)
    if len(around) == 2 and times[place] - times[place - 1] <= _BRIDGED_SECONDS:
        share = (at - times[place - 1]) / (times[place] - times[place - 1])
        return _wider(circles[place - 1] * (1 - share) + circles[place] * share, away)
    if away > _BEYOND_SECONDS:
        return None
    nearest = min(around, key=lambda near: abs(times[near] - at))
    return _wider(_going_on(times, circles, nearest, at), away)


def _going_on(times: list[float], circles: list[Circle], nearest: int, at: float) -> Circle:
    """Where somebody is at the pace of the sightings next to the nearest one, on its other side."""
    step = -1 if at > times[nearest] else 1
    other = nearest
    while 0 <= other + step < len(times) and abs(times[other + step] - times[nearest]) <= _PACE_SECONDS:
        other += step
    if other == nearest:
        return circles[nearest]
    pace = (circles[nearest][:2] - circles[other][:2]) / (times[nearest] - times[other])
    return np.array([*(circles[nearest][:2] + pace * (at - times[nearest])), circles[nearest][2]])


def _wider(circle: Circle, seconds: float) -> Circle:
    return np.array([*circle[:2], circle[2] * (1 + _WIDER_A_SECOND * seconds)])


def covered(frames: Iterable[Frame], faces: Faces) -> Iterator[Frame]:
    """The frames with every known head in a few cells."""
    for frame in frames:
        circles = faces.circles(frame.time_seconds)
        yield replace(frame, picture=_covered(frame.picture, circles)) if circles else frame


def _covered(picture: Picture, circles: list[Circle]) -> Picture:
    one, two, three = (
        _in_cells(plane, (plane.shape[1] / picture.width, plane.shape[0] / picture.height), circles)
        for plane in picture.planes
    )
    return replace(picture, planes=(one, two, three))


def _in_cells(plane: Bytes, scale: tuple[float, float], circles: list[Circle]) -> Bytes:
    """A plane with the squares around the circles in a few cells each; `scale`: how fine it is, across and down."""
    made = plane.copy()
    height, width = plane.shape
    for x, y, radius in circles:
        columns = np.clip(np.linspace(x - radius, x + radius, _CELLS + 1) * scale[0], 0, width).round().astype(int)
        rows = np.clip(np.linspace(y - radius, y + radius, _CELLS + 1) * scale[1], 0, height).round().astype(int)
        for top, bottom in pairwise(rows):
            for left, right in pairwise(columns):
                cell = made[top:bottom, left:right]
                if cell.size:
                    cell[:] = round(float(cell.mean()))
    return made
