# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Cuts and decelerations: how the hips' middle goes over the picture, less what the camera did.

Before and after each moment a line is fitted to .4 s of the way, which holds a running step: bouncing hips hardly
count. Speeds are in body heights a second, as the picture has no scale.

* A **cut**: the direction changes by 45 degrees or more, at 1 body height a second or more before and after (1.75 m/s
  at 1.75 m). The limits are ours; no source was found for them. The angle is that in the picture: on the floor it is
  another one, unless the camera looks straight down.
* A **deceleration**: from 1.7 body heights a second (3 m/s at 1.75 m, no walking) the speed falls by 2 a second or more
  (3.5 m/s² at 1.75 m, beyond which Tuttle 2024, Sports Med, counts the decelerations of 86 studies of basketball; read
  in the abstract), from the middle of one fit to that of the other.

A camera that pans slowly is known in steps (`vision.camera`): up to .8 pixels a second of its small picture are not
told at all, and faster pans too late. Wherever a scene's camera moved at all, that is in the errors: .8 small pixels a
second in each speed, 1.3 in a difference of two (95 % of simulated pans, `tests/test_pans.py`).

Either has to clear its limit by its error; what is within .6 s of a cut is part of it, and no deceleration; nor
is a loss of speed after which the way goes on, within .6 s, 45 degrees or more to a side.

Not looked for: where the person was not seen all the time, where nothing tells what the camera did (at a cut to another
one, in blur, in segments of a release before), around landings and jumps, under 64 pixels of body and 24
frames a second. Not measured, with the reason: where the body's size in the picture changes by 6 % in .4 s, so that it
comes or goes (view), where the camera zooms, and under 29 frames a second (Li 2026, Sensors: at 25 Hz speeds and
accelerations of basketball players are poorer than their places; read in the abstract).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement import errors
from fastbreak_service.movement.events import LOWEST_RATE
from fastbreak_service.movement.values import Cut, Deceleration, Reason
from fastbreak_service.signal import mended

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fastbreak_service.movement.events import Fall
    from fastbreak_service.movement.series import Doubles, Flags, Motion, Trail

FIT_SECONDS = 0.4
SHARP = 45.0
SLOWEST_CUT = 1.0
SLOWEST_RUN = 1.7
HARD = 2.0
LOWEST_HEIGHT = 64.0
LOWEST_VALUE_RATE = 29.0
_APART_SECONDS = 0.4
_OWN_SECONDS = 0.6
"""Around a cut the fits hold both its ways, and speed seems to be lost."""
_FLIGHT_SECONDS, _RISING_SECONDS = 1.0, 0.5
"""Before a contact and after the lowest hips: the way is that of a body in the air, or of one that gets up."""
_COMES = 1.06
_ZOOMS = 1.05
_BOUNCE = 0.15
"""Body heights a second that bouncing hips leave in a fit (synthetic figures: 8 cm at 2.8 steps a second)."""
_ACROSS = 0.7
"""The share of a speed that has to lead across the picture, before or after a cut: who only hops makes none."""
_GOES_ON = 0.7
"""Body heights a second, a walk: who goes on so has turned, and not stopped."""
UNSEEN_SPEED, UNSEEN_CHANGE = 0.8, 1.3
"""Small pixels a second that a slow pan leaves in a fitted speed, and in the difference of two."""
_SURE = 1.96
_BLOCK = 8192


@dataclass(frozen=True, slots=True)
class _Way:
    """A person's way by samples: speeds before and after each, (n, 2), in body heights a second.

    `size` (n, 2): the body's, before and after, as the first frame would show it. `zoomed`: whether the camera did;
    `allowed`: where something may be looked for. `step`: a pixel of the camera's small picture in body heights, 0 where
    it stood still in the whole scene.
    """

    motion: Motion
    before: Doubles
    after: Doubles
    size: Doubles
    zoomed: Flags
    allowed: Flags
    step: Doubles


def ways(
    trail: Trail, motion: Motion, falls: Sequence[Fall], small_pixels: float = 0.0
) -> tuple[list[Cut | Deceleration], float]:
    """The cuts and decelerations of a person, and for how many seconds they were looked for.

    `small_pixels`: how many pixels are one of the small picture in which the camera is looked at.
    """
    count = round(FIT_SECONDS * motion.rate)
    if motion.rate < LOWEST_RATE or len(motion.times) < 2 * count + 1:
        return [], 0.0
    if np.isnan(trail.ground).all():
        # Nothing told what the camera did.
        return [], 0.0
    way = _way(trail, motion, falls, count, small_pixels)
    cuts = _cuts(way)
    alone = [
        stop for stop in _decelerations(way) if all(abs(stop.seconds - cut.seconds) > _OWN_SECONDS for cut in cuts)
    ]
    looked = way.allowed & np.isfinite(way.before).all(axis=1) & np.isfinite(way.after).all(axis=1)
    return [*cuts, *alone], float(looked.sum() / motion.rate)


