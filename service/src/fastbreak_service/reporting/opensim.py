# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Coordinates and landmarks as files of OpenSim: a motion (MOT) and a marker file (TRC).

As OpenSim 4 reads them (`Storage` and `TRCFileAdapter` of opensim-core): a motion has no missing values, since its
reader stops at the first; a marker that is missing is three empty fields, and each row ends with a tab, without which
the last empty field is not counted.

Files are made a line at a time: the marker file of the longest clip has 90,000 rows, which were 440 MB at once.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.reporting.coordinates import LEFT_OUT, SEEN
from fastbreak_service.reporting.markers import MARKERS, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastbreak_service.movement.series import Doubles, Motion
    from fastbreak_service.reporting.markers import Places
    from fastbreak_service.reporting.stretches import Stretch


def motion_file(name: str, stretch: Stretch) -> Iterator[str]:
    """A stretch of coordinates as the lines of a MOT."""
    labels = ["time", *stretch.names]
    header = [
        name,
        "version=1",
        f"nRows={len(stretch.times)}",
        f"nColumns={len(labels)}",
        "inDegrees=yes",
        "",
        f"Seen: {stretch.look.value}. Names and signs are those of Rajagopal's model (2016).",
        "Turns in the picture's plane. Outliers are taken out and gaps of up to 0.1 s bridged; nothing is filtered.",
        *(f"Left out: {names}: {why}." for names, why in LEFT_OUT[SEEN[stretch.look]].items()),
        *(
            f"Left out: {missing}: its landmarks were missing in over a tenth of the time."
            for missing in stretch.missing
        ),
        "",
        "endheader",
    ]
    rows = (
        [f"{time:.6f}", *(f"{value:.3f}" for value in values)]
        for time, values in zip(stretch.times, stretch.values, strict=True)
    )
    yield from _lines([line] for line in header)
    yield from _lines(chain([labels], rows))


def metres_per_pixel(motion: Motion, body_height: float) -> float | None:
    """The scale at which somebody has a height in metres; None where their height in pixels is not known."""
    known = motion.height[np.isfinite(motion.height)]
    return body_height / float(np.median(known)) if len(known) else None


def marker_file(name: str, found: Places, scale: float | None, picture_height: int) -> Iterator[str]:
    """The lines of a TRC with landmarks, from the lower left corner of the picture: x right, y up.

    z is to the camera and 0. In metres if the scale, of metres a pixel, is known, else in pixels.
    """
    seen = visible(found)
    rate, count = f"{found.rate:g}", str(len(found.times))
    facts = {
        "DataRate": rate,
        "CameraRate": rate,
        "NumFrames": count,
        "NumMarkers": str(len(seen)),
        "Units": "px" if scale is None else "m",
        "OrigDataRate": rate,
        "OrigDataStartFrame": str(found.first_frame),
        "OrigNumFrames": count,
    }
    yield from _lines(
        [
            ["PathFileType", "4", "(X/Y/Z)", name],
            list(facts),
            list(facts.values()),
            ["Frame#", "Time", *(field for landmark in seen for field in (MARKERS[landmark], "", "")), ""],
            ["", "", *(f"{axis}{number}" for number in range(1, len(seen) + 1) for axis in "XYZ"), ""],
            [],
        ]
    )
    digits = 2 if scale is None else 5
    factor, up = (1.0 if scale is None else scale), np.array([1, -1])
    rows = ((row[seen] * up + [0, picture_height]) * factor for row in found.points)
    yield from _lines(
        [str(number), f"{time:.6f}", *_places(row, digits), ""]
        for number, (time, row) in enumerate(zip(found.times, rows, strict=True), 1)
    )


def _places(row: Doubles, digits: int) -> list[str]:
    known = np.isfinite(row).all(axis=1)
    return [
        field
        for (x, y), there in zip(row.tolist(), known, strict=True)
        for field in ((f"{x:.{digits}f}", f"{y:.{digits}f}", "0") if there else ("", "", ""))
    ]


def _lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    return ("\t".join(fields) + "\n" for fields in rows)
