# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command `analyze`: one file, without a database."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from fastbreak_service.analysis import MeteredVision, Result, Telling, followed
from fastbreak_service.earlier import content_of, held_against
from fastbreak_service.people.corrections import Correction, corrected
from fastbreak_service.people.observed import Observed
from fastbreak_service.people.values import People
from fastbreak_service.report import Report, as_json, as_text
from fastbreak_service.reporting import folder
from fastbreak_service.reporting.document import Model, Origin
from fastbreak_service.reporting.faces import Faces, covered
from fastbreak_service.reporting.kept import Kept, Wanted
from fastbreak_service.retelling import Followed, Told, told
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.vision.models import PoseModel, verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from fastbreak_service.earlier import Against
    from fastbreak_service.people.corrections import Asked
    from fastbreak_service.people.history import Entries
    from fastbreak_service.settings import AnalysisSettings
    from fastbreak_service.video.frames import Frame
    from fastbreak_service.vision.tracker import Sighting


class Wishes(Protocol):
    """What the command line asks for: a file, and how its result is to be told."""

    file: Path
    json: bool
    movement: bool
    out: Path | None
    video: bool
    blur_faces: bool
    parquet: bool
    body_height: list[tuple[int, float]]
    who_is_who: list[Asked]


def run(
    options: Wishes,
    settings: AnalysisSettings,
    say: Callable[[int], None],
    tell: Callable[[str], None],
    against: Against | None = None,
) -> None:
    """Analyse a file, write its report if one is wanted, and tell the result, also when the report cannot be written.

    What was written is told after it, but not with JSON, which stays one document. `against`: earlier recordings of a
    player in it.

    Raises AnalysisError, ModelError, OSError.
    """
    faces = Faces()
    report, told, kept = _analysed(options, settings, say, faces)
    report, said = _beside(report, against, options.file)
    if said:
        print(f"fastbreak-service: {said}", file=sys.stderr)
    written: list[str] = []
    try:
        if options.out is not None and told is not None and report.movement is not None:
            told = replace(told, movement=report.movement)
            written = _written(options.out, options, settings, told, kept, faces, against)
    finally:
        tell(json.dumps(as_json(report), indent=2) if options.json else as_text(report))
    if written and not options.json:
        tell("\n".join(["", *written]))


def _written(  # noqa: PLR0913, PLR0917 - a report is all of this
    out: Path,
    options: Wishes,
    settings: AnalysisSettings,
    told: Told,
    kept: tuple[Observed, Entries],
    faces: Faces,
    against: Against | None,
) -> list[str]:
    """Write the report that is wanted, of what was told and is kept; what was written, in lines."""
    again = _shown(options, settings, faces)
    origin = _origin(options.file, settings.models_directory)
    earlier = None if against is None else content_of(against)
    wanted = Wanted(options.parquet, options.blur_faces, dict(options.body_height), against=earlier)
    of_report = Kept(origin, told.result.video, told.result.model, *kept, wanted)
    return folder.write(out, of_report, told, again, video=options.video)


def _beside(report: Report, against: Against | None, path: Path) -> tuple[Report, str]:
    """The report with what differs from a player's own, and why nothing is compared that was to be."""
    if against is None or report.movement is None:
        return report, ""
    movement, said = held_against(report.movement, against, _sha256(path), report.result.model)
    return replace(report, movement=movement), said


def _shown(options: Wishes, settings: AnalysisSettings, faces: Faces) -> Iterable[Frame]:
    """The clip's frames once more, as a report may show them."""
    frames = VideoReader(options.file, settings.limits)
    return covered(frames, faces) if options.blur_faces else frames


def _origin(path: Path, models: Path) -> Origin:
    version, revision = (os.environ.get(f"FASTBREAK_{name}") for name in ("VERSION", "REVISION"))
    hashes = [Model(*model) for model in sorted(verified(models).items())]
    return Origin(_name(path), _sha256(path), version or "unreleased", revision or "unknown", hashes)


def _sha256(path: Path) -> str:
    with path.open("rb") as clip:
        return hashlib.file_digest(clip, "sha256").hexdigest()


def _name(path: Path) -> str:
    """A file's name as text: what is no UTF-8 in it becomes a question mark."""
    return path.name.encode("utf-8", "replace").decode()


def _analysed(
    options: Wishes, settings: AnalysisSettings, say: Callable[[int], None], faces: Faces
) -> tuple[Report, Told | None, tuple[Observed, Entries]]:
    """What is said of a clip, with the movement if that is wanted, and what is kept of it. Heads go to `faces`."""
    vision = PoseModel(settings.models_directory, settings.precision)
    kept, raw, made = Followed(), Observed(), list[Correction]()
    started = time.monotonic()
    reader = VideoReader(options.file, settings.limits)
    moved = options.movement or options.out is not None
    batches = followed(reader, MeteredVision(vision, reader.meter), say)
    if options.out is not None:
        batches = map(raw.taking, batches)

    def follow(sighting: Sighting) -> None:
        (kept if moved else kept.whereabouts).add(sighting)
        if options.blur_faces:
            faces.add(sighting)

    telling = Telling(kept.rows.append, follow)
    if options.who_is_who:
        seen, made = corrected(chain.from_iterable(batches), options.who_is_who)
        telling.push(seen)
    else:
        for sightings in batches:
            telling.push(sightings)
    result = Result(reader.facts(), vision.identity, telling.finish())
    found = told(kept, result, made) if moved else None
    people = People([one.words for one in made], kept.whereabouts.doubts(made)) if found is None else found.people
    movement = None if found is None else found.movement
    report = Report(_name(options.file), time.monotonic() - started, result, kept.rows, people, movement)
    return report, found, (raw, dict(enumerate(made, 1)))
