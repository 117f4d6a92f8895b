# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How the camera moved since an earlier frame, told from what stands still in the picture.

The frame's first plane is averaged to about 120 pixels of its longer side. Where it has edges, and nobody who is
followed stands before them, the later picture is laid over the earlier one by the turn, scale and way that leave the
least difference (Lucas and Kanade 1981; Baker and Matthews, "Lucas-Kanade 20 Years On", 2004), beginning from where the
two correlate in phase, so that fast pans are found. What moves by itself has little weight.

A camera that stands still is left at one difference of pictures: the earlier frame stays the same for half a second,
until the edges are further off than a tenth of a pixel of the small picture. Where one picture does not explain the
other there is no motion but another scene, or blur. Where too few edges are free, nothing is told, and the earlier
picture stays until there are enough again: who covers it for a moment, or a black frame, ends no scene.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.shift import STILL, Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from fastbreak_service.vision.picture import Picture
    from fastbreak_service.vision.region import Box

    type Doubles = npt.NDArray[np.float64]
    type Flags = npt.NDArray[np.bool_]

LENGTH = 120
"""Pixels of the small picture's longer side."""
STANDS_STILL = 0.1
"""In pixels of the small picture, of most edges: less is the noise of a camera on a tripod."""
LEAST = 0.4
"""In pixels of the small picture, of its corners: less is told once it has added up, as the earlier frame stays."""
_SAME_SECONDS = 0.5
_EDGE = 6.0
"""Grey values a pixel: a weaker edge tells more of noise than of motion."""
_FEWEST = 60
"""Edges that are laid over each other."""
_SQUARE = 4
"""The strongest edge of each square of so many pixels is taken, so that they are all over the picture."""
_STEPS = 12
_SETTLED = 0.01
_SURELY, _NEARLY = 0.85, 0.5
"""The share of the edges that is enough to look for no other motion, and to begin from."""
_MARGIN = 0.15
"""Of a body's box on each side, in its longer side: hair, hands and shadow move with it."""
_EXPLAINED = 0.6
"""The share of the edges that has to be where the motion says, within half a pixel."""
_FINEST = 0.15
"""Waves a pixel: finer ones are mostly noise."""
_LEFT = 0.35
"""The share of the edges that must be left in the picture."""
_GREY = 4.0
"""Grey values that noise makes."""
_MOST_TURN, _MOST_SCALE = 0.2, 0.2
"""Of one step of the camera, in radians and as a share: beyond it is no camera that somebody films with."""


@dataclass(frozen=True, slots=True)
class _Small:
    """A small grey picture, when it was, and its edges, by their places from the middle, `pixels` of it, and slopes."""

    grey: Doubles
    time_seconds: float
    pixels: npt.NDArray[np.intp]
    places: Doubles
    slopes: Doubles
    steep: Doubles


