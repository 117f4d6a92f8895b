# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Keeping persons apart and giving each one number through a clip.

Between key frames a person is followed by the landmarks alone: each pose says where to look next, which is several
times cheaper than detecting again. A person who is lost is looked for where they should be by now, and on key frames
among the detections that are nobody's, which may also start a track: what a look at the place says decides. Two
tracks are one body when their landmarks agree, not when their boxes overlap: players stand before each other.
Where everybody is expected, and how fast they are, moves with the camera.

A person has a number only after being seen in `CONFIRM_AFTER` frames with no longer pause than a tenth of a second, so
that a chair that once looks like a person is never listed; the frames before that are held back, not dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastbreak_service.vision.detector import Search
from fastbreak_service.vision.doubts import Doubts
from fastbreak_service.vision.region import box_around, share
from fastbreak_service.vision.track import Track, covered, likeness, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastbreak_service.vision.detector import Detection
    from fastbreak_service.vision.pose import Pose
    from fastbreak_service.vision.region import Box, Region
    from fastbreak_service.vision.shift import Shift

CONFIRM_AFTER = 3
MINIMUM_SCORE = 0.5
"""Of a look that shows a person."""
SURE_OF_BOTH, SURE_AFTER_DOUBT = 1.2, 1.3
"""The scores of a detection and of the look there, added up, of somebody new: two doubts are nobody. More is asked
where a look saw nobody a moment ago."""
FORGET_AFTER_SECONDS = 1.5
FORGET_NEWCOMER_AFTER_SECONDS = 0.1
"""Who is blurred for a frame before the third would come back as another region, often a wrong one."""
KEY_FRAME_SECONDS = 1 / 3
SEARCH_SECONDS = 0.1
SURVEY_SECONDS = 1.0
_AS_SMALL = 0.8
"""Bodies seem smaller from frame to frame without being others."""
MAX_PERSONS = 16
"""How many are followed at once: each costs one look a frame, and a drawn crowd must not cost a hundred."""
_COAST_SECONDS = 0.25
"""A lost person is looked for where they should be by now in so many seconds, without a detection."""
_KNOWN_SHARE, _TURNED_SHARE = 0.3, 0.1
"""How much of a track's box and a detection's must be shared, of a body that stands and one that is turned over."""
_UPRIGHT_BOX = 1.2
"""A box so much higher than wide is that of somebody who stands, or does a handstand."""
_NEARLY = 0.1
_SAME_POSE = 0.5
_SAME_LOOK = 0.35
"""Landmarks as alike as this, found from a detection, are those of the body that is followed already."""
_COVERED, _NEW_COVERED = 0.85, 0.5
"""The share of a box that may lie within another's, of a person who was lost, and of a new one: in a blurred picture a
body's limbs are easily seen as another, smaller body."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person in a frame: number from 1, frame from 0, the frame's time in seconds, and the pose.

    `ground` leads from the frame to the first one of its `scene`, as the camera moved; None where nothing tells.
    """

    person: int
    frame: int
    time_seconds: float
    pose: Pose
    ground: Shift | None = None
    scene: int = 0


