# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is found in known clips, one line of JSON a clip: what later releases are held against before users get them.

A line names the clip and the networks by their SHA-256, and the commit that analysed it.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from fastbreak_service.analysis import MeteredVision, analyse
from fastbreak_service.clips import FORM, ClipError, local
from fastbreak_service.errors import AnalysisError
from fastbreak_service.movement.review import Trails
from fastbreak_service.movement.values import KINDS, Jump, Landing
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.video.probe import probe
from fastbreak_service.vision.camera import pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastbreak_service.analysis import Vision
    from fastbreak_service.movement.values import Event, Finding, Movement
    from fastbreak_service.video.limits import Limits


def line_of(clip: str, vision: Vision, models: Mapping[str, str], commit: str, limits: Limits) -> dict[str, Any]:
    """What is found in a *clip*, a path or an address. Raises ClipError."""
    with local(clip) as path:
        try:
            probe(path, limits)
            began = time.monotonic()
            reader = VideoReader(path, limits)
            trails = Trails()
            result = analyse(reader, MeteredVision(vision, reader.meter), lambda _row: None, follow=trails.add)
            movement = trails.reviewed(result.video.frames_per_second, pixels(result.video.width, result.video.height))
        except AnalysisError as error:
            raise ClipError(f"{path.name}: {error.message} [{error.code}]") from error
        seconds = time.monotonic() - began
        persons = [
            {
                "frames": person.frames,
                "first_frame": person.first_frame,
                "last_frame": person.last_frame,
                "angles": {
                    name: {"minimum": angle.minimum, "maximum": angle.maximum, "mean": angle.mean}
                    for name, angle in person.angles.items()
                },
            }
            for person in result.persons
        ]
        return {
            "golden": FORM,
            "clip": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "commit": commit,
            "models": dict(models),
            "frames_per_second": round(result.video.frames / seconds, 2) if seconds > 0 else 0.0,
            "persons": persons,
            **_moved(movement, {person.id: place for place, person in enumerate(result.persons, 1)}),
        }


def _moved(movement: Movement, places: Mapping[int, int]) -> dict[str, Any]:
    """The events and findings of the persons found; a person is named by its place among them, from 1."""
    known = [(places[moved.person], moved) for moved in movement.persons if moved.person in places]
    return {
        "kinds": [*KINDS],
        "looked_seconds": movement.looked_seconds,
        "events": [_event(place, event) for place, moved in known for event in moved.events],
        "findings": [_finding(place, finding) for place, moved in known for finding in moved.findings],
    }


def _event(place: int, event: Event) -> dict[str, Any]:
    if isinstance(event, Landing):
        return {"person": place, "kind": event.kind, "frame": event.contact_frame, "legs": event.legs}
    frame = event.takeoff_frame if isinstance(event, Jump) else event.frame
    return {"person": place, "kind": event.kind, "frame": frame}


def _finding(place: int, finding: Finding) -> dict[str, Any]:
    return {
        "person": place,
        "measure": finding.measure,
        "side": finding.side,
        "reference": f"{finding.reference.citation}: {finding.reference.population}",
        "status": finding.status,
        "shown": [{"frame": shown.frame, "value": shown.value} for shown in finding.shown],
    }
