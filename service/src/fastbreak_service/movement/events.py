# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Landings and jumps, on the ground: what the camera did is taken away (`levels`).

A **landing** is a fast fall of the hips that ends with a foot on the ground:

* the hips come down at 1.15 body heights a second or more (2 m/s at 1.75 m: a fall of about 21 cm), and
* with them a foot at .8 or more, which then stops. **Contact** is the first frame after the lowest point of the foot
  has stopped: where a free fall and a level line through it meet (`moments`).

* whoever went down the picture before, hips and feet, runs towards a camera that looks down. They land only if the hips
  fall .8 body heights a second faster than they went: somebody who runs and turns or stops goes no faster, and bounces
  by .4 at most.

A squat is none, because no foot falls; a running step is none, because the hips fall at less than half of this; nor
are the small hops of a jumping jack, whose hips fall at about 1. **Deepest** is the middle of the frames in which the
hips are as low as they get before they rise again, within .015 body heights, of the first .15 s of them. It is on both
**legs** when both feet stop within .1 s at one level, on one when the other stays more than .08 body heights higher,
else unknown.

A **jump** begins with the hips rising at 1.15 body heights a second or more; **take-off** is the last frame before the
later foot leaves the ground. It ends with a landing within 1.5 s; without one it is none, for landmarks that are about
to be lost rise too. Its flight is known only when the person was seen in between. Height is g t²/8, only where both
levels are equal within .05 body heights. Each end is known to half a frame, so flight to one frame,
but to no less than .012 s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.moments import FEWEST, Stop, start, stop
from fastbreak_service.movement.series import HEEL, HIP, TOE
from fastbreak_service.movement.values import Jump, Legs, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from fastbreak_service.movement.series import Doubles, Flags, Motion

FAST = 1.15
FOOT_FAST = 0.8
LOWEST_RATE = 24.0
_SEARCH_SECONDS = 0.25
_TOGETHER_SECONDS = 0.1
_LIFTED = 0.08
_DEEPEST_SECONDS = 0.8
_BEFORE_SECONDS = 0.12
"""Of the fall, by which a contact is told."""
_RISEN = 0.03
"""Body heights by which hips have come up again when they were deepest before."""
_TREMBLING = 0.015
"""Body heights within which nothing tells which of two frames is deeper."""
_HELD_SECONDS = 0.15
"""Whoever stays down longer was down before."""
_LONGEST_FLIGHT_SECONDS = 1.5
_SAME_LEVEL = 0.05
_GRAVITY = 9.81
_LEAST_FLIGHT_ERROR = 0.012
"""In seconds, at any rate: what the fits of both ends leave open of figures with noise, 200 to 600 pixels high."""
_APART_SECONDS = 0.3
_FALL_SECONDS, _STEP_SECONDS = 0.35, 0.4
"""How long a fall of 60 cm is before its contact, and a bit more than a runner's step, over which hips bounce."""
_GOES_DOWN, _FALLS_FASTER = 0.6, 0.8
"""Body heights a second: of somebody who goes down the picture, and by how much faster whoever lands falls."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A landing by samples: first with a foot on the ground, lowest hips, and the moment of contact in parts of one.

    `lowest`: the first and the last sample of which nothing tells that the hips were not at their lowest there.
    """

    contact: int
    deepest: int
    moment: float
    level: float
    legs: Legs
    speed: float
    lowest: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Course:
    """What is looked at of a whole motion: how low the hips are, `seen` and filtered, their speed down, and the feet.

    Made once: whoever lands all the time would have it made anew for each landing.
    """

    motion: Motion
    seen: Doubles
    hips: Doubles
    speed: Doubles
    feet: tuple[Doubles, Doubles]


def _course(motion: Motion) -> _Course:
    return _Course(motion, _between(motion.low.raw), *_hips(motion), feet(motion))


def falls(motion: Motion) -> list[Fall]:
    """The landings, in order. None where there are fewer than 24 frames a second."""
    if motion.rate < LOWEST_RATE:
        return []
    course = _course(motion)
    found: list[Fall] = []
    for first, last in _fast(course.speed, motion.rate):
        fall = _landing(course, (first, last))
        if fall is None or motion.usual_rate(fall.contact - 1, fall.deepest) < LOWEST_RATE:
            continue
        if not (found and fall.contact <= found[-1].deepest):
            found.append(fall)
    return found


