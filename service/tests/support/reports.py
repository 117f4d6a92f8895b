# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A report of a figure that lands three times, without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.analysis import AngleSummary, MeasureRow, Person, Result
from fastbreak_service.movement.review import Trails
from fastbreak_service.movement.series import KEPT
from fastbreak_service.people.observed import Observed
from fastbreak_service.people.values import People
from fastbreak_service.reporting import folder
from fastbreak_service.reporting.document import Model, Origin
from fastbreak_service.reporting.kept import Kept, Wanted
from fastbreak_service.retelling import Told
from fastbreak_service.video.completeness import Completeness
from fastbreak_service.video.facts import VideoFacts
from fastbreak_service.video.frames import Frame
from fastbreak_service.vision.landmarks import COUNT
from fastbreak_service.vision.models import ModelIdentity
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.tracker import Sighting
from support.figures import Camera, Drop, Stance, film
from support.pictures import picture_of

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.movement.values import Movement

RATE, EACH, TIMES = 30, 2.0, 3
NOBODY_SAID = People([], [])
FILENAME = '<script>alert("x")</script> & run.mp4'
ORIGIN = Origin(FILENAME, "1" * 64, "1.2.3", "abc1234", [Model("pose.tflite", "2" * 64)])


def moves(time: float) -> Stance:
    """The same stiff landing every two seconds."""
    return Drop(height=0.6, deepest=50)(time % EACH)


def trails() -> Trails:
    """The figure from its left side; it is not seen while it goes back up."""
    made = Trails()
    back = [frame for frame in range(round(EACH * TIMES * RATE) + 1) if frame / RATE % EACH / EACH > 0.8 or frame == 0]
    made._trails[1] = film(moves, EACH * TIMES, Camera(rate=RATE, noise=0.5), back)
    return made


def observed(made: Trails) -> Observed:
    """All sightings of trails, in which no other landmarks are seen."""
    kept = Observed()
    for person, trail in made.everybody():
        known = np.array(trail.points, np.float32).reshape(-1, len(KEPT), 2)
        for frame, time, points in zip(trail.frames, trail.times, known, strict=True):
            landmarks, visibility = np.zeros((COUNT, 2), np.float32), np.zeros(COUNT, np.float32)
            landmarks[KEPT], visibility[KEPT] = np.nan_to_num(points), np.isfinite(points).all(axis=1)
            kept.add(Sighting(person, frame, time, Pose(landmarks, visibility, 1.0, None)))
    return kept


def result() -> Result:
    """What an analysis would say of it."""
    facts = VideoFacts(1000, 1000, RATE, 180, 6.0, 0, Completeness.WHOLE)
    person = Person(1, 145, 1, 179, {"left_knee_flexion": AngleSummary(20.0, 50.0, 30.0, 145)})
    return Result(facts, ModelIdentity("blazepose-full", "0" * 64), [person])


def write(out: Path, *, video: bool = False) -> Movement:
    """Write the report; what it says of the figure's movement."""
    return written(out, video=video)[0]


def written(
    out: Path, *, video: bool = False, as_parquet: bool = False, body_heights: dict[int, float] | None = None
) -> tuple[Movement, list[str]]:
    """Write the report; what it says of the figure's movement, and what is said to be written."""
    made = trails()
    movement = made.reviewed(RATE)
    shade = np.linspace(0, 255, 1000).astype(np.uint8)
    picture = picture_of(np.stack(np.broadcast_arrays(shade[None], shade[:, None], np.uint8(90)), axis=-1))
    frames = [Frame(index, index / RATE, picture) for index in range(180)]
    rows = [MeasureRow(1, 1, 0.0333, "left_knee_flexion", 20.0, 0.9)]
    found, seen = result(), observed(made)
    told = Told(NOBODY_SAID, found, movement, rows, seen, made)
    wanted = Wanted(as_parquet=as_parquet, body_heights=body_heights or {})
    listed = folder.write(out, Kept(ORIGIN, found.video, found.model, seen, {}, wanted), told, frames, video=video)
    return movement, listed
