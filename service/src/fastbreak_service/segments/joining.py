# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Joining what was seen of the segments of a clip to what would have been seen of the whole.

What comes out is told of as of a clip that was looked at in one go: left and right, angles, events and findings are
made of it by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.analysis import Result, Telling
from fastbreak_service.segments.filming import Film, filmed
from fastbreak_service.segments.reading import NEARLY
from fastbreak_service.segments.stitching import pose_of, same_persons
from fastbreak_service.video.decoding import Tally
from fastbreak_service.video.facts import MOST_REMARKS, Spans, VideoFacts, somewhere_damaged
from fastbreak_service.video.frames import no_picture
from fastbreak_service.video.timing import Steps
from fastbreak_service.vision.tracker import Sighting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastbreak_service.analysis import MeasureRow
    from fastbreak_service.segments.cutting import Segment
    from fastbreak_service.segments.looked import Doubles, Looked
    from fastbreak_service.video.limits import Limits
    from fastbreak_service.vision.models import ModelIdentity

_AND = " and "


@dataclass(frozen=True, slots=True)
class Part:
    """A segment and what was seen of it; None of one that is missing."""

    segment: Segment
    looked: Looked | None


def join(
    parts: Iterable[Part],
    limits: Limits,
    keep: Callable[[MeasureRow], None],
    follow: Callable[[Sighting], None] = lambda _: None,
) -> Result:
    """What an analysis of the whole clip would find; `keep` and `follow` as of `analyse`.

    Frames keep their numbers behind a missing part, and persons get new ones there. Raises RejectedVideoError for what
    is wrong with the whole, ValueError when there is nothing at all.
    """
    joint, told = _Joint(limits), Telling(keep, follow)
    for part in parts:
        told.push(joint.add(part))
    facts, model = joint.end()
    return Result(facts, model, told.finish())


class _Grid:
    """The times of a clip's frames, in runs in which none is missing."""

    def __init__(self) -> None:
        self._origin: float | None = None
        self._end = self._begin = self._last = self._step = self._seconds = 0.0
        self.frames = self._runs = 0
        self._running = False
        self.steps = Steps()

    def add(self, segment: Segment, times: Doubles) -> Doubles:
        """The times of a segment's own frames, told from the clip's first frame where that is known."""
        if self._origin is None:
            self._origin = float(times[0]) if segment.number == 0 and len(times) else 0.0
        told: Doubles = times - self._origin
        for moment in told.tolist():
            if self._running:
                self._step = moment - self._last
            else:
                self._begin = moment
                self._runs += 1
            self._last, self._running = moment, True
            self.steps.note(moment)
        self.frames += len(told)
        self._end = self._last + self._step
        return told

    def miss(self, segment: Segment) -> None:
        """A segment is missing."""
        self._stop()
        self._end = segment.end_seconds - (self._origin or 0.0)

    def _stop(self) -> None:
        if self._running:
            self._seconds += self._last - self._begin
        self._running = False
        self.steps.leave_off()

    def from_first(self, seconds: float) -> float:
        """A moment of the clip, told from its first frame."""
        return max(0.0, seconds - (self._origin or 0.0))

    def told(self) -> tuple[float, float]:
        """How many frames a second there are, and how long the clip is."""
        self._stop()
        mean = (self.frames - self._runs) / self._seconds if self._seconds > 0 else 0.0
        return self.steps.rate(mean), self._end


class _Joint:
    def __init__(self, limits: Limits) -> None:
        self._meter = limits.meter()
        self._tally, self._grid = Tally(), _Grid()
        self._before: Film | None = None
        self._scenes = 0
        self._known: dict[int, int] = {}
        self._persons = self._frame = self._errors = 0
        self._damaged = Spans()
        self._segment: Segment | None = None
        self._model: ModelIdentity | None = None

    def add(self, part: Part) -> list[Sighting]:
        """The sightings of the next segment, as those of the clip."""
        self._segment, looked = part.segment, part.looked
        if looked is None:
            self._grid.miss(part.segment)
            self._before, self._known = None, {}
            self._frame += part.segment.packets
            return []
        _check(part.segment, looked)
        self._count(part.segment, looked)
        times = self._grid.add(part.segment, looked.times[looked.lead :])
        self._known = self._numbered(looked)
        film = self._before = filmed(self._before, looked, self._scenes)
        self._scenes, self._model = film.last_scene + 1, _both(self._model, looked.model)
        found = [
            Sighting(
                self._known[int(looked.persons[row])],
                self._frame + (own := int(looked.frames[row]) - looked.lead),
                float(times[own]),
                pose_of(looked, row),
                film.ground(int(looked.frames[row])),
                film.scene(int(looked.frames[row])),
            )
            for row in np.flatnonzero(looked.frames >= looked.lead).tolist()
        ]
        self._frame += len(times)
        return found

    def _count(self, segment: Segment, looked: Looked) -> None:
        account = looked.account
        self._meter.spend(account.spent_seconds)
        self._tally.due += segment.packets
        self._tally.pictures += account.pictures
        self._tally.damaged += account.damaged
        self._tally.interlaced |= account.interlaced
        self._errors += account.errors
        self._damaged.note(self._grid.from_first(segment.start_seconds), so=account.errors > 0)

    def _numbered(self, looked: Looked) -> dict[int, int]:
        """The clip's number of each person of a segment who is seen in a frame of its own."""
        same = same_persons(self._before.looked, looked) if self._before is not None else {}
        numbers: dict[int, int] = {}
        for person in looked.persons[looked.frames >= looked.lead].tolist():
            if person not in numbers:
                known = self._known.get(same.get(person, 0))
                self._persons += known is None
                numbers[person] = known or self._persons
        return numbers

    def end(self) -> tuple[VideoFacts, ModelIdentity]:
        """What was seen of the clip, and by which network."""
        if self._segment is None or self._model is None:
            raise ValueError("nothing was seen of a clip")
        if self._grid.frames == 0:
            raise no_picture()
        self._tally.check()
        rate, seconds = self._grid.told()
        segment = self._segment
        remarks = [*somewhere_damaged(self._damaged.told(seconds)), *self._grid.steps.paused(rate)]
        facts = VideoFacts(
            *(segment.width, segment.height, rate, self._grid.frames, seconds, self._errors, segment.completeness),
            remarks[:MOST_REMARKS],
        )
        return facts, self._model


def _both(model: ModelIdentity | None, other: ModelIdentity) -> ModelIdentity:
    """The network of two segments; workers on other processors may have counted in another precision, which is told."""
    if model is None or other.name in model.name.split(_AND):
        return model or other
    return replace(model, name=_AND.join(sorted([*model.name.split(_AND), other.name])))


def _check(segment: Segment, looked: Looked) -> None:
    """Raise ValueError for what was not seen of this segment."""
    own = looked.times[looked.lead :]
    late = len(own) and not segment.is_last and own[-1] >= segment.end_seconds
    if len(own) and (own[0] < segment.start_seconds - NEARLY or late):
        raise ValueError(f"frames that are not those of segment {segment.number}")
