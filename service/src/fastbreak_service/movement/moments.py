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
    best: tuple[float, Stop] | None = None
    for at in np.arange(FEWEST, len(values) - FEWEST + 1 / _PARTS, 1 / _PARTS):
        before = np.minimum(0.0, samples - at)
        if (before < 0).sum() < FEWEST or (before == 0).sum() < FEWEST:
            continue
        straight = seen - gained * before**2
        speed, level = np.polyfit(before, straight, 1)
        wrong = float(((speed * before + level - straight) ** 2).sum())
        if best is None or wrong < best[0]:
            best = wrong, Stop(begin + float(at), float(level), float(speed))
    return best[1] if best else None


def start(heights: Doubles, first: int, last: int, rate: float, body: float) -> Stop | None:
    """Where `heights` begin to rise: a stop seen backwards."""
    count = len(heights) - 1
    found = stop(heights[::-1], count - last, count - first, rate, body)
    return Stop(count - found.at, found.level, found.speed) if found else None
