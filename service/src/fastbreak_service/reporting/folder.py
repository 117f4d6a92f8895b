# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The folder of a report: it is there whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.curves import curves
from fastbreak_service.movement.values import Landing
from fastbreak_service.people.corrections import Seen
from fastbreak_service.people.history import as_content, replayed, standing
from fastbreak_service.reporting import films, parquet, pictures, tables
from fastbreak_service.reporting.document import as_json, document
from fastbreak_service.reporting.exchange import exchange
from fastbreak_service.reporting.exports import exports
from fastbreak_service.reporting.kept import written as kept_files
from fastbreak_service.reporting.page import Evidence, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fastbreak_service.movement.curves import Curve
    from fastbreak_service.movement.review import Trails
    from fastbreak_service.movement.series import Doubles
    from fastbreak_service.movement.values import Movement
    from fastbreak_service.reporting.kept import Kept
    from fastbreak_service.reporting.pictures import Place, Shot
    from fastbreak_service.retelling import Told
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


def write(folder: Path, kept: Kept, told: Told, frames: Iterable[Frame], *, video: bool = False) -> list[str]:
    """Write the report of what is told; `frames` are the clip's, once more, and become films if `video`.

    Returns what was written and what was not, in lines. Raises OSError, and what `frames` raise.
    """
    with _whole(folder) as made:
        return _spoken(folder, *_filled(made, kept, told, frames, video=video))


def write_again(folder: Path, kept: Kept, told: Told, frames: Iterable[Frame] | None, *, video: bool) -> list[str]:
    """Write a report anew in the place of the one that `kept` was read from, which is there until then.

    Without `frames` its pictures are those that it had, and its films stay. What else lies in the folder stays.

    Returns and raises as `write`.
    """
    with replacing(folder) as made:
        left = _left(folder, kept, with_films=frames is None or not video)
        names, words = _filled(made, kept, told, frames, video=video, films_there=films.PROXY in left)
        for name in left:
            _carry(folder / name, made / name)
        return _spoken(folder, names, words)


def _spoken(folder: Path, names: list[str], words: list[str]) -> list[str]:
    told = str(folder).encode("utf-8", "replace").decode()
    return [f"{told}:", *(f"  {name}" for name in names), *words]


def _filled(  # noqa: PLR0913 - a report is all of this
    made: Path, kept: Kept, told: Told, frames: Iterable[Frame] | None, *, video: bool, films_there: bool = False
) -> tuple[list[str], list[str]]:
    """Fill a folder; the names of what is in it then, and what is to be said."""
    stands = [as_content(one) for one in standing(kept.entries).values()]
    filmed = stands if video and frames is not None else kept.wanted.filmed
    evidence = _evidence(frames, kept, told, made if video else None)
    films_old = films_there and filmed != stands
    evidence = replace(evidence, films=evidence.films or films_there, films_old=films_old)
    keep = partial(_keep, made)
    words = exports(told.result, told.observed, told.trails, kept.wanted.body_heights, keep)
    said = document(kept.origin, told.people, told.result, told.movement)
    keep("result.json", [json.dumps(as_json(said), indent=2), "\n"])
    keep("angles.csv", [tables.angles(told.rows)])
    keep("events.csv", [tables.events(told.movement)])
    keep("findings.csv", [tables.findings(told.movement)])
    keep("report.html", [page(said, evidence)])
    if kept.wanted.as_parquet:
        parquet.write(made / parquet.NAME, told.rows)
    names = _names(made)
    shots = {
        (track, frame): shot
        for (person, frame), shot in evidence.shots.items()
        if (track := _tracks(kept, frame).get(person)) is not None
    }
    changed = replace(kept, wanted=replace(kept.wanted, filmed=filmed), shots={**kept.shots, **shots})
    for name, content in kept_files(changed, names).items():
        _place(made, name).write_bytes(content)
    lacking = len(_wanted(told.trails, told.movement)) - len(evidence.shots) if frames is None else 0
    missing = [_LACKING.format(lacking)] * (lacking > 0)
    return names, [*words, *missing, *([_OLD_FILM] if films_old else [])]


_LACKING = "{} of the pictures that it would show were never taken: say --footage FILE with the clip"
_OLD_FILM = (
    f"{films.ANNOTATED} still has the numbers from before: say --footage FILE with the clip, and it is made anew"
)


def _tracks(kept: Kept, frame: int) -> dict[int, int]:
    """Which number of the analysis each person has in a frame."""
    rows = kept.raw.rows
    mine = rows[rows["frame"] == frame]
    seen = Seen(mine["person"].astype(np.int64), mine["frame"].astype(np.int64), mine["time"].astype(np.float64))
    persons = replayed(seen, list(standing(kept.entries).values()))
    return dict(zip(persons.tolist(), mine["person"].tolist(), strict=True))


def _evidence(frames: Iterable[Frame] | None, kept: Kept, told: Told, films_in: Path | None) -> Evidence:
    """Pictures and curves; films go into a folder on the way."""
    rate, trails = told.result.video.frames_per_second, told.trails
    wanted = _wanted(trails, told.movement)
    found = _curves(trails, told.movement, rate)
    if frames is None:
        return Evidence(_kept_shots(kept, wanted), found)
    shown = iter(frames) if films_in is None else films.recorded(frames, rate, trails, films_in)
    shots = pictures.shots(shown, wanted)
    if films_in is not None:
        for _ in shown:
            """Films end with the clip."""
    return Evidence(shots, found, films_in is not None)


def _kept_shots(kept: Kept, wanted: Mapping[Place, Doubles]) -> dict[Place, Shot]:
    """Pictures that were taken before of the same body in the same frame, whoever it was said to be then."""
    found: dict[Place, Shot] = {}
    for place, points in wanted.items():
        person, frame = place
        track = _tracks(kept, frame).get(person)
        shot = None if track is None else kept.shots.get((track, frame))
        if shot is not None and np.isfinite(points).any():
            found[place] = shot.of(points)
    return found


def _left(folder: Path, kept: Kept, *, with_films: bool) -> list[str]:
    """What stays of a folder: what is no part of its report, and its films where no others are made."""
    paths = [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
    there = [path.relative_to(folder).as_posix() for path in paths]
    stays = {films.PROXY, films.ANNOTATED} if with_films else set()
    return sorted(name for name in there if name in stays or name not in kept.files)


def _carry(path: Path, to: Path) -> None:
    """The same file under another name too, or a copy where the file system has no such thing."""
    if to.exists():
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, to, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, to, follow_symlinks=False)


def _keep(made: Path, name: str, parts: Iterable[str]) -> None:
    """Write a file, of which no more is held than one part."""
    with _place(made, name).open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


def _place(made: Path, name: str) -> Path:
    (made / name).parent.mkdir(exist_ok=True)
    return made / name


def _names(made: Path) -> list[str]:
    return sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to write into that takes its place in the end, or is gone. Errors of writing name the folder."""
    with _beside(folder) as (made, place):
        yield made
        made.rename(place)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A folder to write into that takes the place of another in one step, or is gone. Errors as `_whole`."""
    with _beside(folder) as (made, place):
        shutil.copymode(place, made)
        yield made
        exchange(made, place)
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _beside(folder: Path) -> Iterator[tuple[Path, Path]]:
    """A new folder beside another and where that is; gone if anything is raised."""
    place = folder.resolve()
    try:
        made = Path(tempfile.mkdtemp(prefix=".report-", dir=place.parent))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    try:
        yield made, place
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
