# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The command `analyze`: one file, without a database."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from fastbreak_service.analysis import MeteredVision, Result, Telling, analyse, followed
from fastbreak_service.earlier import held_against
from fastbreak_service.movement.review import Trails
from fastbreak_service.people.corrections import corrected
from fastbreak_service.people.doubts import Whereabouts
from fastbreak_service.people.observed import Observed
from fastbreak_service.people.values import People
from fastbreak_service.report import Report, as_json, as_text
from fastbreak_service.reporting import folder
from fastbreak_service.reporting.document import Model, Origin
from fastbreak_service.reporting.faces import Faces, covered
from fastbreak_service.video.frames import VideoReader
from fastbreak_service.vision.camera import pixels
from fastbreak_service.vision.models import PoseModel, verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from fastbreak_service.analysis import MeasureRow
    from fastbreak_service.earlier import Against
    from fastbreak_service.people.corrections import Correction
    from fastbreak_service.settings import AnalysisSettings
    from fastbreak_service.video.frames import Frame
    from fastbreak_service.vision.tracker import Sighting


class Wanted(Protocol):
    """What the command line asks for: a file, and how its result is to be told."""

    file: Path
    json: bool
    movement: bool
    out: Path | None
    video: bool
    blur_faces: bool
    parquet: bool
    body_height: list[tuple[int, float]]
    who_is_who: list[Correction]


def run(
    options: Wanted,
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
    report, trails, observed = _analysed(options, settings, say, faces)
    report, said = _beside(report, against, options.file)
    written: list[str] = []
    try:
        written = _written(options, settings, report, (observed, trails), faces)
    finally:
        tell(json.dumps(as_json(report), indent=2) if options.json else as_text(report))
        if said and not options.json:
            tell(f"\n{said}")
    if written and not options.json:
        tell("\n".join(["", *written]))


def _written(
    options: Wanted, settings: AnalysisSettings, report: Report, seen: tuple[Observed, Trails], faces: Faces
) -> list[str]:
    """Write the report that is wanted, of what was seen; what was written, in lines."""
    if options.out is None or report.movement is None:
        return []
    return folder.write(
        options.out,
        _origin(options.file, settings.models_directory),
        report.people,
        report.result,
        report.measures,
        *seen,
        report.movement,
        _shown(options, settings, faces),
        video=options.video,
        as_parquet=options.parquet,
        body_heights=dict(options.body_height),
    )


def _beside(report: Report, against: Against | None, path: Path) -> tuple[Report, str]:
    """The report with what differs from a player's own, and why nothing is compared that was to be."""
    if against is None or report.movement is None:
        return report, ""
    movement, said = held_against(report.movement, against, _sha256(path), report.result.model)
    return replace(report, movement=movement), said


def _shown(options: Wanted, settings: AnalysisSettings, faces: Faces) -> Iterable[Frame]:
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
    options: Wanted, settings: AnalysisSettings, say: Callable[[int], None], faces: Faces
) -> tuple[Report, Trails, Observed]:
    moved = options.movement or options.out is not None
    vision = PoseModel(settings.models_directory, settings.precision)
    measures: list[MeasureRow] = []
    trails, whereabouts, observed = Trails(), Whereabouts(), Observed()
    said: list[str] = []
    started = time.monotonic()
    reader = VideoReader(options.file, settings.limits)

    def follow(sighting: Sighting) -> None:
        whereabouts.add(sighting)
        if moved:
            trails.add(sighting)
        if options.out is not None:
            observed.add(sighting)
        if options.blur_faces:
            faces.add(sighting)

    metered = MeteredVision(vision, reader.meter)
    if options.who_is_who:
        seen, said = corrected(chain.from_iterable(followed(reader, metered, say)), options.who_is_who)
        told = Telling(measures.append, follow)
        told.push(seen)
        result = Result(reader.facts(), vision.identity, told.finish())
    else:
        result = analyse(reader, metered, measures.append, say, follow)
    video = result.video
    movement = trails.reviewed(video.frames_per_second, pixels(video.width, video.height)) if moved else None
    people = People(said, whereabouts.doubts(options.who_is_who))
    return Report(_name(options.file), time.monotonic() - started, result, measures, people, movement), trails, observed
