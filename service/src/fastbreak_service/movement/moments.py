# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""When something that moves comes to rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastbreak_service.movement.series import Doubles

_BEFORE_SECONDS, _AFTER_SECONDS = 0.12, 0.15
FEWEST = 2
"""Samples before a moment, and after it, of which it is told."""
_PARTS = 8
"""Of a sample, in which the moment is looked for."""
_GRAVITY = 9.81 / 1.75
"""In body heights of somebody of 1.75 m; a tenth more or less moves a contact by a millisecond."""
_AT_REST = 0.05
"""Body heights from its lowest within which a foot counts as nearly down."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A fall's end: when, in samples and their parts, at what level, and how fast before it (units a sample)."""

    at: float
    level: float
    speed: float


def stop(heights: Doubles, first: int, last: int, rate: float, body: float) -> Stop | None:
    """Where `heights` (down is positive) stop falling between two samples; None where that cannot be told.

    A free fall and a level line are fitted to .12 s before and .15 s after; where they meet is the moment, to a part of
    a sample.
    """
    gained = _GRAVITY * body / rate**2 / 2
    part = heights[first : last + 1]
    if not np.isfinite(part).any():
        return None
    down = first + int(np.flatnonzero(part >= np.nanmax(part) - _AT_REST * body)[0])
    begin, end = max(0, down - round(_BEFORE_SECONDS * rate) - 1), down + round(_AFTER_SECONDS * rate) + 1
    values = heights[begin:end]
    there = np.flatnonzero(np.isfinite(values))
    samples, seen = there.astype(np.float64), values[there]
    if (fit := _bend(samples, seen, np.arange(FEWEST, len(values) - FEWEST + 1 / _PARTS, 1 / _PARTS), gained)) is None:
        return None
    at, level, speed = fit
    return Stop(begin + at, level, speed)


def _bend(samples: Doubles, seen: Doubles, moments: Doubles, gained: float) -> tuple[float, float, float] | None:
    """The moment at which both fit best, the level then, and the speed before, all moments at once.

    None where none of them has enough before and after it.
    """
    before = np.minimum(0.0, samples - moments[:, None])
    falling = (before < 0).sum(axis=1)
    known = (falling >= FEWEST) & (len(samples) - falling >= FEWEST)
    if not known.any():
        return None
    before = before[known]
    straight = seen - gained * before**2
    # A line of least squares through each.
    middle, height = before.mean(axis=1, keepdims=True), straight.mean(axis=1, keepdims=True)
    apart = before - middle
    speed = (apart * (straight - height)).sum(axis=1, keepdims=True) / (apart**2).sum(axis=1, keepdims=True)
    level = height - speed * middle
    best = int(np.argmin(((speed * before + level - straight) ** 2).sum(axis=1)))
    return float(moments[known][best]), float(level[best, 0]), float(speed[best, 0])


def start(heights: Doubles, first: int, last: int, rate: float, body: float) -> Stop | None:
    """Where `heights` begin to rise: a stop seen backwards."""
    count = len(heights) - 1
    found = stop(heights[::-1], count - last, count - first, rate, body)
    return Stop(count - found.at, found.level, found.speed) if found else None
