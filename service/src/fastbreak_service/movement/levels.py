# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How low a person's landmarks are on the ground: as the first frame of the scene shows them, whatever the camera did.

Before a camera that stands still that is the picture. Where nothing tells what the camera did, it is the picture if
nothing told of motion in the rest of the scene either, and else unknown. Stretches of other scenes are apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.movement.sampling import nearest, resampled
from fastbreak_service.signal import all_smoothed, mended

if TYPE_CHECKING:
    import numpy.typing as npt

    type Doubles = npt.NDArray[np.float64]
    type Numbers = npt.NDArray[np.int64]

_SAME_PIXELS, _SAME_TURN = 2.0, 0.005
"""How far the grounds of a scene are apart at most whose camera stood still."""
_SHORTEST_SECONDS = 0.5
"""A scene that is shorter holds no fall with what is before and after it."""


@dataclass(frozen=True, slots=True)
class Low:
    """`raw` and `smooth` (frames, 12) as those of a `Motion`; by frames the `body`'s height in them, and `scenes`."""

    raw: Doubles
    smooth: Doubles
    body: Doubles
    scenes: Numbers

    def one_scene(self, first: int, last: int) -> bool:
        """Whether the frames from one to another are of one scene."""
        part = self.scenes[max(0, first) : last + 1]
        return bool((part == part[:1]).all())


@dataclass(frozen=True, slots=True)
class Even:
    """Even times, and of the sightings time, frame, landmarks, `Trail.ground` and scene."""

    grid: Doubles
    rate: float
    cutoff: float | None
    times: Doubles
    frames: Numbers
    points: Doubles
    ground: Doubles
    scenes: Numbers


def levels(even: Even, raw: Doubles, smooth: Doubles, height: Doubles) -> Low:
    """How low everything is, from the series as the pictures show them."""
    points, scenes = even.points, even.scenes
    ground = _filled(even.ground, scenes)
    closest = nearest(even.grid, even.times)
    if (ground == (1.0, 0.0, 0.0, 0.0)).all() and (scenes == scenes[:1]).all():
        return Low(raw[..., 1], smooth[..., 1], height, scenes[closest])
    a, b, _across, down = ground.T
    low = b[:, None] * points[..., 0] + a[:, None] * points[..., 1] + down[:, None]
    shown = scenes[closest]
    found = [np.full(raw.shape[:2], np.nan) for _ in range(2)]
    for begin, end in _stretches(shown):
        if end - begin >= _SHORTEST_SECONDS * even.rate:
            _fill(found, (begin, end), even, (low, scenes))
    return Low(found[0], found[1], height * np.hypot(a, b)[closest], shown)


def _fill(found: list[Doubles], stretch: tuple[int, int], even: Even, told: tuple[Doubles, Numbers]) -> None:
    """Fill in the series of a stretch of one scene, from how low everything is in each sighting, and its scene."""
    part = slice(*stretch)
    grid = even.grid[part]
    begin, end = np.searchsorted(even.times, [grid[0] - 1, grid[-1] + 1])
    near = slice(int(begin), int(end))
    if end - begin < 2:
        return
    low, scenes = (part_of[near] for part_of in told)
    own = np.where((scenes == scenes[nearest(grid[:1], even.times[near])])[:, None], low, np.nan)
    series = resampled(grid, even.times[near], even.frames[near], own[..., None])[..., 0]
    whole = [mended(column, even.rate)[0] for column in series.T]
    found[0][part], found[1][part] = (
        np.stack(whole, axis=1),
        np.stack(all_smoothed(whole, even.rate, even.cutoff), axis=1),
    )


def _stretches(scenes: Numbers) -> list[tuple[int, int]]:
    edges = [0, *(np.flatnonzero(np.diff(scenes)) + 1).tolist(), len(scenes)]
    return list(pairwise(edges))


def _filled(ground: Doubles, scenes: Numbers) -> Doubles:
    """The grounds, with those that nothing told, of scenes whose others say that the camera stood still."""
    filled = ground.copy()
    missing = np.isnan(ground[:, 0])
    for scene in np.unique(scenes[missing]).tolist():
        of_scene = scenes == scene
        known = ground[of_scene & ~missing]
        if len(known) == 0:
            filled[of_scene] = (1.0, 0.0, 0.0, 0.0)
        elif (np.ptp(known, axis=0) <= (_SAME_TURN, _SAME_TURN, _SAME_PIXELS, _SAME_PIXELS)).all():
            filled[of_scene & missing] = known[-1]
    return filled
