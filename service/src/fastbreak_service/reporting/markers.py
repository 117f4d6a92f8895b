# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""All landmarks of a person that are of use elsewhere, as evenly sampled series.

Outliers are taken out and gaps of up to 0.1 s bridged (`signal.mended`); nothing is filtered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.sampling import rate_for, resampled
from fastbreak_service.signal import mended
from fastbreak_service.vision.angles import MINIMUM_VISIBILITY
from fastbreak_service.vision.landmarks import COUNT, Landmark

if TYPE_CHECKING:
    from fastbreak_service.movement.series import Doubles
    from fastbreak_service.people.observed import Rows

_SIDED = {
    "EYE": "Eye",
    "EAR": "Ear",
    "SHOULDER": "Shoulder",
    "ELBOW": "Elbow",
    "WRIST": "Wrist",
    "THUMB": "Thumb",
    "INDEX": "Index",
    "PINKY": "Pinky",
    "HIP": "Hip",
    "KNEE": "Knee",
    "ANKLE": "Ankle",
    "HEEL": "Heel",
    "FOOT_INDEX": "BigToe",
}
MARKERS = {
    Landmark.NOSE: "Nose",
    **{
        Landmark[f"{side}_{landmark}"]: f"{side[0]}{marker}"
        for landmark, marker in _SIDED.items()
        for side in ("LEFT", "RIGHT")
    },
}
"""Names of Pose2Sim's marker set for BlazePose by our landmarks. Ears are in none of its sets and named as in COCO;
corners of eyes and mouth are left out, which tell of no segment."""
_FEWEST_SIGHTINGS = 2


@dataclass(frozen=True, slots=True)
class Places:
    """Where landmarks are at `rate` a second: `points` (samples, 33, 2) in pixels, NaN where one was not seen."""

    rate: float
    times: Doubles
    first_frame: int
    points: Doubles


def places(rows: Rows, clip_rate: float) -> Places | None:
    """The series of a person's sightings, which are in order of time; None of fewer than two."""
    times, frames = rows["time"], rows["frame"].astype(np.int64)
    if len(times) < _FEWEST_SIGHTINGS or not clip_rate > 0:
        return None
    rate = rate_for(clip_rate, float(times[-1] - times[0]))
    seen = rows["points"].astype(np.float64)
    seen[~(rows["visibility"] >= MINIMUM_VISIBILITY)] = np.nan
    grid = times[0] + np.arange(round((times[-1] - times[0]) * rate) + 1) / rate
    even = resampled(grid, times, frames, seen)
    points = np.full((len(grid), COUNT, 2), np.nan)
    for landmark in MARKERS:
        for axis in range(2):
            points[:, landmark, axis] = mended(even[:, landmark, axis], rate)[0]
    return Places(rate, grid, int(frames[0]), points)


def visible(found: Places) -> list[Landmark]:
    """The landmarks that were seen at least once, in the order of `MARKERS`."""
    return [landmark for landmark in MARKERS if np.isfinite(found.points[:, landmark]).all(axis=1).any()]
