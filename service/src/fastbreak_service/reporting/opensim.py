# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Angles and landmarks as files of OpenSim: a motion (MOT) and a marker file (TRC).

As OpenSim 4 reads them (`Storage` and `TRCFileAdapter` of opensim-core): a motion has no missing values, since its
reader stops at the first; a marker that is missing is three empty fields, and each row ends with a tab, without which
the last empty field is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.series import JOINTS
from fastbreak_service.vision.angles import Angle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastbreak_service.movement.series import Doubles, Motion
    from fastbreak_service.reporting.stretches import Stretch

COORDINATES = {
    Angle[f"{side}_{angle}"]: f"{coordinate}_{side[0].lower()}"
    for angle, coordinate in (
        ("KNEE_FLEXION", "knee_angle"),
        ("HIP_FLEXION", "hip_flexion"),
        ("ANKLE_DORSIFLEXION", "ankle_angle"),
        ("SHOULDER_FLEXION", "arm_flex"),
        ("ELBOW_FLEXION", "elbow_flex"),
    )
    for side in ("LEFT", "RIGHT")
}
"""The coordinates of OpenSim's models (Rajagopal 2016 and those of Pose2Sim) by our angles. The lean of the trunk is no
coordinate of theirs and keeps its name."""
_MARKERS = {
    "SHOULDER": "Shoulder",
    "HIP": "Hip",
    "KNEE": "Knee",
    "ANKLE": "Ankle",
    "HEEL": "Heel",
    "FOOT_INDEX": "BigToe",
}
MARKERS = [f"{side}{_MARKERS[joint]}" for joint in JOINTS for side in ("L", "R")]
"""Pose2Sim's names of the landmarks, in the order of a motion's."""


def motion_file(name: str, stretch: Stretch) -> str:
    """A stretch of angles as MOT."""
    labels = ["time", *(COORDINATES.get(angle, str(angle)) for angle in stretch.angles)]
    header = [
        name,
        "version=1",
        f"nRows={len(stretch.times)}",
        f"nColumns={len(labels)}",
        "inDegrees=yes",
        "",
        "Angles in the plane of the image. Without sign: extension of knee, hip and shoulder reads as flexion.",
        "Outliers are taken out and gaps of up to 0.1 s bridged; nothing is filtered.",
        "",
        "endheader",
    ]
    rows = (
        [f"{time:.6f}", *(f"{value:.3f}" for value in values)]
        for time, values in zip(stretch.times.tolist(), stretch.values.tolist(), strict=True)
    )
    return _text([*header, *("\t".join(fields) for fields in (labels, *rows))])


def metres_per_pixel(motion: Motion, body_height: float) -> float | None:
    """The scale at which somebody has a height in metres; None where their height in pixels is not known."""
    known = motion.height[np.isfinite(motion.height)]
    return body_height / float(np.median(known)) if len(known) else None


def marker_file(name: str, motion: Motion, scale: float, picture_height: int) -> str:
    """Landmarks as TRC, in metres from the lower left corner of the picture: x to its right, y up, z 0."""
    metres = np.stack([motion.raw[:, :, 0], picture_height - motion.raw[:, :, 1]], axis=2) * scale
    seen = np.flatnonzero(np.isfinite(metres).all(axis=2).any(axis=0))
    rate, count = f"{motion.rate:g}", str(len(motion.times))
    facts = {
        "DataRate": rate,
        "CameraRate": rate,
        "NumFrames": count,
        "NumMarkers": str(len(seen)),
        "Units": "m",
        "OrigDataRate": rate,
        "OrigDataStartFrame": str(motion.frames[0]),
        "OrigNumFrames": count,
    }
    lines = [
        ["PathFileType", "4", "(X/Y/Z)", name],
        list(facts),
        list(facts.values()),
        ["Frame#", "Time", *(field for column in seen for field in (MARKERS[column], "", "")), ""],
        ["", "", *(f"{axis}{number}" for number in range(1, len(seen) + 1) for axis in "XYZ"), ""],
        [],
        *(
            [str(number), f"{time:.6f}", *_places(row), ""]
            for number, (time, row) in enumerate(zip(motion.times.tolist(), metres[:, seen], strict=True), 1)
        ),
    ]
    return _text("\t".join(fields) for fields in lines)


def _places(row: Doubles) -> list[str]:
    known = np.isfinite(row).all(axis=1)
    return [
        field
        for (x, y), there in zip(row.tolist(), known, strict=True)
        for field in ((f"{x:.5f}", f"{y:.5f}", "0") if there else ("", "", ""))
    ]


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