def _way(trail: Trail, motion: Motion, falls: Sequence[Fall], count: int, small_pixels: float) -> _Way:
    times, (places, scales) = np.array(trail.times), trail.path()
    scenes = np.array(trail.scenes)
    after = np.clip(np.searchsorted(times, motion.times), 1, len(times) - 1)
    closest = after - (motion.times - times[after - 1] <= times[after] - motion.times)
    scale, scene = scales[closest], scenes[closest]
    size = motion.height * scale
    path = np.stack([np.interp(motion.times, times, column) for column in places.T], axis=1)
    path[~motion.sighted] = np.nan
    smooth = np.stack([mended(column, motion.rate)[0] for column in path.T], axis=1)
    slopes = _slopes(smooth, count) * motion.rate
    total = len(motion.times)
    speeds = [np.full((total, 2), np.nan) for _ in range(2)]
    sizes = np.full((total, 2), np.nan)
    middle = _middles(size, count)
    speeds[0][count:], speeds[1][: total - count] = slopes / middle[:, None], slopes / middle[:, None]
    sizes[count:, 0], sizes[: total - count, 1] = middle, middle
    allowed = _allowed(motion, falls) & (motion.height >= LOWEST_HEIGHT)
    allowed[: total - count] &= scene[: total - count] == scene[count:]
    allowed[count:] &= scene[count:] == scene[: total - count]
    # In neither fit too few frames a second.
    allowed &= _range(np.where(motion.at_least(LOWEST_RATE), 1.0, 2.0), count) <= 1
    allowed &= motion.at_least(LOWEST_RATE)
    zoomed = _range(scale, count) > _ZOOMS
    with np.errstate(divide="ignore"):
        step = np.where(_moving(trail)[closest], small_pixels / motion.height, 0.0)
    return _Way(motion, speeds[0], speeds[1], sizes, zoomed, allowed, step)


def _moving(trail: Trail) -> Flags:
    """Of each sighting whether the camera moved at all in its scene."""
    grounds, scenes = np.array(trail.ground, np.float64).reshape(-1, 4), np.array(trail.scenes)
    known, moving = np.isfinite(grounds[:, 0]), np.zeros(len(scenes), bool)
    for scene in np.unique(scenes[known]).tolist():
        same = scenes == scene
        moving[same] = bool((np.ptp(grounds[same & known], axis=0) > 0).any())
    return moving


def _windows(series: Doubles, count: int) -> Doubles:
    """The stretches of a series that end `count` samples after their first, (n - count, ..., count + 1)."""
    return np.lib.stride_tricks.sliding_window_view(series, count + 1, axis=0)


def _slopes(path: Doubles, count: int) -> Doubles:
    """The slope of the line through each stretch, a sample, (n - count, 2)."""
    steps = np.arange(count + 1) - count / 2
    weights = steps / np.square(steps).sum()
    return np.stack([np.correlate(column, weights, "valid") for column in path.T], axis=1)


