# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a report keeps, so that persons can be corrected in it without looking at the video again.

`kept/sightings.npy` has all that was seen of everybody under the numbers of the analysis, as `people.observed`, and
`kept/report.json` how the report was asked for, what people said of who is who, and the pictures that it shows.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastbreak_service.forms import fits
from fastbreak_service.people.history import as_content, of_content
from fastbreak_service.people.observed import ROW, Observed
from fastbreak_service.reporting.document import Model, Origin
from fastbreak_service.reporting.pictures import PREFIX, Shot
from fastbreak_service.video.facts import Remark, VideoFacts
from fastbreak_service.vision.models import ModelIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fastbreak_service.people.history import Entries

FOLDER = "kept"
_SIGHTINGS, _REPORT = f"{FOLDER}/sightings.npy", f"{FOLDER}/report.json"
_FORM = "urn:fastbreak:kept:1"

type Seen = tuple[int, int]
"""A person by the number of the analysis, and a frame."""


class NotKeptError(Exception):
    """A folder from which no report can be made again, and why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a report was asked for. `filmed`: what was said of who is who when its films were made, None without.
    `against`: the player's earlier recordings, as `earlier` has them.
    """

    as_parquet: bool = False
    blur_faces: bool = False
    body_heights: Mapping[int, float] = field(default_factory=dict)
    filmed: list[dict[str, Any]] | None = None
    against: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """All of it. `files`: what the report is made of."""

    origin: Origin
    video: VideoFacts
    model: ModelIdentity
    raw: Observed
    entries: Entries
    wanted: Wanted
    shots: Mapping[Seen, Shot] = field(default_factory=dict)
    files: frozenset[str] = frozenset()


def written(kept: Kept, names: list[str]) -> dict[str, bytes]:
    """The files of it; `names` are those of the rest of the report."""
    sightings = io.BytesIO()
    np.save(sightings, kept.raw.rows, allow_pickle=False)
    content = {
        "form": _FORM,
        "origin": asdict(kept.origin),
        "video": asdict(kept.video),
        "model": asdict(kept.model),
        "as_parquet": kept.wanted.as_parquet,
        "blur_faces": kept.wanted.blur_faces,
        "body_heights": {str(person): metres for person, metres in sorted(kept.wanted.body_heights.items())},
        "filmed": kept.wanted.filmed,
        "against": kept.wanted.against,
        "entries": {str(version): as_content(said) for version, said in sorted(kept.entries.items())},
        "shots": [
            [*seen, shot.width, shot.height, *shot.cut, shot.address] for seen, shot in sorted(kept.shots.items())
        ],
        "files": sorted({*names, _SIGHTINGS, _REPORT}),
    }
    return {_SIGHTINGS: sightings.getvalue(), _REPORT: (json.dumps(content, indent=1) + "\n").encode()}


def read(folder: Path) -> Kept:
    """What a folder keeps. Raises NotKeptError."""
    try:
        content = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
        rows = np.load(folder / _SIGHTINGS, allow_pickle=False)
    except FileNotFoundError as error:
        raise NotKeptError(
            f"{folder} holds no report that can be corrected: there is no {error.filename}. A report of a release "
            "before has none: analyse the clip again, with --out and the corrections."
        ) from error
    except (OSError, ValueError, EOFError) as error:
        raise NotKeptError(f"What {folder} keeps of its report could not be read: {error}.") from error
    try:
        return _kept(content, rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotKeptError(
            f"What {folder}/{FOLDER} holds is not what this release writes there ({error}). Analyse the clip again, "
            "with --out and the corrections."
        ) from error


def _kept(content: Any, rows: Any) -> Kept:
    _need(content["form"] == _FORM, "form")
    origin, video, model = (content[name] for name in ("origin", "video", "model"))
    # A release before had none.
    video = {"remarks": [], **video}
    # A file may be named as it likes.
    _need(isinstance(origin["filename"], str) and fits({**origin, "filename": ""}, Origin), "origin")
    _need(fits(video, VideoFacts) and fits(model, ModelIdentity), "video")
    _need(rows.dtype == ROW and rows.ndim == 1 and bool((rows["person"] >= 1).all()), "sightings")
    _need(bool(np.isfinite(rows["points"]).all() and np.isfinite(rows["time"]).all()), "sightings")
    entries = {int(version): of_content(said) for version, said in content["entries"].items()}
    _need(sorted(entries) == list(range(1, len(entries) + 1)), "entries")
    wanted = Wanted(
        bool(content["as_parquet"]),
        bool(content["blur_faces"]),
        {int(person): float(metres) for person, metres in content["body_heights"].items()},
        content["filmed"],
        content["against"],
    )
    files = frozenset(str(name) for name in content["files"])
    origin = Origin(**{**origin, "models": [Model(**one) for one in origin["models"]]})
    shots = dict(_shot(told) for told in content["shots"])
    raw = Observed(rows.tobytes())
    facts = VideoFacts(**video | {"remarks": [Remark(**one) for one in video["remarks"]]})
    return Kept(origin, facts, ModelIdentity(**model), raw, entries, wanted, shots, files)


def _shot(told: list[Any]) -> tuple[Seen, Shot]:
    *numbers, address = told
    person, frame, width, height, left, top, across, down = map(int, numbers)
    _need(isinstance(address, str) and address.startswith(PREFIX) and address[len(PREFIX) :].isascii(), "shots")
    _need(not set(address) & set("\"'<>& "), "shots")
    return (person, frame), Shot(address, width, height, np.full((12, 2), np.nan), (left, top, across, down))


def _need(there: bool, what: str) -> None:
    if not there:
        raise ValueError(what)
