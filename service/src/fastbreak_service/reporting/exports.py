# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a report has for OpenSim, and why something is not in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.reporting.opensim import marker_file, metres_per_pixel, motion_file
from fastbreak_service.reporting.stretches import stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastbreak_service.analysis import MeasureRow, Result
    from fastbreak_service.movement.review import Trails

FOLDER = "opensim"


@dataclass(frozen=True, slots=True)
class Exports:
    """Files by their names in the report's folder, and what is to be said of them."""

    files: dict[str, str]
    words: list[str]


def exports(result: Result, rows: Iterable[MeasureRow], trails: Trails, body_heights: Mapping[int, float]) -> Exports:
    """Motions of everybody's angles, and markers of those whose body heights (metres, by person) are given."""
    files: dict[str, str] = {}
    words = [] if body_heights else ["no markers (TRC): they are in metres; say --body-height PERSON=METRES"]
    rate = result.video.frames_per_second
    found = stretches(rows, rate)
    for person in (one.id for one in result.persons):
        motions = found.get(person, [])
        for number, stretch in enumerate(motions, 1):
            files[f"{FOLDER}/person{person}_{number}.mot"] = motion_file(f"person{person}_{number}", stretch)
        if not motions:
            words.append(f"person {person} has no motion (MOT): no angle was measured in most frames of any time")
        if person in body_heights:
            markers, said = _markers(person, result, trails, body_heights[person])
            files |= markers
            words.append(said)
    strangers = sorted(set(body_heights) - {one.id for one in result.persons})
    words += [f"nobody in this clip is person {person}, whose body height was given" for person in strangers]
    return Exports(files, words)


def _markers(person: int, result: Result, trails: Trails, body_height: float) -> tuple[dict[str, str], str]:
    """A person's marker file, and the scale that it has or why there is none."""
    motion = trails.motion(person, result.video.frames_per_second)
    scale = None if motion is None else metres_per_pixel(motion, body_height)
    if motion is None or scale is None:
        return {}, (
            f"person {person} has no markers (TRC): trunk and legs were not seen well enough to tell how many pixels "
            f"{body_height:g} m are"
        )
    name = f"person{person}.trc"
    least, most = (f"{float(height):.0f}" for height in (np.nanmin(motion.height), np.nanmax(motion.height)))
    told = (
        f"person {person}: {body_height:g} m are taken for {body_height / scale:.0f} pixels; within a second they look "
        f"like {least} to {most}"
    )
    return {f"{FOLDER}/{name}": marker_file(name, motion, scale, result.video.height)}, told
