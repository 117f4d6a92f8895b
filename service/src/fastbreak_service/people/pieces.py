# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is kept of everybody's sightings, so that persons can be corrected without looking at the video again.

A piece is what was seen of one track, which is a number that the analysis gave, while that is one person. The tracks
and what is in them never change; who is whom of them does.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastbreak_service.movement.series import KEPT, Trail
from fastbreak_service.people.corrections import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fastbreak_service.movement.review import Trails
    from fastbreak_service.people.corrections import Whole
    from fastbreak_service.people.doubts import Whereabouts

    type Rows = npt.NDArray[np.void]

ROW = np.dtype(
    [
        ("frame", "<i4"),
        ("time", "<f8"),
        ("points", "<f4", (2 * len(KEPT),)),
        ("ground", "<f4", (4,)),
        ("scene", "<i4"),
        ("box", "<f4", (4,)),
    ]
)
"""A sighting, 144 bytes: as a `Trail` and `Whereabouts` have it, in single precision."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A track while it is one person: its sightings in order of frames, at least one."""

    track: int
    person: int
    rows: Rows

    @property
    def first_frame(self) -> int:
        """The first frame."""
        return int(self.rows["frame"][0])

    @property
    def last_frame(self) -> int:
        """The last frame."""
        return int(self.rows["frame"][-1])


def written(rows: Rows) -> bytes:
    """Sightings as they are kept."""
    return rows.tobytes()


def read(content: bytes) -> Rows:
    """Sightings as they were kept. Raises ValueError for a length that no sightings have."""
    return np.frombuffer(content, ROW)


def pieces(trails: Trails, whereabouts: Whereabouts) -> Iterator[Piece]:
    """Everybody as the analysis told them apart, each of one track."""
    for person, trail in trails.everybody():
        rows = np.zeros(len(trail.frames), ROW)
        rows["frame"], rows["time"], rows["scene"] = trail.frames, trail.times, trail.scenes
        rows["points"] = np.array(trail.points, np.float32).reshape(len(rows), -1)
        rows["ground"] = np.array(trail.ground, np.float32).reshape(len(rows), -1)
        rows["box"] = np.array(whereabouts.boxes(person), np.float32).reshape(len(rows), -1)
        yield Piece(person, person, rows)


def trail(rows: Rows) -> Trail:
    """The trail of whoever all these sightings are of, which are in order of frames."""
    made = Trail()
    for kept, name in (
        (made.frames, "frame"),
        (made.times, "time"),
        (made.points, "points"),
        (made.ground, "ground"),
        (made.scenes, "scene"),
    ):
        kept.frombytes(np.ascontiguousarray(rows[name]).tobytes())
    return made


def boxes(rows: Rows) -> tuple[array[float], array[float]]:
    """When somebody was seen, and their boxes then."""
    times, places = array("d"), array("f")
    times.frombytes(np.ascontiguousarray(rows["time"]).tobytes())
    places.frombytes(np.ascontiguousarray(rows["box"]).tobytes())
    return times, places


@dataclass(frozen=True, slots=True)
class Sightings:
    """All sightings of an analysis in order of frames: of which track each is, whose, and what it is."""

    tracks: Whole
    seen: Seen
    rows: Rows

    @classmethod
    def of(cls, found: Sequence[Piece]) -> Sightings:
        """Those of these pieces."""
        rows = np.concatenate([np.zeros(0, ROW), *(piece.rows for piece in found)])
        sizes = [len(piece.rows) for piece in found]
        tracks, persons = (
            np.repeat(np.array(numbers, np.int64), sizes)
            for numbers in ([piece.track for piece in found], [piece.person for piece in found])
        )
        order = np.argsort(rows["frame"], kind="stable")
        rows = rows[order]
        seen = Seen(persons[order], rows["frame"].astype(np.int64), rows["time"].astype(np.float64))
        return cls(tracks[order], seen, rows)

    def pieces(self, persons: Whole, which: Iterable[int]) -> list[Piece]:
        """The pieces of some persons, when these are the numbers of all sightings."""
        there = np.isin(persons, list(which))
        pairs = sorted(set(zip(self.tracks[there].tolist(), persons[there].tolist(), strict=True)))
        return [
            Piece(track, person, self.rows[(self.tracks == track) & (persons == person)]) for track, person in pairs
        ]

    def of_person(self, persons: Whole, person: int) -> Rows:
        """What was seen of a person, likewise."""
        mine: Rows = self.rows[persons == person]
        return mine