def _middles(series: Doubles, count: int) -> Doubles:
    """The median of each stretch. Sorted in blocks: all stretches of a long clip are much memory."""
    windows = _windows(series, count)
    blocks = range(0, len(windows), _BLOCK)
    return np.concatenate([np.sort(windows[begin : begin + _BLOCK], axis=-1)[:, count // 2] for begin in blocks])


def _range(series: Doubles, count: int) -> Doubles:
    """Of each sample the ratio of the largest to the smallest value in the stretches before and after it."""
    padded = np.pad(series, count, mode="edge")
    around = _windows(padded, 2 * count)
    ratio: Doubles = around.max(axis=-1) / around.min(axis=-1)
    return ratio


def _allowed(motion: Motion, falls: Sequence[Fall]) -> Flags:
    allowed = np.ones(len(motion.times), bool)
    for fall in falls:
        begin = max(0, fall.contact - round(_FLIGHT_SECONDS * motion.rate))
        allowed[begin : fall.deepest + round(_RISING_SECONDS * motion.rate) + 1] = False
    return allowed


def _doubt(motion: Motion) -> Doubles:
    """The error of a fitted speed by noise (95 %), in body heights a second."""
    samples = FIT_SECONDS * motion.rate + 1
    noise = np.array([errors.noise(height) if height > 0 else math.nan for height in motion.height])
    found: Doubles = _SURE * noise / math.sqrt(2) * math.sqrt(12 / samples) / FIT_SECONDS
    return found


def _speed(way: Doubles) -> Doubles:
    speed: Doubles = np.hypot(way[:, 0], way[:, 1])
    return speed


def _peaks(values: Doubles, there: Flags, rate: float) -> Iterator[int]:
    """The sample of the largest value in each stretch that is there; those that are close together are one."""
    samples = np.flatnonzero(there)
    if len(samples) == 0:
        return
    for part in np.split(samples, np.flatnonzero(np.diff(samples) > _APART_SECONDS * rate) + 1):
        yield int(part[np.argmax(values[part])])


def _cuts(way: _Way) -> list[Cut]:
    before, after = _speed(way.before), _speed(way.after)
    cross = way.before[:, 0] * way.after[:, 1] - way.before[:, 1] * way.after[:, 0]
    angle = np.degrees(np.abs(np.arctan2(cross, (way.before * way.after).sum(axis=1))))
    doubt = np.hypot(np.hypot(_doubt(way.motion), _BOUNCE), UNSEEN_SPEED * way.step)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.degrees(np.hypot(doubt / before, doubt / after))
        across = np.fmax(np.abs(way.before[:, 0]) / before, np.abs(way.after[:, 0]) / after) >= _ACROSS
        fast = np.fmin(before, after) >= SLOWEST_CUT
        there = way.allowed & across & fast & (angle - error >= SHARP)
    # Where a turn is sharpest both fits are of straight ways.
    return [
        _cut(way, sample, float(angle[sample]), float(error[sample]))
        for sample in _peaks(
            np.abs(cross) + (way.before - way.after)[:, 0] ** 2 + (way.before - way.after)[:, 1] ** 2,
            there,
            way.motion.rate,
        )
    ]


def _decelerations(way: _Way) -> list[Deceleration]:
    before, after = _speed(way.before), _speed(way.after)
    lost = (before - after) / FIT_SECONDS
    error = np.hypot(math.sqrt(2) * _doubt(way.motion), UNSEEN_CHANGE * way.step) / FIT_SECONDS
    with np.errstate(invalid="ignore"):
        there = way.allowed & (before >= SLOWEST_RUN) & (lost - error >= HARD)
        there &= ~_turns(way)
    return [
        _deceleration(way, sample, float(lost[sample]), float(error[sample]))
        for sample in _peaks(lost, there, way.motion.rate)
    ]


def _turns(way: _Way) -> Flags:
    """Where the way turns by 45 degrees or more while it is slow or soon after: a turn costs speed, and is no stop."""
    later = round(_OWN_SECONDS * way.motion.rate)
    after = way.after[np.minimum(np.arange(len(way.after)) + later, len(way.after) - 1)]
    with np.errstate(invalid="ignore"):
        along = (way.before * after).sum(axis=1) / (_speed(way.before) * _speed(after))
        turns: Flags = (along <= math.cos(math.radians(SHARP))) & (_speed(after) >= _GOES_ON)
    return turns


def _refused(way: _Way, sample: int) -> tuple[Reason, str] | None:
    size = way.size[sample]
    if size.max() > _COMES * size.min():
        return Reason.VIEW, "The person comes towards the camera or goes away: speeds in the picture are not theirs."
    if way.zoomed[sample]:
        return Reason.CAMERA, "The camera zooms at that moment."
    if (rate := _rate(way, sample)) < LOWEST_VALUE_RATE:
        return Reason.RATE, f"Needs {LOWEST_VALUE_RATE:.0f} frames a second; these are {rate:.4g}."
    return None


def _told(way: _Way, sample: int, value: float, error: float) -> tuple[float | None, float | None, Reason | None, str]:
    refused = _refused(way, sample)
    return (round(value, 2), round(error, 2), None, "") if refused is None else (None, None, *refused)


def _where(way: _Way, sample: int) -> tuple[int, float, float, float, float, float]:
    """Frame and time, speeds before and after, rate and height."""
    motion = way.motion
    before, after = (round(math.hypot(*speed[sample]), 3) for speed in (way.before, way.after))
    time, height = round(float(motion.times[sample]), 6), round(float(motion.height[sample]), 1)
    return int(motion.frames[sample]), time, before, after, round(_rate(way, sample), 3), height


def _rate(way: _Way, sample: int) -> float:
    """How many frames a second there usually were in both fits."""
    count = round(FIT_SECONDS * way.motion.rate)
    return way.motion.usual_rate(sample - count, sample + count)


def _cut(way: _Way, sample: int, angle: float, error: float) -> Cut:
    return Cut("cut", *_where(way, sample), *_told(way, sample, angle, error))


def _deceleration(way: _Way, sample: int, lost: float, error: float) -> Deceleration:
    return Deceleration("deceleration", *_where(way, sample), *_told(way, sample, lost, error))
