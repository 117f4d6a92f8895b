# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Sightings with all that was seen in them, as rows of numbers: 448 bytes each.

An analysis of the longest clip that is accepted holds 90,000 (`movement.series`), 40 MB of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastbreak_service.vision.landmarks import COUNT
from fastbreak_service.vision.pose import Pose
from fastbreak_service.vision.shift import Shift
from fastbreak_service.vision.tracker import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    type Rows = npt.NDArray[np.void]

ROW = np.dtype(
    [
        ("person", "<i4"),
        ("frame", "<i4"),
        ("time", "<f8"),
        ("points", "<f4", (COUNT, 2)),
        ("visibility", "<f4", (COUNT,)),
        ("ground", "<f8", (4,)),
        ("scene", "<i4"),
    ]
)


class Observed:
    """The sightings of a clip. Give it those of each person in order of time."""

    def __init__(self, content: bytes = b"") -> None:
        self._content = bytearray(content)

    def add(self, sighting: Sighting) -> None:
        """Keep a sighting."""
        row = np.zeros((), ROW)
        ground = sighting.ground
        row["person"], row["frame"], row["time"] = sighting.person, sighting.frame, sighting.time_seconds
        row["points"], row["visibility"] = sighting.pose.points, sighting.pose.visibility
        row["ground"] = np.nan if ground is None else (ground.a, ground.b, ground.across, ground.down)
        row["scene"] = sighting.scene
        self._content += row.tobytes()

    def taking(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Keep some, and pass them on."""
        found = list(sightings)
        for sighting in found:
            self.add(sighting)
        return found

    @property
    def content(self) -> bytes:
        """All of it, as `Observed` takes it."""
        return bytes(self._content)

    @property
    def rows(self) -> Rows:
        """All of it, in the order in which it came. Raises ValueError for a length that no sightings have."""
        return np.frombuffer(bytes(self._content), ROW)

    def sightings(self) -> Iterator[Sighting]:
        """All of it again, but for what of a pose only who follows it needs."""
        for row in self.rows:
            ground = None if np.isnan(row["ground"]).any() else Shift(*row["ground"].tolist())
            pose = Pose(row["points"].copy(), row["visibility"].copy(), 1.0, None)
            yield Sighting(int(row["person"]), int(row["frame"]), float(row["time"]), pose, ground, int(row["scene"]))
