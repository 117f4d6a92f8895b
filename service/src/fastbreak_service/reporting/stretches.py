# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A person's angles as evenly sampled stretches without a gap, as programs want them that know no missing values.

What is in them is what `angles.csv` has: outliers are taken out and gaps of up to 0.1 s bridged (`signal.mended`), and
nothing is filtered. An angle that is missing in over a tenth of the time in which a person is measured is left out of
that time; where one of the others is missing, a stretch ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.sampling import resampled
from fastbreak_service.movement.series import HIGHEST_RATE
from fastbreak_service.signal import mended
from fastbreak_service.vision.angles import Angle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fastbreak_service.analysis import MeasureRow
    from fastbreak_service.movement.series import Doubles, Flags

_MISSING_SHARE = 0.1
_FEWEST_SAMPLES = 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """Angles at even times: `values` (samples, angles) in degrees."""

    angles: list[Angle]
    times: Doubles
    values: Doubles


def stretches(rows: Iterable[MeasureRow], clip_rate: float) -> dict[int, list[Stretch]]:
    """Each person's stretches in order of time; none of somebody who was measured in one frame alone."""
    of_persons: dict[int, list[MeasureRow]] = {}
    for row in rows:
        of_persons.setdefault(row.person, []).append(row)
    return {person: _of_person(of_persons[person], clip_rate) for person in sorted(of_persons)}


def _of_person(rows: Sequence[MeasureRow], clip_rate: float) -> list[Stretch]:
    moments = {row.frame: row.time_seconds for row in rows}
    frames = np.array(sorted(moments), np.int64)
    times = np.array([moments[int(frame)] for frame in frames])
    if len(times) < _FEWEST_SAMPLES or not clip_rate > 0:
        return []
    places = {int(frame): place for place, frame in enumerate(frames)}
    columns = {angle: column for column, angle in enumerate(Angle)}
    seen = np.full((len(frames), len(columns), 1), np.nan)
    for row in rows:
        seen[places[row.frame], columns[Angle(row.angle)], 0] = row.value_degrees
    rate = min(clip_rate, HIGHEST_RATE)
    grid = times[0] + np.arange(round((times[-1] - times[0]) * rate) + 1) / rate
    even = resampled(grid, times, frames, seen)[:, :, 0]
    whole = np.stack([mended(column, rate)[0] for column in even.T], axis=1)
    return [stretch for run in _runs(np.isfinite(whole).any(axis=1)) for stretch in _cut(grid[run], whole[run])]


def _cut(times: Doubles, values: Doubles) -> Iterator[Stretch]:
    """The stretches of a time in which somebody was measured all the while."""
    there = np.isfinite(values)
    kept = np.flatnonzero(there.mean(axis=0) >= 1 - _MISSING_SHARE)
    if len(kept) == 0:
        return
    angles = [list(Angle)[column] for column in kept]
    for run in _runs(there[:, kept].all(axis=1)):
        if run.stop - run.start >= _FEWEST_SAMPLES:
            yield Stretch(angles, times[run], values[run][:, kept])


def _runs(flags: Flags) -> list[slice]:
    """Where flags are set, as slices."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
