# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The folder of a report: it is there whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from fastbreak_service.movement.curves import curves
from fastbreak_service.movement.values import Landing
from fastbreak_service.reporting import films, parquet, pictures, tables
from fastbreak_service.reporting.document import as_json, document
from fastbreak_service.reporting.exports import exports
from fastbreak_service.reporting.page import Evidence, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fastbreak_service.analysis import MeasureRow, Result
    from fastbreak_service.movement.curves import Curve
    from fastbreak_service.movement.review import Trails
    from fastbreak_service.movement.series import Doubles
    from fastbreak_service.movement.values import Movement
    from fastbreak_service.people.observed import Observed
    from fastbreak_service.people.values import People
    from fastbreak_service.reporting.document import Origin
    from fastbreak_service.reporting.pictures import Place
    from fastbreak_service.video.frames import Frame


def problem_of(folder: Path) -> str | None:
    """Why nothing may be written to a folder, None when it may."""
    place = folder.resolve()
    try:
        if place.is_dir() and any(place.iterdir()):
            return f"{folder} is not empty; name another folder, or empty it."
        if place.exists() and not place.is_dir():
            return f"{folder} is no folder; name another one."
        if not place.parent.is_dir():
            return f"There is no folder {place.parent} for {folder}; make it first."
    except OSError as error:
        return f"{folder} could not be read: {error.strerror}."
    # A report is made beside it and takes its place as a whole.
    if place.is_mount() or not os.access(place.parent, os.W_OK | os.X_OK):
        return f"{folder} cannot be replaced; name a folder that is not there yet, in one that can be written."
    return None


def write(  # noqa: PLR0913, PLR0917 - a report is all of this
    folder: Path,
    origin: Origin,
    people: People,
    result: Result,
    rows: Sequence[MeasureRow],
    observed: Observed,
    trails: Trails,
    movement: Movement,
    frames: Iterable[Frame],
    *,
    video: bool = False,
    as_parquet: bool = False,
    body_heights: Mapping[int, float] = MappingProxyType({}),
) -> list[str]:
    """Write the report of a result; `frames` are the clip's, once more, and are written as films if `video` is wanted.

    `as_parquet`: the angles so, too. `body_heights`: of persons, in metres. Returns what was written and what was not,
    in lines.

    Raises OSError, and what `frames` raise.
    """
    found = document(origin, people, result, movement)
    with _whole(folder) as made:
        evidence = _evidence(frames, result, trails, movement, made if video else None)
        more = exports(result, observed, trails, body_heights)
        content = {
            "result.json": json.dumps(as_json(found), indent=2) + "\n",
            "angles.csv": tables.angles(rows),
            "events.csv": tables.events(movement),
            "findings.csv": tables.findings(movement),
            "report.html": page(found, evidence),
            **more.files,
        }
        if as_parquet:
            parquet.write(made / parquet.NAME, rows)
        names = _written(made, content)
    told = str(folder).encode("utf-8", "replace").decode()
    return [f"{told}:", *(f"  {name}" for name in names), *more.words]


def _evidence(
    frames: Iterable[Frame], result: Result, trails: Trails, movement: Movement, films_in: Path | None
) -> Evidence:
    """Pictures and curves; films go into a folder on the way."""
    rate = result.video.frames_per_second
    shown = iter(frames) if films_in is None else films.recorded(frames, rate, trails, films_in)
    shots = pictures.shots(shown, _wanted(trails, movement))
    if films_in is not None:
        for _ in shown:
            """Films end with the clip."""
    return Evidence(shots, _curves(trails, movement, rate), films_in is not None)


def _written(made: Path, content: Mapping[str, str]) -> list[str]:
    """Write texts by their names; the names of all that is in the folder then."""
    for name, text in content.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text, encoding="utf-8", newline="")
    return sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to write into that takes its place in the end, or is gone. Errors of writing name the folder."""
    place = folder.resolve()
    try:
        made = Path(tempfile.mkdtemp(prefix=".report-", dir=place.parent))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    try:
        yield made
        made.rename(place)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        if error.filename is not None and made not in (Path(error.filename), *Path(error.filename).parents):
            raise
        raise OSError(error.errno, error.strerror, str(folder)) from error
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _wanted(trails: Trails, movement: Movement) -> dict[Place, Doubles]:
    """The landmarks of frames that show something, of findings first, then of landings; as many as there may be."""
    shown = [
        (moved.person, shown.frame)
        for moved in movement.persons
        for finding in moved.findings
        for shown in finding.shown
    ]
    landed = [
        (moved.person, frame)
        for moved in movement.persons
        for event in moved.events
        if isinstance(event, Landing)
        for frame in (event.contact_frame, event.deepest_frame)
    ]
    seen = {place: trails.seen(*place) for place in dict.fromkeys([*shown, *landed])}
    known = {place: points for place, points in seen.items() if points is not None}
    return dict(list(known.items())[: pictures.MOST])


def _curves(trails: Trails, movement: Movement, clip_rate: float) -> dict[Place, list[Curve]]:
    found: dict[Place, list[Curve]] = {}
    for moved in movement.persons:
        landings = [event for event in moved.events if isinstance(event, Landing)]
        motion = trails.motion(moved.person, clip_rate) if landings else None
        if motion is not None:
            found |= {(moved.person, landing.contact_frame): curves(motion, landing) for landing in landings}
    return found
