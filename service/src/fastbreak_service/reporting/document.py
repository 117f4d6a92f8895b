# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The form of `result.json`, and its published schema.

Nothing in it depends on when or how fast the clip was analysed: the same clip gives the same bytes again.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from fastbreak_service.analysis import Person, Result  # noqa: TC001 - the form of its JSON is told from it
from fastbreak_service.forms import schemas_of
from fastbreak_service.movement.values import Landing, Movement, Name, Reason, Side
from fastbreak_service.people.values import People  # noqa: TC001 - as above
from fastbreak_service.video.facts import VideoFacts  # noqa: TC001 - as above
from fastbreak_service.vision.models import ModelIdentity  # noqa: TC001 - as above

FORM: Literal["urn:fastbreak:analysis:1"] = "urn:fastbreak:analysis:1"
LIMITS = [
    "Angles lie in the plane of the image; nothing is measured in depth.",
    "What the pose network does wrong in every frame alike is in no error: no footage with known angles was there.",
    "The view is told from the shoulders' width: it cannot tell front from back, or a camera that looks up or down.",
    "Cuts and decelerations are those of the way over the picture: nobody's way on the floor, or in metres, is known.",
    "Neither is looked for where too little of the picture is free to tell what the camera did: none is not none made.",
    "Which side of a player faced the camera is not kept: an own range from the side is of clips from the same side.",
    "Forces, contacts with other players and injuries are not looked for.",
    "After an absence of 1.5 s a person gets another number. Who may be one is told by place and size alone.",
]
"""What was measured of nobody, whatever the clip shows."""


@dataclass(frozen=True, slots=True)
class Model:
    """A network by its file and SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a result comes from: the clip by name and SHA-256, the release, its commit, and the networks."""

    filename: str
    sha256: str
    version: str
    revision: str
    models: list[Model]


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """In how many landings a measure was not taken, and why. `words` are those of the first of them."""

    measure: Name
    side: Side
    reason: Reason
    landings: int
    words: str


@dataclass(frozen=True, slots=True)
class Document:
    """All that is said of a clip, but for the single angles. `network`: that of landmarks, with its precision."""

    form: Literal["urn:fastbreak:analysis:1"]
    origin: Origin
    video: VideoFacts
    persons: list[Person]
    people: People
    movement: Movement
    not_measured: list[NotMeasured]
    limits: list[str]
    network: ModelIdentity


def document(origin: Origin, people: People, result: Result, movement: Movement) -> Document:
    """The document of a result."""
    missing = not_measured(movement)
    return Document(FORM, origin, result.video, result.persons, people, movement, missing, LIMITS, result.model)


def not_measured(movement: Movement) -> list[NotMeasured]:
    """What was not taken of landings, by measure, side and reason."""
    missing = [
        value
        for moved in movement.persons
        for event in moved.events
        if isinstance(event, Landing)
        for value in event.measures
        if value.not_measurable is not None
    ]
    words = {(value.measure, value.side, value.not_measurable): value.words for value in reversed(missing)}
    counts = Counter((value.measure, value.side, value.not_measurable) for value in missing)
    order = list(Name)
    return [
        NotMeasured(measure, side, reason, count, words[measure, side, reason])
        for (measure, side, reason), count in sorted(
            counts.items(), key=lambda found: (order.index(found[0][0]), found[0][1], str(found[0][2]))
        )
        if reason is not None
    ]


def as_json(whole: Document) -> dict[str, Any]:
    """The document as JSON's values."""
    return asdict(whole)


def schema() -> dict[str, Any]:
    """The JSON Schema of `result.json`."""
    parts = schemas_of((Document,), "#/$defs/")
    whole = parts.pop("Document")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": FORM,
        "title": "What was found in a clip",
        **whole,
        "$defs": parts,
    }


if __name__ == "__main__":
    Path(__file__).with_name("analysis.schema.json").write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