class Tracker:
    """The persons of one clip. Feed it the frames in order; it is not shared between threads."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._doubts = Doubts()
        self._started = 0
        self._persons = 0
        self._frames = 0
        self._detected_at = self._surveyed_at = -math.inf
        self._surveyed_for = math.inf

    def bodies(self) -> list[Box]:
        """Where those are who were seen last."""
        return [box_around(track.pose.points) for track in self._tracks if track.live]

    def move(self, shift: Shift) -> None:
        """The camera has moved, by what was too little to be told in earlier frames too."""
        for track in self._tracks:
            track.move(shift)
        self._doubts.move(shift)

    def search(self, time_seconds: float) -> Search | None:
        """How the frame at this time is to be searched, if it is a key frame.

        Thoroughly every second; every third of a second where nobody is known or somebody smaller than before.
        In between for bodies like those that are known, and more often for those who are missing.
        """
        known = [track.height for track in self._tracks if track.person is not None]
        smallest = min(known, default=math.inf)
        settled = bool(known) and smallest >= _AS_SMALL * self._surveyed_for
        if _due(self._surveyed_at, SURVEY_SECONDS if settled else KEY_FRAME_SECONDS, time_seconds):
            return Search(smallest, thorough=True)
        lost = [track.height for track in self._tracks if not track.live or track.turned]
        if (lost or not self._tracks) and _due(self._detected_at, SEARCH_SECONDS, time_seconds):
            return Search(min(lost, default=math.inf), thorough=False)
        return Search(smallest, thorough=False) if _due(self._detected_at, KEY_FRAME_SECONDS, time_seconds) else None

    def update(
        self,
        frame: int,
        time_seconds: float,
        detections: Sequence[Detection] | None,
        look: Callable[[Region], Pose],
    ) -> list[Sighting]:
        """The sightings that became certain with this frame. `look` finds the pose in a region of the frame.

        `detections` are those of a key frame, None for another frame.
        """
        self._frames += 1
        if detections is not None:
            self._note_search(time_seconds)
        self._forget(time_seconds)
        self._follow(frame, time_seconds, look)
        if detections is not None:
            self._associate(frame, time_seconds, detections[: 2 * MAX_PERSONS], look)
        return self._release(CONFIRM_AFTER)

    def _note_search(self, time_seconds: float) -> None:
        search = self.search(time_seconds)
        self._detected_at = time_seconds
        if search is not None and search.thorough:
            self._surveyed_at, self._surveyed_for = time_seconds, search.smallest

    def finish(self) -> list[Sighting]:
        """What is still held back at the end: of a clip shorter than `CONFIRM_AFTER` frames, everything."""
        return self._release(1) if self._frames < CONFIRM_AFTER else []

    def _forget(self, time_seconds: float) -> None:
        self._tracks = [
            track
            for track in self._tracks
            if track.live
            or time_seconds - track.seen_at
            <= (FORGET_NEWCOMER_AFTER_SECONDS if track.person is None else FORGET_AFTER_SECONDS) + 1e-6
        ]

    def _follow(self, frame: int, time_seconds: float, look: Callable[[Region], Pose]) -> None:
        found: list[tuple[Track, Pose, Region]] = []
        for track in self._tracks:
            if not track.live and time_seconds - track.seen_at > _COAST_SECONDS:
                continue
            region = track.region if track.live else track.expected(time_seconds)
            pose = look(region)
            if pose.score < MINIMUM_SCORE and track.turned:
                pose = look(replace(region, rotation=0.0))
            if pose.score >= MINIMUM_SCORE and pose.next_region is not None:
                found.append((track, pose, pose.next_region))
            else:
                track.live = False
        # Of two tracks that landed on the same body the one that jumped less keeps it; the other is lost.
        found.sort(key=lambda f: (not f[0].live, -likeness(f[0].pose, f[1], f[2].side), f[0].order))
        kept: list[Pose] = []
        for track, pose, region in found:
            same = any(likeness(pose, other, region.side) > _SAME_POSE for other in kept)
            back = track.may_be_in(region, time_seconds) and not _is_part_of_another(pose, kept, _COVERED)
            if same or not (track.live or back):
                track.live = False
                continue
            kept.append(pose)
            track.see(frame, time_seconds, pose, region)

    def _associate(
        self, frame: int, time_seconds: float, detections: Sequence[Detection], look: Callable[[Region], Pose]
    ) -> None:
        """Bring lost persons back by the detections that are nobody's yet, or let them start new tracks."""
        known = self._known(detections)
        for place, detection in enumerate(detections):
            live = [track for track in self._tracks if track.live]
            if place in known:
                _set_upright(known[place], detection, look)
                continue
            if len(live) >= MAX_PERSONS:
                continue
            pose = look(detection.region)
            region = pose.next_region
            if pose.score < MINIMUM_SCORE or region is None:
                self._doubts.note(detection.box, time_seconds)
                continue
            track = self._lost_in(region, time_seconds)
            if _is_part_of_another(pose, [other.pose for other in live], _COVERED if track else _NEW_COVERED):
                continue
            if track is None:
                doubted = self._doubts.about(detection.box, time_seconds)
                if detection.score + pose.score < (SURE_AFTER_DOUBT if doubted else SURE_OF_BOTH):
                    continue
                if any(lost.may_contain(region, time_seconds) for lost in self._tracks if not lost.live):
                    continue
                track = Track(self._started, region, pose, time_seconds)
                self._started += 1
                self._tracks.append(track)
            track.see(frame, time_seconds, pose, region)

    def _known(self, detections: Sequence[Detection]) -> dict[int, Track]:
        """The tracks whose detections are there, by the place: the boxes that agree most are each other's."""
        bodies = [(track, box_around(track.pose.points)) for track in self._tracks if track.live]
        pairs = [
            (share(detection.box, body), track, place)
            for place, detection in enumerate(detections)
            for track, body in bodies
        ]
        known: dict[int, Track] = {}
        for agreed, track, place in sorted(pairs, key=lambda pair: (-pair[0], pair[1].order, pair[2])):
            least = _TURNED_SHARE if track.turned else _KNOWN_SHARE
            if agreed > least and place not in known and track not in known.values():
                known[place] = track
        return known

    def _lost_in(self, region: Region, time_seconds: float) -> Track | None:
        """The lost person who is likeliest to have come back in a region."""
        lost = [track for track in self._tracks if not track.live and track.may_be_in(region, time_seconds)]
        return min(lost, key=lambda track: (track.distance(region, time_seconds), track.order), default=None)

    def _release(self, enough: int) -> list[Sighting]:
        released: list[Sighting] = []
        for track in self._tracks:
            if track.person is None and len(track.held) >= enough:
                self._persons += 1
                track.person = self._persons
            if track.person is not None:
                released += [Sighting(track.person, frame, time, pose) for frame, time, pose in track.held]
                track.held.clear()
        return released


def _due(last: float, pause: float, time_seconds: float) -> bool:
    return time_seconds - last >= pause - 1e-6


def _set_upright(track: Track, detection: Detection, look: Callable[[Region], Pose]) -> None:
    """Look again at a track that is turned over where somebody stands: the network may follow a body upside down."""
    box = detection.box
    if not track.turned or box.bottom - box.top < _UPRIGHT_BOX * (box.right - box.left):
        return
    pose = look(detection.region)
    region = pose.next_region
    if region is not None and pose.score >= max(MINIMUM_SCORE, track.pose.score - _NEARLY) and not turned(region):
        track.correct(pose, region)


def _is_part_of_another(pose: Pose, others: list[Pose], most: float) -> bool:
    """Whether a pose is that of a body which is followed already, or of its limbs; by the smaller one's measure."""

    def alike(other: Pose) -> bool:
        side = min(region.side for region in (pose.next_region, other.next_region) if region is not None)
        return likeness(pose, other, side) > _SAME_LOOK

    return any(alike(other) or covered(pose, other) > most for other in others)
