# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""All that a report tells, made anew of the sightings that it keeps. It needs no video and no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastbreak_service.analysis import Result, Telling
from fastbreak_service.movement.review import Trails
from fastbreak_service.people.corrections import seen_in, under
from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.history import replayed
from fastbreak_service.people.observed import Observed
from fastbreak_service.people.values import People
from fastbreak_service.vision.camera import pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastbreak_service.analysis import MeasureRow
    from fastbreak_service.movement.values import Movement
    from fastbreak_service.people.corrections import Correction
    from fastbreak_service.video.facts import VideoFacts
    from fastbreak_service.vision.models import ModelIdentity
    from fastbreak_service.vision.tracker import Sighting


@dataclass(frozen=True, slots=True)
class Followed:
    """What is kept of sightings while they are told. `observed` has left and right put in order."""

    rows: list[MeasureRow] = field(default_factory=list)
    observed: Observed = field(default_factory=Observed)
    trails: Trails = field(default_factory=Trails)
    whereabouts: Whereabouts = field(default_factory=Whereabouts)

    def add(self, sighting: Sighting) -> None:
        """Keep a sighting."""
        self.observed.add(sighting)
        self.trails.add(sighting)
        self.whereabouts.add(sighting)


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of a clip, and what it is told from."""

    people: People
    result: Result
    movement: Movement
    rows: list[MeasureRow]
    observed: Observed
    trails: Trails


def retold(
    raw: Observed,
    corrections: Sequence[Correction],
    video: VideoFacts,
    model: ModelIdentity,
    follow: Callable[[Sighting], None] = lambda _: None,
) -> Told:
    """What is told of sightings, as the analysis gave them, when these corrections stand; each goes to `follow`."""
    kept = Followed()

    def keep(sighting: Sighting) -> None:
        kept.add(sighting)
        follow(sighting)

    telling = Telling(kept.rows.append, keep)
    found = list(raw.sightings())
    if corrections:
        found.sort(key=lambda sighting: sighting.frame)
        found = under(found, replayed(seen_in(found), corrections))
    telling.push(found)
    result = Result(video, model, telling.finish())
    return told(kept, result, corrections)


def told(kept: Followed, result: Result, corrections: Sequence[Correction]) -> Told:
    """The same of what was followed."""
    video = result.video
    movement = kept.trails.reviewed(video.frames_per_second, pixels(video.width, video.height))
    people = People([one.words for one in corrections], kept.whereabouts.doubts(corrections))
    return Told(people, result, movement, kept.rows, kept.observed, kept.trails)