class Camera:
    """The camera of one clip. Feed it the frames in order.

    `ground`: what leads from the newest frame to the first of its `scene`; None where nothing tells, as in a black
    picture, before a plain wall, or behind bodies. Scenes count from 0, and a new one begins where a picture does not
    explain a later one.
    """

    def __init__(self) -> None:
        self.ground: Shift | None = None
        self.scene = 0
        self._before: _Small | None = None
        self._open: Flags = np.zeros(0, bool)
        self._taken = self._hidden = False
        self._reached: Shift | None = None
        self._moved_at = -math.inf
        self._last = np.zeros(4)

    def step(self, picture: Picture, time_seconds: float, bodies: Sequence[Box]) -> Shift | None:
        """What the camera did since it last moved; None where it stands still, or nothing can be told.

        `bodies`: boxes in the frame in which somebody is, to be left out.
        """
        grey, pixels = small(picture)
        before = self._before
        if before is None or before.grey.shape != grey.shape:
            self._begin(_edges(grey, time_seconds), bodies, pixels)
            return None
        free = self._free(before, bodies, pixels)
        if free.sum() >= _FEWEST and self._stays(before, grey, free, time_seconds):
            self._stay(before, grey, time_seconds, bodies, pixels)
            return None
        now = _edges(grey, time_seconds)
        enough = bool(_free(now, bodies, pixels).sum() >= _FEWEST)
        if free.sum() < _FEWEST or not enough:
            over = bool(self._open.sum() < _FEWEST) or time_seconds - before.time_seconds >= _SAME_SECONDS
            self._hide(now, bodies, pixels, anew=enough and over)
            return None
        found = _found(before, grey, free, self._last)
        if found is None:
            self._hide(now, bodies, pixels, anew=True)
            return None
        if _furthest(found, grey) < LEAST:
            self._stay(before, grey, time_seconds, bodies, pixels)
            return None
        return self._move(now, _shift(found, grey, pixels), found, (bodies, pixels))

    def _free(self, before: _Small, bodies: Sequence[Box], pixels: int) -> Flags:
        """The edges of the earlier picture before which nobody stood then, or stands now."""
        free = self._open & _free(before, bodies, pixels)
        if self._taken:
            # What was known of bodies when it was taken was of the frame before.
            self._open, self._taken = free, False
        return free

    def _stays(self, before: _Small, grey: Doubles, free: Flags, time_seconds: float) -> bool:
        return time_seconds - self._moved_at > _SAME_SECONDS and _stands_still(before, grey, free)

    def _stay(self, before: _Small, grey: Doubles, time_seconds: float, bodies: Sequence[Box], pixels: int) -> None:
        self.ground, self._hidden = self._reached, False
        if time_seconds - before.time_seconds < _SAME_SECONDS:
            return
        now = _edges(grey, time_seconds)
        if _free(now, bodies, pixels).sum() >= _FEWEST:
            self._take(now, bodies, pixels)

    def _move(self, now: _Small, shift: Shift, found: Doubles, seen: tuple[Sequence[Box], int]) -> Shift | None:
        hidden, self._hidden = self._hidden, False
        self._take(now, *seen)
        self._moved_at, self._last = now.time_seconds, found
        self._reached = None if self._reached is None else shift.undone(self._reached)
        self.ground = self._reached
        # What it did while nothing told, those who are followed have already gone along with.
        return None if hidden else shift

    def _hide(self, now: _Small, bodies: Sequence[Box], pixels: int, *, anew: bool) -> None:
        """Nothing tells, or an earlier picture does not explain this one: then another scene begins."""
        self.ground, self._hidden, self._last = None, True, np.zeros(4)
        if anew:
            self.scene += self._reached is not None
            self._begin(now, bodies, pixels)

    def _begin(self, now: _Small, bodies: Sequence[Box], pixels: int) -> None:
        self._take(now, bodies, pixels)
        self._hidden, self._last = False, np.zeros(4)
        self._reached = self.ground = STILL if self._open.sum() >= _FEWEST else None

    def _take(self, now: _Small, bodies: Sequence[Box], pixels: int) -> None:
        """Hold later pictures against this one."""
        self._before, self._open, self._taken = now, _free(now, bodies, pixels), True


def pixels(width: int, height: int) -> int:
    """How many pixels of a frame are one of the small picture, to each side."""
    return max(1, round(max(width, height) / LENGTH))