def rate_of(motion: Motion, fall: Fall) -> float:
    """How many frames a second there were about a landing."""
    return motion.local_rate(fall.contact - math.ceil(_BEFORE_SECONDS * motion.rate), fall.deepest + 1)


def looked_seconds(motion: Motion) -> float:
    """For how long landings and jumps were looked for: where one would have been told.

    There it is known how fast the hips fall, and, about it and in the same scene, where a foot was.
    """
    if motion.rate < LOWEST_RATE:
        return 0.0
    search, scenes = round(_SEARCH_SECONDS * motion.rate), motion.low.scenes
    feet_known = [_counted(np.isfinite(foot), search) >= 2 * FEWEST for foot in feet(motion)]
    changed = np.concatenate([[False], scenes[1:] != scenes[:-1]])
    told = np.isfinite(_hips(motion)[1]) & np.any(feet_known, axis=0) & (_counted(changed, search) == 0)
    told &= _counted(~motion.at_least(LOWEST_RATE), search) == 0
    return float(told.sum() / motion.rate)


def _counted(which: Flags, search: int) -> npt.NDArray[np.int64]:
    """By samples how many are so of those within `search` of it."""
    total, at = np.concatenate([[0], np.cumsum(which)]), np.arange(len(which))
    within: npt.NDArray[np.int64] = total[np.minimum(len(which), at + search + 1)] - total[np.maximum(0, at - search)]
    return within


def _hips(motion: Motion) -> tuple[Doubles, Doubles]:
    """How low the hips are in pixels, and their downward speed in body heights a second."""
    hips = _between(motion.low.smooth)
    return hips, np.gradient(hips) * motion.rate / motion.low.body if len(hips) > 1 else np.full(len(hips), np.nan)


def _between(low: Doubles) -> Doubles:
    """Midway between the hips."""
    between: Doubles = (low[:, HIP] + low[:, HIP + 1]) / 2
    return between


def _fast(speed: Doubles, rate: float) -> Iterator[tuple[int, int]]:
    """The stretches in which a speed is at least FAST; those that are close together are one."""
    samples = np.flatnonzero(speed >= FAST)
    if len(samples) == 0:
        return
    cuts = np.flatnonzero(np.diff(samples) > _APART_SECONDS * rate)
    for part in np.split(samples, cuts + 1):
        yield int(part[0]), int(part[-1])


def feet(motion: Motion) -> tuple[Doubles, Doubles]:
    """How low the lowest point of the left and of the right foot is, in pixels."""
    left, right = (np.fmax(motion.low.raw[:, HEEL + side], motion.low.raw[:, TOE + side]) for side in (0, 1))
    return left, right


