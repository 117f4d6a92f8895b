# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From a video to measures: the one analysis that the service and the command line share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fastbreak_service.video.work import of_vision
from fastbreak_service.vision.angles import Angle, measure
from fastbreak_service.vision.camera import Camera
from fastbreak_service.vision.detector import pixels, sizes
from fastbreak_service.vision.sides import Sides
from fastbreak_service.vision.tracker import Sighting, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from fastbreak_service.video.facts import VideoFacts
    from fastbreak_service.video.frames import Frame
    from fastbreak_service.video.work import Meter
    from fastbreak_service.vision.detector import Detection, Search
    from fastbreak_service.vision.models import ModelIdentity
    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.pose import Pose
    from fastbreak_service.vision.region import Region
    from fastbreak_service.vision.shift import Shift

_HELD_BACK = 300
"""Frames after which nobody waits for a number: a fifth of a second at more frames a second than cameras have."""


class MeasureRow(NamedTuple):
    """One angle of one person in one frame. Frames count from 0, persons from 1, times in seconds."""

    person: int
    frame: int
    time_seconds: float
    angle: str
    value_degrees: float
    confidence: float


@dataclass(frozen=True, slots=True)
class AngleSummary:
    """One angle of one person over a clip, in degrees, over `samples` frames."""

    minimum: float
    maximum: float
    mean: float
    samples: int
    unit: str = "degree"


@dataclass(frozen=True, slots=True)
class Person:
    """One person: in how many frames seen, the first and the last of them, and the angles that could be measured."""

    id: int
    frames: int
    first_frame: int
    last_frame: int
    angles: dict[str, AngleSummary]


@dataclass(frozen=True, slots=True)
class Result:
    """What an analysis found, but for the single measures."""

    video: VideoFacts
    model: ModelIdentity
    persons: list[Person]


class Vision(Protocol):
    """Finds persons in a frame, and a person's pose in a region of it."""

    identity: ModelIdentity

    def detect(self, picture: Picture, search: Search) -> list[Detection]:
        """The persons in a frame, best first."""

    def look(self, picture: Picture, region: Region) -> Pose:
        """The pose of the person in a region."""


class MeteredVision:
    """A Vision whose work is charged to a clip's meter, which stops it with RejectedVideoError."""

    def __init__(self, vision: Vision, meter: Meter) -> None:
        self._vision = vision
        self._meter = meter
        self.identity = vision.identity

    def detect(self, picture: Picture, search: Search) -> list[Detection]:
        """The persons in a frame, best first."""
        self._meter.spend(of_vision(pixels(sizes(picture.width, picture.height, search)), 0))
        return self._vision.detect(picture, search)

    def look(self, picture: Picture, region: Region) -> Pose:
        """The pose of the person in a region."""
        self._meter.spend(of_vision(0, 1))
        return self._vision.look(picture, region)


class Video(Protocol):
    """Frames in order, then what was seen of the video."""

    def __iter__(self) -> Iterator[Frame]:
        """Decode."""

    def facts(self) -> VideoFacts:
        """What the pass saw."""


@dataclass(slots=True)
class _Running:
    minimum: float = math.inf
    maximum: float = -math.inf
    total: float = 0.0
    samples: int = 0

    def add(self, value: float) -> None:
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        self.total += value
        self.samples += 1

    def summary(self) -> AngleSummary:
        return AngleSummary(
            round(self.minimum, 3), round(self.maximum, 3), round(self.total / self.samples, 3), self.samples
        )


@dataclass(slots=True)
class _PersonTotals:
    first_frame: int
    last_frame: int = 0
    frames: int = 0
    angles: dict[str, _Running] = field(default_factory=dict)

    def person(self, number: int) -> Person:
        ordered = {angle.value: self.angles[angle].summary() for angle in Angle if angle in self.angles}
        return Person(number, self.frames, self.first_frame, self.last_frame, ordered)


