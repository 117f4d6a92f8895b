# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What was seen of a video."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fastbreak_service.video.completeness import Completeness  # noqa: TC001 - the form of its JSON is told from it

MOST_REMARKS = 50
"""Of a clip; the last one tells of the rest."""


class Remarked(StrEnum):
    """What somebody who judges a result has to know of its video."""

    DAMAGED = "damaged"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is remarkable in a video, from when to when, in words."""

    kind: Remarked
    from_seconds: float
    to_seconds: float
    words: str


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was seen while decoding; nothing here is copied from the container's claims.

    `frames_per_second`: where none is missing. `decode_errors` counts what the decoder reported as damaged.
    `completeness` is unknown where nothing in the file tells whether it ends where it was meant to.
    """

    width: int
    height: int
    frames_per_second: float
    frames: int
    duration_seconds: float
    decode_errors: int
    completeness: Completeness
    remarks: list[Remark] = field(default_factory=list)


class Spans:
    """Stretches of a video in which something is so, as its pictures come in order of time."""

    def __init__(self) -> None:
        self._spans: list[list[float]] = []
        self._open = False

    def note(self, time_seconds: float, *, so: bool) -> None:
        """It is so, or not, in the picture of this time."""
        if self._open:
            self._spans[-1][1] = time_seconds
        elif so and len(self._spans) == MOST_REMARKS:
            self._spans[-1][1] = time_seconds
            self._open = True
        elif so:
            self._spans.append([time_seconds, time_seconds])
        self._open = so

    def told(self, end_seconds: float) -> list[tuple[float, float]]:
        """From when to when, in a video that ends then."""
        if self._open:
            self._spans[-1][1] = end_seconds
        return [(round(begin, 3), round(end, 3)) for begin, end in self._spans]


def damaged(spans: list[tuple[float, float]]) -> list[Remark]:
    """What is said of stretches without a picture that is surely whole."""
    return [
        Remark(
            Remarked.DAMAGED,
            begin,
            end,
            f"Damaged from {begin:.2f} to {end:.2f} s: nobody is followed or measured there, until the next picture "
            "that stands for itself.",
        )
        for begin, end in spans
    ]


def somewhere_damaged(spans: list[tuple[float, float]]) -> list[Remark]:
    """The same of segments in which something was damaged."""
    return [
        Remark(
            Remarked.DAMAGED,
            begin,
            end,
            f"Damaged somewhere from {begin:.2f} to {end:.2f} s: nobody is followed or measured where it is, until the "
            "next picture that stands for itself.",
        )
        for begin, end in spans
    ]
