# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""All that is said of one person's movement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastbreak_service.movement.events import falls, jumps
from fastbreak_service.movement.findings import findings
from fastbreak_service.movement.measures import measures
from fastbreak_service.movement.series import Trail, motion
from fastbreak_service.movement.values import Landing
from fastbreak_service.movement.view import view

if TYPE_CHECKING:
    from fastbreak_service.movement.events import Fall
    from fastbreak_service.movement.series import Motion
    from fastbreak_service.movement.values import Finding, Jump
    from fastbreak_service.vision.tracker import Sighting


class Trails:
    """The trails of everybody in a clip. Give it the sightings of each person in order of time."""

    def __init__(self) -> None:
        self._trails: dict[int, Trail] = {}

    def add(self, sighting: Sighting) -> None:
        """Keep a sighting."""
        trail = self._trails.setdefault(sighting.person, Trail())
        trail.add(sighting.frame, sighting.time_seconds, sighting.pose)

    def reviewed(self, clip_rate: float) -> dict[int, tuple[list[Landing | Jump], list[Finding]]]:
        """Each person's events and findings, by the person's number."""
        return {person: review(self._trails[person], clip_rate) for person in sorted(self._trails)}


def review(trail: Trail, clip_rate: float) -> tuple[list[Landing | Jump], list[Finding]]:
    """The landings and jumps of a person in order of time, and what is for review of them."""
    moved = motion(trail, clip_rate)
    if moved is None:
        return [], []
    found = falls(moved)
    landings = [_landing(moved, fall) for fall in found]
    events: list[Landing | Jump] = [*landings, *jumps(moved, found)]
    return sorted(events, key=_begin), findings(landings)


def _begin(event: Landing | Jump) -> float:
    return event.contact_seconds if isinstance(event, Landing) else event.takeoff_seconds


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
        round(moved.rate, 3),
        round(float(moved.height[fall.deepest]), 1),
        measures(moved, fall, seen.view),
    )