def analyse(
    video: Video,
    vision: Vision,
    keep: Callable[[MeasureRow], None],
    progress: Callable[[int], None] = lambda _: None,
    follow: Callable[[Sighting], None] = lambda _: None,
) -> Result:
    """Run the analysis; each measure goes to `keep` as it becomes certain, frame counts to `progress`.

    Each sighting goes to `follow`, those of a person in order of time.

    Raises what the video raises (RejectedVideoError).
    """
    told = Telling(keep, follow)
    for sightings in followed(video, vision, progress):
        told.push(sightings)
    return Result(video.facts(), vision.identity, told.finish())


def followed(
    frames: Iterable[Frame],
    vision: Vision,
    progress: Callable[[int], None] = lambda _: None,
    filmed: Callable[[Shift | None, int], None] = lambda *_: None,
) -> Iterator[list[Sighting]]:
    """The sightings that became certain with each frame, and at the end.

    `filmed` is told of each frame its ground and scene, as of a `Camera`. A frame that is not whole is a gap.
    """
    tracker, camera = Tracker(), Camera()
    grounds: dict[int, tuple[Shift | None, int]] = {}
    for frame in frames:
        if not frame.whole:
            filmed(None, camera.scene)
            progress(frame.index + 1)
            continue
        shift = camera.step(frame.picture, frame.time_seconds, tracker.bodies())
        if shift is not None:
            tracker.move(shift)
        grounds[frame.index] = camera.ground, camera.scene
        filmed(camera.ground, camera.scene)
        grounds.pop(frame.index - _HELD_BACK, None)
        yield _grounded(_step(tracker, vision, frame), grounds)
        progress(frame.index + 1)
    yield _grounded(tracker.finish(), grounds)


def _grounded(sightings: list[Sighting], grounds: Mapping[int, tuple[Shift | None, int]]) -> list[Sighting]:
    """Sightings with what the camera did until their frames."""
    found = []
    for sighting in sightings:
        ground, scene = grounds.get(sighting.frame, (None, 0))
        found.append(replace(sighting, ground=ground, scene=scene))
    return found


class Telling:
    """What is told of sightings: as it becomes certain, each measure goes to `keep` and each sighting to `follow`."""

    def __init__(self, keep: Callable[[MeasureRow], None], follow: Callable[[Sighting], None]) -> None:
        self._keep, self._follow = keep, follow
        self._sides = Sides()
        self._totals: dict[int, _PersonTotals] = {}

    def push(self, sightings: Iterable[Sighting]) -> None:
        """Take sightings; those of a person come in order of time."""
        _take(self._sides.push(sightings), self._totals, self._keep, self._follow)

    def finish(self) -> list[Person]:
        """Everybody, when there are no more."""
        _take(self._sides.finish(), self._totals, self._keep, self._follow)
        return [self._totals[number].person(number) for number in sorted(self._totals)]


def _step(tracker: Tracker, vision: Vision, frame: Frame) -> list[Sighting]:
    search = tracker.search(frame.time_seconds)
    detections = None if search is None else vision.detect(frame.picture, search)
    return tracker.update(
        frame.index, frame.time_seconds, detections, lambda region: vision.look(frame.picture, region)
    )


def _take(
    sightings: Iterable[Sighting],
    totals: dict[int, _PersonTotals],
    keep: Callable[[MeasureRow], None],
    follow: Callable[[Sighting], None],
) -> None:
    for sighting in sightings:
        follow(sighting)
        total = totals.setdefault(sighting.person, _PersonTotals(first_frame=sighting.frame))
        total.frames += 1
        total.last_frame = sighting.frame
        for found in measure(sighting.pose.points, sighting.pose.visibility):
            value = round(found.value_degrees, 3)
            total.angles.setdefault(found.angle, _Running()).add(value)
            keep(
                MeasureRow(
                    sighting.person,
                    sighting.frame,
                    round(sighting.time_seconds, 6),
                    found.angle.value,
                    value,
                    round(found.confidence, 4),
                )
            )
