# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A person's landmarks as evenly sampled series, filtered.

Kept of a sighting are twelve landmarks and what the camera did, in single precision, about 190 bytes. An analysis
spends 20 ms of its allowed work on each look (`video.work`), so the longest that is accepted, 1800 s, holds 90,000
sightings: 17 MB. The even series are made for one person at a time, at no more than 240 a second and 150,000 rows of 24
numbers, 29 MB each for what was seen and what was filtered.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fastbreak_service.movement.levels import Even, levels
from fastbreak_service.movement.sampling import nearest, rate_for, resampled, steps, usual
from fastbreak_service.signal import all_smoothed, cutoff_of, mended
from fastbreak_service.vision.angles import MINIMUM_VISIBILITY
from fastbreak_service.vision.landmarks import Landmark

if TYPE_CHECKING:
    from fastbreak_service.movement.levels import Low
    from fastbreak_service.vision.pose import Pose
    from fastbreak_service.vision.shift import Shift

    type Doubles = npt.NDArray[np.float64]
    type Flags = npt.NDArray[np.bool_]

JOINTS = ("SHOULDER", "HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
SHOULDER, HIP, KNEE, ANKLE, HEEL, TOE = (2 * row for row in range(len(JOINTS)))
"""The rows of the left landmarks; the right one is next."""
KEPT = [Landmark[f"{side}_{joint}"] for joint in JOINTS for side in ("LEFT", "RIGHT")]
LOWEST_CUTOFF_HZ = 8.0
"""Over a clip of mostly standing, residual analysis finds 3 Hz, which makes a landing of .17 s half as fast (synthetic
figures). In clips of fewer than 32 frames a second it is a quarter of the rate."""
_LOWEST_CUTOFF_SHARE = 0.25
_LONGER_STEP = 1.25
"""Samples; stamps in whole milliseconds make steps of 60 a second a fiftieth longer."""
# Of a body's height: trunk .288, thigh .245, shank .246 (Winter, Biomechanics and Motor Control of Human Movement,
# figure 4.1, after Drillis and Contini).
_SEGMENTS_OF_HEIGHT = 0.779
_TALLEST_SHARE = 90


class Trail:
    """What is kept of a person's sightings until the clip has ended."""

    def __init__(self) -> None:
        self.frames, self.times, self.points = array("i"), array("d"), array("f")
        self.ground, self.scenes = array("f"), array("i")

    def add(self, frame: int, time_seconds: float, pose: Pose, ground: Shift | None = None, scene: int = 0) -> None:
        """Keep a sighting; they come in order of time. `ground` and `scene` are those of a `Sighting`."""
        self.frames.append(frame)
        self.ground.extend([math.nan] * 4 if ground is None else [ground.a, ground.b, ground.across, ground.down])
        self.scenes.append(scene)
        self.times.append(time_seconds)
        hidden = ~(pose.visibility[KEPT] >= MINIMUM_VISIBILITY)
        points = np.array(pose.points[KEPT], np.float32)
        points[hidden] = np.nan
        self.points.extend(points.ravel().tolist())

    def path(self) -> tuple[Doubles, Doubles]:
        """Of each sighting where the hips' middle was in the first frame of the scene, (n, 2), and the scale to it."""
        a, b, across, down = np.array(self.ground, np.float64).reshape(-1, 4).T
        x, y = middle(np.array(self.points, np.float64).reshape(-1, len(KEPT), 2), HIP).T
        return np.stack([a * x - b * y + across, b * x + a * y + down], axis=1), np.hypot(a, b)

    def seen(self, frame: int) -> Doubles | None:
        """The landmarks of a frame (12, 2), NaN where one is hidden; None where there is no sighting."""
        place = bisect_left(self.frames, frame)
        if place == len(self.frames) or self.frames[place] != frame:
            return None
        size = 2 * len(KEPT)
        return np.array(self.points[place * size : (place + 1) * size], np.float64).reshape(len(KEPT), 2)


@dataclass(frozen=True, slots=True)
class Motion:
    """A person's landmarks at `rate` a second: (frames, 12, 2) in pixels, NaN where there are none.

    `frames` and `times`: the clip's frame that is nearest to each sample. `sighted`: whether the person was seen in
    it. `raw` has outliers taken out and gaps of up to 0.1 s bridged; `smooth` is filtered too. `bridged` (frames, 12)
    says where a landmark was not seen. `height` (frames,): what the body would have upright, in pixels.
    `low`: how low landmarks are on the ground, as `levels` says.
    `followed`: whether the person was seen in it, or in the frames just before and after a sample that has none.
    `seen_at`: the sightings' times, and `steps` how many seconds each of them is before the next.
    `cutoff_hz`: of the filter, the same for all landmarks: the median of what residual analysis finds for hips and
    ankles vertically, but at least `LOWEST_CUTOFF_HZ`; None where the series are too short or too slow for one.
    """

    rate: float
    frames: npt.NDArray[np.int64]
    times: Doubles
    sighted: Flags
    raw: Doubles
    smooth: Doubles
    bridged: Flags
    height: Doubles
    cutoff_hz: float | None
    low: Low
    followed: Flags
    seen_at: Doubles
    steps: Doubles

    def local_rate(self, first: int, last: int) -> float:
        """How many pictures a second there were from a sample to another, by the longest step that touches them.

        That is `rate`, unless a step is a quarter longer than a sample.
        """
        return self._by(float(self.steps[self._touched(first, last)].max(initial=0.0)))

    def usual_rate(self, first: int, last: int) -> float:
        """The same, where a single picture that is missing does not count."""
        return self._by(float(usual(self.steps)[self._touched(first, last)].max(initial=0.0)))

    def at_least(self, rate: float) -> Flags:
        """At which samples there were usually so many pictures a second."""
        place = np.clip(np.searchsorted(self.seen_at, self.times, "right") - 1, 0, len(self.steps) - 1)
        enough: Flags = usual(self.steps)[place] * min(self.rate, rate * _LONGER_STEP) <= _LONGER_STEP
        return enough

    def _touched(self, first: int, last: int) -> slice:
        """The steps that touch what is between two samples."""
        begin, end = self.times[max(0, first)], self.times[min(len(self.times) - 1, last)]
        start = int(np.searchsorted(self.seen_at, begin + 1e-6)) - 1
        return slice(max(0, start), int(np.searchsorted(self.seen_at, end - 1e-6)))

    def _by(self, longest: float) -> float:
        return 1 / longest if longest * self.rate > _LONGER_STEP else self.rate


def motion(trail: Trail, clip_rate: float) -> Motion | None:
    """The series of a person in a clip with so many frames a second; None of fewer than two sightings."""
    times, frames = np.array(trail.times), np.array(trail.frames, np.int64)
    if len(times) < 2 or not clip_rate > 0:
        return None
    rate = rate_for(clip_rate, times[-1] - times[0])
    seen = np.array(trail.points, np.float64).reshape(len(times), len(KEPT), 2)
    grid = times[0] + np.arange(round((times[-1] - times[0]) * rate) + 1) / rate
    even = resampled(grid, times, frames, seen)
    closest = nearest(grid, times)
    sighted = np.abs(times[closest] - grid) <= 0.5001 / rate + 1e-9
    columns = [mended(column, rate)[0] for column in even.reshape(len(grid), -1).T]
    cutoff = _cutoff([columns[2 * row + 1] for row in (HIP, HIP + 1, ANKLE, ANKLE + 1)], rate)
    raw, smooth = (_rows(series) for series in (columns, all_smoothed(columns, rate, cutoff)))
    bridged = (np.isnan(even) & np.isfinite(raw)).any(axis=2)
    followed = sighted | np.isfinite(even).any(axis=(1, 2))
    # A sample without a sighting is between two frames.
    between = np.interp(grid, times, frames).round().astype(np.int64)
    shown = np.where(sighted, frames[closest], between)
    upright = heights(smooth, rate)
    ground, scenes = np.array(trail.ground, np.float64).reshape(-1, 4), np.array(trail.scenes, np.int64)
    low = levels(Even(grid, rate, cutoff, times, frames, seen, ground, scenes), raw, smooth, upright)
    apart = steps(times, frames, rate)
    return Motion(rate, shown, grid, sighted, raw, smooth, bridged, upright, cutoff, low, followed, times, apart)


def _cutoff(columns: list[Doubles], rate: float) -> float | None:
    found = [cutoff for column in columns if (cutoff := cutoff_of(column, rate)) is not None]
    return max(float(np.median(found)), min(LOWEST_CUTOFF_HZ, _LOWEST_CUTOFF_SHARE * rate)) if found else None


def _rows(columns: list[Doubles]) -> Doubles:
    return np.stack(columns, axis=1).reshape(-1, len(KEPT), 2)


def heights(points: Doubles, rate: float) -> Doubles:
    """What the body would have upright, in pixels, (frames,): from trunk, thigh and shank at their longest within 1 s.

    At their longest, because a segment that points at the camera looks short; the 90th percentile, because one wrong
    landmark makes it long.
    """
    legs = _length(points, HIP, KNEE) + _length(points, KNEE, ANKLE)
    trunk = np.linalg.norm(middle(points, SHOULDER) - middle(points, HIP), axis=-1)
    # The longer leg where both are known.
    segments = trunk + np.fmax(legs[:, 0], legs[:, 1])
    step = max(1, round(rate / 2))
    places = np.arange(0, len(points) + step, step)
    known = [_percentile(segments[max(0, place - 2 * step) : place + 2 * step]) for place in places]
    there = np.isfinite(known)
    if not there.any():
        return np.full(len(points), np.nan)
    found: Doubles = np.interp(np.arange(len(points)), places[there], np.array(known)[there])
    return found / _SEGMENTS_OF_HEIGHT


def _percentile(values: Doubles) -> float:
    finite = values[np.isfinite(values)]
    return float(np.percentile(finite, _TALLEST_SHARE)) if len(finite) else float("nan")


def middle(points: Doubles, joint: int) -> Doubles:
    """Midway between left and right, (frames, 2)."""
    between: Doubles = (points[:, joint] + points[:, joint + 1]) / 2
    return between


def _length(points: Doubles, first: int, last: int) -> Doubles:
    """A segment's length on the left and the right, (frames, 2)."""
    lengths: Doubles = np.linalg.norm(points[:, first : first + 2] - points[:, last : last + 2], axis=-1)
    return lengths