def small(picture: Picture) -> tuple[Doubles, int]:
    """The picture's first plane with so many pixels averaged to one, and how many. Of many, some stand for all."""
    plane = picture.planes[0]
    size = pixels(*plane.shape)
    height, width = (side // size for side in plane.shape)
    taken = range(size // 8, size, max(1, size // 4))
    total = np.zeros((height, width), np.uint16)
    for down in taken:
        rows = plane[down : height * size : size, : width * size]
        for across in taken:
            total += rows[:, across::size]
    return total / len(taken) ** 2, size


def _edges(grey: Doubles, time_seconds: float) -> _Small:
    """A small picture with its strongest edges, in the order of their places."""
    slopes = np.zeros((*grey.shape, 2))
    slopes[:, 1:-1, 0] = (grey[:, 2:] - grey[:, :-2]) / 2
    slopes[1:-1, :, 1] = (grey[2:] - grey[:-2]) / 2
    slopes[[0, -1]] = 0
    slopes[:, [0, -1]] = 0
    steep = np.square(slopes).sum(axis=2)
    kept = _strongest(steep)
    rows, columns = np.divmod(kept, grey.shape[1])
    places = np.stack([columns - (grey.shape[1] - 1) / 2, rows - (grey.shape[0] - 1) / 2])
    return _Small(grey, time_seconds, kept, places, slopes[rows, columns].T.copy(), np.sqrt(steep.ravel()[kept]))


def _strongest(steep: Doubles) -> npt.NDArray[np.intp]:
    """The pixel of the strongest edge of each square, in the order of the squares."""
    width = steep.shape[1]
    high, wide = (side // _SQUARE for side in steep.shape)
    cut = steep[: high * _SQUARE, : wide * _SQUARE].reshape(high, _SQUARE, wide, _SQUARE)
    place = cut.swapaxes(1, 2).reshape(high, wide, _SQUARE**2).argmax(axis=2)
    rows = np.arange(high)[:, None] * _SQUARE + place // _SQUARE
    found = (rows * width + np.arange(wide) * _SQUARE + place % _SQUARE).ravel()
    strongest: npt.NDArray[np.intp] = found[steep.ravel()[found] >= _EDGE**2]
    return strongest


def _free(before: _Small, bodies: Sequence[Box], pixels: int) -> Flags:
    """The edges before which nobody stands."""
    free = np.ones(len(before.pixels), bool)
    height, width = before.grey.shape
    x, y = before.places[0] + width / 2, before.places[1] + height / 2
    for box in bodies:
        more = _MARGIN * max(box.right - box.left, box.bottom - box.top)
        left, top, right, bottom = (side / pixels for side in box)
        more /= pixels
        free &= (x < left - more) | (x > right + more) | (y < top - more) | (y > bottom + more)
    return free


def _stands_still(before: _Small, grey: Doubles, free: Flags) -> bool:
    away = np.abs(grey.ravel() - before.grey.ravel())[before.pixels]
    return bool((away < STANDS_STILL * before.steep)[free].mean() > 0.5)


def _at(grey: Doubles, places: Doubles) -> tuple[Doubles, Flags]:
    """Grey values between pixels, and which places are in the picture."""
    height, width = grey.shape
    x, y = places[0] + (width - 1) / 2, places[1] + (height - 1) / 2
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    column = np.clip(np.floor(x), 0, width - 2).astype(np.intp)
    row = np.clip(np.floor(y), 0, height - 2).astype(np.intp)
    right, down = np.clip(x - column, 0, 1), np.clip(y - row, 0, 1)
    flat, place = grey.ravel(), row * width + column
    upper = flat[place] * (1 - right) + flat[place + 1] * right
    lower = flat[place + width] * (1 - right) + flat[place + width + 1] * right
    return upper * (1 - down) + lower * down, inside


def _moved(way: Doubles, places: Doubles) -> Doubles:
    """Places after a way: how much larger, how far turned, across and down."""
    x, y = places
    more, turn, across, down = way.tolist()
    return np.stack([(1 + more) * x - turn * y + across, turn * x + (1 + more) * y + down])


def _found(before: _Small, grey: Doubles, free: Flags, last: Doubles) -> Doubles | None:
    """The way from the earlier picture to the later; None where none explains it."""
    places, slopes, steep = before.places[:, free], before.slopes[:, free], before.steep[free]
    values = before.grey.ravel()[before.pixels[free]]

    def explained(way: Doubles) -> float:
        return _explained(way, places, values, steep, grey)

    best = max(np.zeros(4), last, key=explained)
    if (share := explained(best)) >= _NEARLY:
        best = _settled(best, places, slopes, values, grey)
        share = explained(best)
    if share < _SURELY:
        best = max(best, _settled(_correlated(before.grey, grey), places, slopes, values, grey), key=explained)
        share = explained(best)
    possible = abs(best[1]) <= _MOST_TURN and abs(best[0]) <= _MOST_SCALE
    return best if possible and share >= _EXPLAINED else None


def _settled(start: Doubles, places: Doubles, slopes: Doubles, values: Doubles, grey: Doubles) -> Doubles:
    """A way after some steps, each to where the weighted difference would be least if grey values changed evenly."""
    way = start.copy()
    x, y = places
    across, down = slopes
    terms = np.stack([across * x + down * y, down * x - across * y, across, down, np.ones(len(x))])
    for _ in range(_STEPS):
        seen, inside = _at(grey, _moved(way, places))
        away = seen - values
        if inside.sum() < _FEWEST:
            return way
        spread = max(_GREY, 1.5 * _middle(np.abs(away[inside])))
        weights = inside / np.square(1 + np.square(away / spread))
        weighted = terms * weights
        system = weighted @ terms.T
        system[np.arange(5), np.arange(5)] *= 1 + 1e-6
        system[np.arange(5), np.arange(5)] += 1e-6
        change = np.linalg.solve(system, -(weighted @ away))[:4]
        way += change
        if _furthest(change, grey) < _SETTLED:
            break
    return way


def _explained(way: Doubles, places: Doubles, values: Doubles, steep: Doubles, grey: Doubles) -> float:
    """The share of the edges that are where a way says, of those that it leaves in the picture, if they are enough."""
    seen, inside = _at(grey, _moved(way, places))
    if inside.sum() < max(_FEWEST, _LEFT * len(values)):
        return 0.0
    away = seen[inside] - values[inside]
    # Of a cloud before the sun.
    away -= _middle(away)
    return float((np.abs(away) <= _GREY + steep[inside] / 2).mean())


def _middle(values: Doubles) -> float:
    """The median; NumPy's would load a package for it that nothing else needs."""
    place = len(values) // 2
    return float(np.partition(values, place)[place])


def _correlated(grey: Doubles, other: Doubles) -> Doubles:
    """The way across and down, in whole pixels, where two pictures correlate in phase (Kuglin and Hines 1975)."""
    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)
    one, two = (np.fft.rfft2((picture - picture.mean()) * window) for picture in (grey, other))
    both = two * np.conj(one)
    waves = np.square(np.fft.fftfreq(height))[:, None] + np.square(np.fft.rfftfreq(width))
    sharp = np.fft.irfft2(both / np.maximum(np.abs(both), 1e-9) * np.exp(-waves / _FINEST**2), grey.shape)
    row, column = np.divmod(int(np.argmax(sharp)), width)
    across = column - width if column > width // 2 else column
    down = row - height if row > height // 2 else row
    return np.array([0.0, 0.0, across, down], np.float64)


def _furthest(way: Doubles, grey: Doubles) -> float:
    """How far a way moves the corner that it moves furthest, in pixels of the small picture."""
    right, bottom = grey.shape[1] / 2, grey.shape[0] / 2
    corners = np.array([[-right, right, -right, right], [-bottom, -bottom, bottom, bottom]])
    return float(np.hypot(*(_moved(way, corners) - corners)).max())


def _shift(way: Doubles, grey: Doubles, pixels: int) -> Shift:
    """A way as one of the frame. Rounded: the last digits differ from processor to processor."""
    a, b = round(1 + float(way[0]), 5), round(float(way[1]), 5)
    x, y = (side * pixels / 2 - 0.5 for side in (grey.shape[1], grey.shape[0]))
    across, down = (round(float(part) * pixels, 2) for part in way[2:])
    return Shift(a, b, x - a * x + b * y + across, y - b * x - a * y + down)
