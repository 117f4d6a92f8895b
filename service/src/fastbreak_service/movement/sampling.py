# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Sightings at even times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    type Doubles = npt.NDArray[np.float64]

HIGHEST_RATE = 240.0
_LONGEST_STEP_SECONDS = 0.1
_NEXT = 1.5
"""Steps of the grid: sightings so close follow each other, whatever pictures there are between."""
MOST_SAMPLES = 150_000
"""Of a person: ten minutes at 240 a second."""


def rate_for(clip_rate: float, seconds: float) -> float:
    """At how many a second sightings over so long are sampled, of a clip with so many pictures a second."""
    return min(clip_rate, HIGHEST_RATE, MOST_SAMPLES / max(seconds, 1.0))


def steps(times: Doubles, frames: npt.NDArray[np.int64], rate: float) -> Doubles:
    """The seconds from each sighting to the next one, (n - 1,); of frames in which somebody was not seen, the mean."""
    apart = np.diff(times)
    return np.where(apart <= _NEXT / rate, apart, apart / np.maximum(1, np.diff(frames)))


def usual(steps: Doubles) -> Doubles:
    """The middle one of each step and the two before and after it, (n - 1,)."""
    padded = np.pad(steps, 2, mode="edge")
    middle: Doubles = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=-1)[:, 2]
    return middle


def nearest(grid: Doubles, times: Doubles) -> npt.NDArray[np.int64]:
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    return after - (grid - times[after - 1] <= times[after] - grid)


def resampled(grid: Doubles, times: Doubles, frames: npt.NDArray[np.int64], seen: Doubles) -> Doubles:
    """Sightings at even times: between two frames in succession linearly, else as the nearest if it is near enough."""
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    before = after - 1
    span = times[after] - times[before]
    step = grid[1] - grid[0] if len(grid) > 1 else np.inf
    follow = ((frames[after] - frames[before] == 1) | (span <= _NEXT * step)) & (span <= _LONGEST_STEP_SECONDS)
    share = np.clip((grid - times[before]) / np.maximum(span, 1e-9), 0, 1)[:, None, None]
    even = np.where(follow[:, None, None], (1 - share) * seen[before] + share * seen[after], np.nan)
    closest = nearest(grid, times)
    near = np.abs(times[closest] - grid) <= 0.5 * step * 1.0001
    return np.where(np.isnan(even) & near[:, None, None], seen[closest], even)
