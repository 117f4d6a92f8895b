# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who in a segment is who in the one before: those whose landmarks agree in the frames that both have seen."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.pose import BODY_MARGIN, Pose
from fastbreak_service.vision.sides import extent
from fastbreak_service.vision.track import likeness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastbreak_service.segments.looked import Looked

_NEWEST = 15
"""Frames in which two were seen that have a say: who was taken for somebody else before has been told apart since."""
_SAME_BODY = 0.35
"""Poses as alike as this, on average, are of one body, as for the tracker."""


def same_persons(before: Looked, after: Looked) -> dict[int, int]:
    """The persons of a segment, each with the one of the segment before who they are; nobody is two."""
    alike: dict[tuple[int, int], list[float]] = defaultdict(list)
    for there, here in _common(before, after):
        for mine, pose in here:
            for theirs, other in there:
                alike[mine, theirs].append(likeness(pose, other, BODY_MARGIN * extent(pose.points)))
    sums = {pair: float(np.sum(found[-_NEWEST:])) for pair, found in alike.items()}
    likely = [pair for pair, found in alike.items() if np.mean(found[-_NEWEST:]) >= _SAME_BODY]
    known: dict[int, int] = {}
    for mine, theirs in sorted(likely, key=lambda pair: (-sums[pair], pair)):
        if mine not in known and theirs not in known.values():
            known[mine] = theirs
    return known


type Seen = list[tuple[int, Pose]]


def _common(before: Looked, after: Looked) -> Iterator[tuple[Seen, Seen]]:
    """Who was seen by both in each frame of the lead, in order of time."""
    for there, here in in_both(before, after):
        yield _seen(before, there), _seen(after, here)


def in_both(before: Looked, after: Looked) -> Iterator[tuple[int, int]]:
    """The frames of the lead, by their places in the segment before and in this one, in order of time."""
    places = {round(float(time), 6): place for place, time in enumerate(before.times)}
    for place in range(after.lead):
        there = places.get(round(float(after.times[place]), 6))
        if there is not None:
            yield there, place


def _seen(looked: Looked, frame: int) -> Seen:
    rows = np.flatnonzero(looked.frames == frame)
    return [(int(looked.persons[row]), pose_of(looked, int(row))) for row in rows]


def pose_of(looked: Looked, row: int) -> Pose:
    """The pose of a sighting."""
    return Pose(looked.points[row], looked.visibility[row], 1.0, None)
