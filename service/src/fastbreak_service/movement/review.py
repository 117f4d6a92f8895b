# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""All that is said of one person's movement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastbreak_service.movement.events import falls, jumps, looked_seconds, rate_of
from fastbreak_service.movement.findings import findings
from fastbreak_service.movement.measures import measures
from fastbreak_service.movement.series import Trail, motion
from fastbreak_service.movement.values import KINDS, MOST_EVENTS, Cut, Deceleration, Jump, Landing, Moved, Movement
from fastbreak_service.movement.view import view
from fastbreak_service.movement.ways import ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fastbreak_service.movement.events import Fall
    from fastbreak_service.movement.series import Doubles, Motion
    from fastbreak_service.movement.values import Event, Finding
    from fastbreak_service.vision.tracker import Sighting


class Trails:
    """The trails of everybody in a clip. Give it the sightings of each person in order of time."""

    def __init__(self) -> None:
        self._trails: dict[int, Trail] = {}

    def add(self, sighting: Sighting) -> None:
        """Keep a sighting."""
        trail = self._trails.setdefault(sighting.person, Trail())
        trail.add(sighting.frame, sighting.time_seconds, sighting.pose, sighting.ground, sighting.scene)

    def everybody(self) -> Iterator[tuple[int, Trail]]:
        """Everybody with their trail, in order of their numbers."""
        for person in sorted(self._trails):
            yield person, self._trails[person]

    def motion(self, person: int, clip_rate: float) -> Motion | None:
        """A person's series; None of fewer than two sightings."""
        return motion(self._trails[person], clip_rate)

    def seen(self, person: int, frame: int) -> Doubles | None:
        """A person's landmarks in a frame (12, 2), NaN where one is hidden; None where the person was not seen."""
        return self._trails[person].seen(frame)

    def in_frame(self, frame: int) -> Iterator[tuple[int, Doubles]]:
        """Everybody who was seen in a frame, with the landmarks as `seen` gives them."""
        for person, trail in self._trails.items():
            if (points := trail.seen(frame)) is not None:
                yield person, points

    def reviewed(self, clip_rate: float, small_pixels: float = 0.0) -> Movement:
        """Everybody's events and findings, which are of the events that are kept. `small_pixels` as of `ways`."""
        told = {person: events(self._trails[person], clip_rate, small_pixels) for person in sorted(self._trails)}
        found = {person: one.events for person, one in told.items()}
        kept = first_of(found)
        persons = [Moved(person, listed, of_events(listed)) for person, listed in kept.items()]
        looked = {kind: round(sum(one.looked_seconds[kind] for one in told.values()), 3) for kind in KINDS}
        return Movement(persons, _count(found) - _count(kept), looked)


@dataclass(frozen=True, slots=True)
class Told:
    """The events of a person in order of time, and by their kinds for how long each was looked for."""

    events: list[Event]
    looked_seconds: Mapping[str, float]


def first_of(found: Mapping[int, Sequence[Event]], most: int = MOST_EVENTS) -> dict[int, list[Event]]:
    """The first of everybody's events, if they are too many. Cuts and decelerations have the room that others leave."""
    before = {person: [one for one in listed if isinstance(one, Landing | Jump)] for person, listed in found.items()}
    ends = [_end(before, most)]
    others = {
        person: [one for one in listed if isinstance(one, Cut | Deceleration)] for person, listed in found.items()
    }
    ends.append(_end(others, max(0, most - _count(before))))
    return {
        person: [one for one in listed if _begin(one) < ends[isinstance(one, Cut | Deceleration)]]
        for person, listed in found.items()
    }


def _end(found: Mapping[int, Sequence[Event]], most: int) -> float:
    """When the first event begins that is one too many."""
    moments = sorted(_begin(event) for listed in found.values() for event in listed)
    return moments[most] if len(moments) > most else math.inf


def _count(found: Mapping[int, Sequence[Event]]) -> int:
    return sum(len(listed) for listed in found.values())


def review(trail: Trail, clip_rate: float, small_pixels: float = 0.0) -> tuple[list[Event], list[Finding]]:
    """The events of a person in order of time, and what is for review of them."""
    found = events(trail, clip_rate, small_pixels).events
    return found, of_events(found)


def events(trail: Trail, clip_rate: float, small_pixels: float = 0.0) -> Told:
    """The events of a person."""
    moved = motion(trail, clip_rate)
    if moved is None:
        return Told([], dict.fromkeys(KINDS, 0.0))
    found = falls(moved)
    landings = [_landing(moved, fall) for fall in found]
    made, of_ways = ways(trail, moved, found, small_pixels)
    upright = looked_seconds(moved)
    looked = {"landing": upright, "jump": upright, "cut": of_ways, "deceleration": of_ways}
    return Told(sorted([*landings, *jumps(moved, found), *made], key=_begin), looked)


def of_events(found: Sequence[Event]) -> list[Finding]:
    """What is for review of a person's events."""
    return findings([event for event in found if isinstance(event, Landing)])


def _begin(event: Event) -> float:
    if isinstance(event, Landing):
        return event.contact_seconds
    return event.takeoff_seconds if isinstance(event, Jump) else event.seconds


def _landing(moved: Motion, fall: Fall) -> Landing:
    seen = view(moved, fall.contact, fall.deepest)
    return Landing(
        "landing",
        int(moved.frames[fall.contact]),
        round(float(moved.times[fall.contact]), 6),
        int(moved.frames[fall.deepest]),
        round(float(moved.times[fall.deepest]), 6),
        fall.legs,
        round(fall.speed, 3),
        seen,
        round(rate_of(moved, fall), 3),
        round(float(moved.height[fall.deepest]), 1),
        measures(moved, fall, seen.view),
    )
