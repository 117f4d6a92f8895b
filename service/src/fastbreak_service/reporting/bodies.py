# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whole bodies made unknowable in the frames of a video, by what an analysis keeps of where they were.

Rather too much is covered than too little: what is hidden of a body is guessed, a box is as large as those around it in
time, and between and beside sightings all is covered where somebody may have been.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.joints import JOINTS
from fastbreak_service.vision.tracker import FORGET_AFTER_SECONDS, KEY_FRAME_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from fastbreak_service.video.frames import Frame
    from fastbreak_service.vision.arrays import Bytes
    from fastbreak_service.vision.picture import Picture

    type Numbers = npt.NDArray[np.float64]
    type Box = list[float]
    """Left, top, right, bottom in pixels."""

_SHOULDERS, _HIPS, _FEET = (
    [JOINTS.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("shoulder", "hip", "ankle")
)
_OF_HEAD, _OF_LEGS = 1.0, 2.0
"""How far a head and feet are from shoulders and hips, in lengths of the trunk."""
_MARGIN = 0.2
"""Around a box on each side, of its longer one: hands, hair and shoes are beyond the joints."""
_AS_LARGE_SECONDS = 1.0
"""A box is at least as large as those that are no further away in time."""
_NEAR_SECONDS = 0.2
"""What is covered at a time covers all of somebody who is seen no longer before or after it than this."""
_BRIDGED_SECONDS = 2 * FORGET_AFTER_SECONDS
_BEYOND_SECONDS = 2 * KEY_FRAME_SECONDS
_PACE_SECONDS = 0.25
_WIDER_A_SECOND = 1.0
"""By how much of its longer side a box is wider on each side for each second from a sighting."""
_AROUND_UNSEEN_SECONDS = 1.0
"""So much before and after a part at which nobody could look is covered with it: its bounds are those of packets."""
_CELLS = 5
"""A body is shown as so many cells along its longer side: a head is less than one."""


class Body:
    """Where somebody is in a video. Takes times in seconds, ascending, and for each the joints' x and y."""

    def __init__(self, seen: Iterable[tuple[float, Sequence[float | None]]]) -> None:
        found = [(time, box) for time, points in seen if (box := _around(points)) is not None]
        self._times: Numbers = np.array([time for time, _ in found])
        self._boxes: Numbers = _enlarged(self._times, np.array([box for _, box in found]).reshape(-1, 4))

    def box(self, at: float) -> Box | None:
        """What is to be covered at a time; None where nobody is."""
        first, end = self._within(at, _NEAR_SECONDS)
        if first < end:
            return _union(self._boxes[first:end])
        around = [near for near in (first - 1, first) if 0 <= near < len(self._times)]
        if not around:
            return None
        away = [abs(float(self._times[near]) - at) for near in around]
        if len(around) == 2 and self._times[first] - self._times[first - 1] <= _BRIDGED_SECONDS:
            return _wider(_union(self._boxes[around]), min(away))
        boxes = [self._going_on(near, at) for near, far in zip(around, away, strict=True) if far <= _BEYOND_SECONDS]
        return _wider(_union(np.concatenate(boxes)), min(away)) if boxes else None

    def _within(self, at: float, seconds: float) -> tuple[int, int]:
        low, high = np.searchsorted(self._times, (at - seconds, at + seconds))
        return int(low), int(high)

    def _going_on(self, nearest: int, at: float) -> Numbers:
        """Boxes where somebody was seen, and where they are if they go on at their pace."""
        there = float(self._times[nearest])
        low, high = self._within(there, _PACE_SECONDS)
        other = low if at > there else high - 1
        if other == nearest:
            return self._boxes[[nearest]]
        pace = (self._boxes[nearest] - self._boxes[other]) / (there - self._times[other])
        return np.stack([self._boxes[nearest], self._boxes[nearest] + pace * (at - there)])


def _around(points: Sequence[float | None]) -> Box | None:
    """The box of a body's joints, of its head and, where none is seen, of its feet."""
    places: Numbers = np.array([np.nan if value is None else value for value in points], np.float64).reshape(-1, 2)
    seen = [*places[~np.isnan(places).any(axis=1)]]
    if not seen:
        return None
    shoulders, hips = (_middle(places[rows]) for rows in (_SHOULDERS, _HIPS))
    if shoulders is not None and hips is not None:
        trunk = hips - shoulders
        seen.append(shoulders - _OF_HEAD * trunk)
        if _middle(places[_FEET]) is None:
            seen.append(hips + _OF_LEGS * trunk)
    left, top = np.min(seen, axis=0)
    right, bottom = np.max(seen, axis=0)
    return [float(left), float(top), float(right), float(bottom)]


def _middle(places: Numbers) -> Numbers | None:
    known = places[~np.isnan(places).any(axis=1)]
    middle: Numbers | None = known.mean(axis=0) if len(known) else None
    return middle


def _enlarged(times: Numbers, boxes: Numbers) -> Numbers:
    """The boxes about their middles, each as large as the largest around it, and a margin more."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    lows, highs = np.searchsorted(times, times - _AS_LARGE_SECONDS), np.searchsorted(times, times + _AS_LARGE_SECONDS)
    largest = [sizes[low:high].max(axis=0) for low, high in zip(lows, highs, strict=True)]
    wanted: Numbers = np.array(largest).reshape(-1, 2)
    more = (wanted - sizes) / 2 + _MARGIN * wanted.max(axis=1, initial=0, keepdims=True)
    return np.concatenate([boxes[:, :2] - more, boxes[:, 2:] + more], axis=1)


def _union(boxes: Numbers) -> Box:
    return [*map(float, boxes[:, :2].min(axis=0)), *map(float, boxes[:, 2:].max(axis=0))]


def _wider(box: Box, seconds: float) -> Box:
    left, top, right, bottom = box
    more = _WIDER_A_SECOND * seconds * max(right - left, bottom - top)
    return [left - more, top - more, right + more, bottom + more]


def hidden(
    frames: Iterable[Frame], bodies: Sequence[Body], unseen: Sequence[tuple[float, float]] = ()
) -> Iterator[Frame]:
    """The frames with every one of the bodies in a few cells, and whole ones where nobody knows who is in them.

    `unseen`: from when to when that is.
    """
    for frame in frames:
        boxes = [box for box in (body.box(frame.time_seconds) for body in bodies) if box is not None]
        if any(_about(frame.time_seconds, *bounds) for bounds in unseen):
            boxes = [[0.0, 0.0, float(frame.picture.width), float(frame.picture.height)]]
        yield replace(frame, picture=_covered(frame.picture, boxes)) if boxes else frame


def _about(at: float, begin: float, end: float) -> bool:
    return begin - _AROUND_UNSEEN_SECONDS <= at <= end + _AROUND_UNSEEN_SECONDS


def _covered(picture: Picture, boxes: list[Box]) -> Picture:
    one, two, three = (
        _in_cells(plane, (plane.shape[1] / picture.width, plane.shape[0] / picture.height), boxes)
        for plane in picture.planes
    )
    return replace(picture, planes=(one, two, three))


def _in_cells(plane: Bytes, scale: tuple[float, float], boxes: list[Box]) -> Bytes:
    """A plane with the boxes in a few cells each; `scale`: how fine it is, across and down."""
    made = plane.copy()
    height, width = plane.shape
    for left, top, right, bottom in boxes:
        side = max(right - left, bottom - top) / _CELLS
        columns = _edges(left, right, side, scale[0], width)
        for above, below in pairwise(_edges(top, bottom, side, scale[1], height)):
            for before, behind in pairwise(columns):
                cell = made[above:below, before:behind]
                if cell.size:
                    cell[:] = round(float(cell.mean()))
    return made


def _edges(low: float, high: float, side: float, scale: float, most: int) -> npt.NDArray[np.int_]:
    """Where cells of about this side begin and end; those at the ends reach to whole pixels."""
    edges = np.linspace(np.floor(low * scale), np.ceil(high * scale), max(1, round((high - low) / max(side, 1))) + 1)
    return np.clip(edges, 0, most).round().astype(int)
