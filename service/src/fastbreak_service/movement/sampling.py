# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Sightings at even times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    type Doubles = npt.NDArray[np.float64]

_LONGEST_STEP_SECONDS = 0.1


def nearest(grid: Doubles, times: Doubles) -> npt.NDArray[np.int64]:
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    return after - (grid - times[after - 1] <= times[after] - grid)


def resampled(grid: Doubles, times: Doubles, frames: npt.NDArray[np.int64], seen: Doubles) -> Doubles:
    """Sightings at even times: between two frames in succession linearly, else as the nearest if it is near enough."""
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    before = after - 1
    span = times[after] - times[before]
    follow = (frames[after] - frames[before] == 1) & (span <= _LONGEST_STEP_SECONDS)
    share = np.clip((grid - times[before]) / np.maximum(span, 1e-9), 0, 1)[:, None, None]
    even = np.where(follow[:, None, None], (1 - share) * seen[before] + share * seen[after], np.nan)
    closest = nearest(grid, times)
    half = 0.5 * (grid[1] - grid[0] if len(grid) > 1 else np.inf)
    near = np.abs(times[closest] - grid) <= half * 1.0001
    return np.where(np.isnan(even) & near[:, None, None], seen[closest], even)
