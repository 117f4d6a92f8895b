# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Keeping persons apart and giving each one number through a clip.

Between key frames a person is followed by the landmarks alone: each pose says where to look next, which is several
times cheaper than detecting again. On key frames detections start new tracks and pick up lost ones. A person has a
number only after being seen in `CONFIRM_AFTER` frames on end, so that a chair that once looks like a person is never
listed;
the frames before that are held back, not dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.region import Region, overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastbreak_service.vision.detector import Detection
    from fastbreak_service.vision.pose import Pose

CONFIRM_AFTER = 3
MINIMUM_SCORE = 0.5
FORGET_AFTER_SECONDS = 1.5
KEY_FRAME_SECONDS = 1 / 3
SEARCH_SECONDS = 0.1
MAX_PERSONS = 16
"""How many are followed at once: each costs one look a frame, and a drawn crowd must not cost a hundred."""
_KNOWN_OVERLAP = 0.45
_SAME_POSE = 0.5
_SAME_BODY = 0.5
_REACH = 0.6


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person in a frame: number from 1, frame from 0, the frame's time in seconds, and the pose."""

    person: int
    frame: int
    time_seconds: float
    pose: Pose


@dataclass(slots=True)
class _Track:
    order: int
    region: Region
    pose: Pose
    seen_at: float
    velocity: tuple[float, float] = (0.0, 0.0)
    live: bool = True
    person: int | None = None
    held: list[tuple[int, float, Pose]] = field(default_factory=list)

    def see(self, frame: int, time_seconds: float, pose: Pose, region: Region) -> None:
        elapsed = time_seconds - self.seen_at
        if elapsed > 0:
            speed_x = (region.center_x - self.region.center_x) / elapsed
            speed_y = (region.center_y - self.region.center_y) / elapsed
            self.velocity = (
                0.7 * self.velocity[0] + 0.3 * speed_x,
                0.7 * self.velocity[1] + 0.3 * speed_y,
            )
        self.region, self.pose, self.seen_at, self.live = region, pose, time_seconds, True
        self.held.append((frame, time_seconds, pose))

    def distance(self, region: Region, time_seconds: float) -> float:
        """How far `region` lies from where this track should be by now, in sides of the region."""
        elapsed = time_seconds - self.seen_at
        off_x = self.region.center_x + self.velocity[0] * elapsed - region.center_x
        off_y = self.region.center_y + self.velocity[1] * elapsed - region.center_y
        return float(np.hypot(off_x, off_y)) / region.side


def likeness(pose: Pose, other: Pose, side: float) -> float:
    """How much two poses are the same person's, 0 to 1.

    The mean over the landmarks of exp(-d^2 / 2s^2) with s = 3 % of the region's side: COCO's object keypoint
    similarity with one tolerance for all landmarks.
    """
    distance = np.square(pose.points - other.points).sum(axis=1)
    return float(np.exp(-distance / (2 * (0.03 * side) ** 2)).mean())


def covered(pose: Pose, other: Pose) -> float:
    """How much of the smaller of two bodies' boxes lies in the other's, 0 to 1.

    Stricter than `likeness`: a second look at the same body often swaps its left and right.
    """
    low = np.maximum(pose.points.min(axis=0), other.points.min(axis=0))
    high = np.minimum(pose.points.max(axis=0), other.points.max(axis=0))
    shared = np.prod(np.maximum(high - low, 0))
    smaller = min(np.prod(np.ptp(pose.points, axis=0)), np.prod(np.ptp(other.points, axis=0)))
    return float(shared / smaller) if smaller > 0 else 0.0


class Tracker:
    """The persons of one clip. Feed it the frames in order; it is not shared between threads."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._started = 0
        self._persons = 0
        self._frames = 0
        self._detected_at: float | None = None

    def wants_detections(self, time_seconds: float) -> bool:
        """Whether the frame at this time is a key frame: every third of a second, sooner while somebody is missing."""
        if self._detected_at is None:
            return True
        searching = not self._tracks or any(not track.live for track in self._tracks)
        pause = SEARCH_SECONDS if searching else KEY_FRAME_SECONDS
        return time_seconds - self._detected_at >= pause - 1e-6

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
        self._forget(time_seconds)
        self._follow(frame, time_seconds, look)
        if detections is not None:
            self._detected_at = time_seconds
            for detection in detections[: 2 * MAX_PERSONS]:
                self._admit(frame, time_seconds, detection, look)
        return self._release(CONFIRM_AFTER)

    def finish(self) -> list[Sighting]:
        """What is still held back at the end: of a clip shorter than `CONFIRM_AFTER` frames, everything."""
        return self._release(1) if self._frames < CONFIRM_AFTER else []

    def _forget(self, time_seconds: float) -> None:
        self._tracks = [
            track
            for track in self._tracks
            if track.live or (track.person is not None and time_seconds - track.seen_at <= FORGET_AFTER_SECONDS)
        ]

    def _follow(self, frame: int, time_seconds: float, look: Callable[[Region], Pose]) -> None:
        found: list[tuple[_Track, Pose, Region]] = []
        for track in (t for t in self._tracks if t.live):
            pose = look(track.region)
            if pose.score >= MINIMUM_SCORE and pose.next_region is not None:
                found.append((track, pose, pose.next_region))
            else:
                track.live = False
        # Of two tracks that landed on the same body the one that jumped less keeps it; the other is lost.
        found.sort(key=lambda f: (-likeness(f[0].pose, f[1], f[2].side), f[0].order))
        kept: list[tuple[_Track, Pose, Region]] = []
        for track, pose, region in found:
            if any(likeness(pose, other, region.side) > _SAME_POSE for _, other, _ in kept):
                track.live = False
                continue
            kept.append((track, pose, region))
            track.see(frame, time_seconds, pose, region)

    def _admit(self, frame: int, time_seconds: float, detection: Detection, look: Callable[[Region], Pose]) -> None:
        live = [track for track in self._tracks if track.live]
        if len(live) >= MAX_PERSONS:
            return
        if any(overlap(detection.region, track.region) > _KNOWN_OVERLAP for track in live):
            return
        pose = look(detection.region)
        region = pose.next_region
        if pose.score < MINIMUM_SCORE or region is None:
            return
        if any(covered(pose, track.pose) > _SAME_BODY for track in live):
            return
        track = self._lost_track_near(region, time_seconds)
        if track is None:
            track = _Track(self._started, region, pose, time_seconds)
            self._started += 1
            self._tracks.append(track)
        track.see(frame, time_seconds, pose, region)

    def _lost_track_near(self, region: Region, time_seconds: float) -> _Track | None:
        near = [
            (track.distance(region, time_seconds), track.order, track)
            for track in self._tracks
            if not track.live and 0.6 < track.region.side / region.side < 1.6
        ]
        near = [entry for entry in near if entry[0] <= _REACH]
        return min(near)[2] if near else None

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