def _landing(course: _Course, fast: tuple[int, int]) -> Fall | None:
    motion, hips, speed = course.motion, course.hips, course.speed
    search = round(_SEARCH_SECONDS * motion.rate)
    peak = fast[0] + int(np.nanargmax(speed[fast[0] : fast[1] + 1]))
    body = float(motion.low.body[peak])
    first, last = max(0, peak - search // 2), min(len(hips) - 1, fast[1] + search)
    stops = [_foot_stop(foot, first, last, motion.rate, body) for foot in course.feet]
    known = [found for found in stops if found is not None]
    if not known:
        return None
    earliest = min(known, key=lambda found: found.at)
    contact = min(len(hips) - 1, math.ceil(earliest.at - 0.25))
    lowest = _lowest(course.seen, body, contact, motion.rate)
    deepest = int(lowest[len(lowest) // 2])
    if not motion.low.one_scene(first - search, max(last, deepest)) or _runs_down(speed, contact, motion.rate):
        return None
    legs, span = _legs(course, stops, deepest, body), (int(lowest[0]), int(lowest[-1]))
    return Fall(contact, deepest, earliest.at, earliest.level, legs, float(speed[peak]), span)


def _runs_down(speed: Doubles, contact: int, rate: float) -> bool:
    """Whether the hips came down at a contact hardly faster than before any fall."""
    before = [
        speed[max(0, contact - round((end + _STEP_SECONDS) * rate)) : max(0, contact - round(end * rate))]
        for end in (_FALL_SECONDS, _FALL_SECONDS + _STEP_SECONDS)
    ]
    known = [float(np.nanmean(part)) for part in before if np.isfinite(part).sum() >= _STEP_SECONDS / 2 * rate]
    went = min(known, default=0.0)
    fell = speed[max(0, contact - round(_FALL_SECONDS * rate)) : contact + 1]
    return went >= _GOES_DOWN and bool(np.nanmax(fell) - went < _FALLS_FASTER)


def _foot_stop(foot: Doubles, first: int, last: int, rate: float, body: float) -> Stop | None:
    found = stop(foot, first, last, rate, body)
    return found if found and found.speed * rate / body >= FOOT_FAST else None


def _lowest(hips: Doubles, body: float, contact: int, rate: float) -> npt.NDArray[np.int64]:
    """The samples in which hips are as low as they get, as far as that can be told."""
    part = hips[contact : contact + round(_DEEPEST_SECONDS * rate)]
    if not np.isfinite(part).any():
        return np.array([contact])
    risen = np.flatnonzero(np.fmax.accumulate(part) - part > _RISEN * body)
    down = part[: risen[0]] if len(risen) else part
    nearly = np.flatnonzero(down >= np.nanmax(down) - _TREMBLING * body)
    nearly = nearly[nearly <= nearly[0] + _HELD_SECONDS * rate]
    samples: npt.NDArray[np.int64] = contact + nearly
    return samples


def _legs(course: _Course, stops: list[Stop | None], deepest: int, body: float) -> Legs:
    left, right = stops
    if left is not None and right is not None:
        if abs(left.level - right.level) > _LIFTED * body:
            return Legs.SINGLE
        apart = abs(left.at - right.at) / course.motion.rate
        return Legs.DOUBLE if apart <= _TOGETHER_SECONDS else Legs.UNKNOWN
    lower, higher = sorted(foot[deepest] for foot in course.feet)[::-1]
    return Legs.SINGLE if lower - higher > _LIFTED * body else Legs.UNKNOWN


def jumps(motion: Motion, landings: list[Fall]) -> list[Jump]:
    """The jumps, in order, with the flights that end in one of the landings."""
    if motion.rate < LOWEST_RATE:
        return []
    course = _course(motion)
    hips, speed = course.hips, course.speed
    search = round(_SEARCH_SECONDS * motion.rate)
    found = []
    for first, last in _fast(-speed, motion.rate):
        peak = first + int(np.nanargmin(speed[first : last + 1]))
        body = float(motion.low.body[peak])
        begin, end = max(0, first - search), min(len(hips) - 1, peak + search // 2)
        starts = [start(foot, begin, end, motion.rate, body) for foot in course.feet]
        left = [s for s in starts if s is not None and s.speed * motion.rate / body >= FOOT_FAST]
        if left and motion.low.one_scene(begin - search, end):
            takeoff = max(left, key=lambda s: s.at)
            found.append(_jump(course, takeoff, -float(speed[peak]), body, landings))
    return [jump for jump in found if jump is not None]


def _rate_before(motion: Motion, takeoff: int) -> float:
    """How many frames a second there were about a take-off."""
    return motion.local_rate(takeoff - 1, takeoff + math.ceil(_BEFORE_SECONDS * motion.rate))


def _jump(course: _Course, takeoff: Stop, rise: float, body: float, landings: list[Fall]) -> Jump | None:
    motion = course.motion
    sample = max(0, math.floor(takeoff.at + 0.25))
    seconds = takeoff.at / motion.rate
    end = next((f for f in landings if 0 < f.moment / motion.rate - seconds <= _LONGEST_FLIGHT_SECONDS), None)
    if end is None:
        return None
    begun = int(motion.frames[sample]), round(float(motion.times[sample]), 6), round(rise, 3)
    landed = int(motion.frames[end.contact])
    if (
        not motion.followed[sample : end.contact + 1].all()
        or np.isnan(course.hips[sample : end.contact + 1]).any()
        or not motion.low.one_scene(sample, end.contact)
    ):
        words = "The person was not seen all the way between take-off and landing."
        return Jump("jump", *begun, landed, None, None, None, None, Reason.GAP, words)
    flight = end.moment / motion.rate - seconds
    error = max(_LEAST_FLIGHT_ERROR, 1 / min(_rate_before(motion, sample), rate_of(motion, end)))
    timed = landed, round(flight, 4), round(error, 4)
    if abs(end.level - takeoff.level) > _SAME_LEVEL * body:
        words = "Take-off and landing are not at one level, so flight time gives no height."
        return Jump("jump", *begun, *timed, None, None, Reason.LEVEL, words)
    height, doubt = _GRAVITY * flight**2 / 8, _GRAVITY * flight * error / 4
    return Jump("jump", *begun, *timed, round(height, 3), round(doubt, 3), None, "")
