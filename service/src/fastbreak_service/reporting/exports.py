# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a report has for OpenSim, and why something is not in it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.reporting.markers import places, visible
from fastbreak_service.reporting.opensim import marker_file, metres_per_pixel, motion_file
from fastbreak_service.reporting.stretches import stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from fastbreak_service.analysis import Result
    from fastbreak_service.movement.review import Trails
    from fastbreak_service.people.observed import Observed
    from fastbreak_service.reporting.stretches import Gap

    type Keep = Callable[[str, Iterable[str]], None]
    """Takes a file by its name in the report's folder and its text in parts, which are made as they are taken."""

FOLDER = "opensim"
NOT_TOLD = f"{FOLDER}/not_told.csv"


def exports(
    result: Result, observed: Observed, trails: Trails, body_heights: Mapping[int, float], keep: Keep
) -> list[str]:
    """Keep everybody's motions and markers, these in metres where a body height (metres, by person) is given.

    Returns what is to be said of them.
    """
    words: list[str] = []
    gaps: list[tuple[int, Gap]] = []
    rows, rate = observed.rows, result.video.frames_per_second
    in_pixels = False
    for person in (one.id for one in result.persons):
        found = places(rows[rows["person"] == person], rate)
        if found is None:
            words.append(f"person {person} has no motion (MOT) and no markers (TRC): seen in one frame alone")
            continue
        motions, missing = stretches(found)
        gaps += [(person, gap) for gap in missing]
        for number, stretch in enumerate(motions, 1):
            name = f"person{person}_{number}"
            keep(f"{FOLDER}/{name}.mot", motion_file(name, stretch))
        if not motions:
            words.append(f"person {person} has no motion (MOT): {NOT_TOLD} says why")
        if not visible(found):
            words.append(f"person {person} has no markers (TRC): no landmark was ever seen well enough")
            continue
        scale, said = _scale(person, result, trails, body_heights.get(person))
        name = f"person{person}.trc" if scale is not None else f"person{person}_px.trc"
        keep(f"{FOLDER}/{name}", marker_file(name, found, scale, result.video.height))
        in_pixels |= scale is None
        words += said
    strangers = sorted(set(body_heights) - {one.id for one in result.persons})
    words += [f"nobody in this clip is person {person}, whose body height was given" for person in strangers]
    if in_pixels:
        words.append("markers (TRC) in pixels have no scale; say --body-height PERSON=METRES for metres")
    if gaps:
        keep(NOT_TOLD, [_not_told(gaps)])
    return words


def _not_told(gaps: Sequence[tuple[int, Gap]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["person", "from_seconds", "to_seconds", "why"])
    writer.writerows([person, f"{gap.first:.6f}", f"{gap.last:.6f}", gap.why] for person, gap in gaps)
    return text.getvalue()


def _scale(person: int, result: Result, trails: Trails, body_height: float | None) -> tuple[float | None, list[str]]:
    """The scale of a person's markers in metres a pixel, and what is to be said of it or why there is none."""
    motion = None if body_height is None else trails.motion(person, result.video.frames_per_second)
    scale = None if motion is None or body_height is None else metres_per_pixel(motion, body_height)
    told = []
    if scale is not None and motion is not None and body_height is not None:
        least, most = (f"{float(height):.0f}" for height in (np.nanmin(motion.height), np.nanmax(motion.height)))
        told.append(
            f"person {person}: {body_height:g} m are taken for {body_height / scale:.0f} pixels; within a second they "
            f"look like {least} to {most}"
        )
    elif body_height is not None:
        told.append(
            f"person {person} has markers (TRC) in pixels: trunk and legs were not seen well enough to tell how many "
            f"pixels {body_height:g} m are"
        )
    return scale, told
