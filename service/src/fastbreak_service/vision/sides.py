# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Left and right of a person, kept over time.

The network tells a left leg from a right one anew in every frame, and in a side view or from behind it often changes
its mind. Of all ways to label the frames of a track, the one is chosen in which the limbs move most smoothly while few
frames contradict the network (Viterbi's algorithm). Legs, and arms with the head, are judged apart.

A frame is held against several before it: where the network changes its mind, it often sees half a body in between,
and over that one frame nothing tells which leg is which. Each of them also says where the limbs went, by the labels
that it and the one before it get: within a tenth of a second the legs of somebody who runs have changed places.

How well a landmark is seen counts as a third coordinate: of legs that cover each other the farther is seen less well,
and stays the farther while they are in the same place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.vision.mirror import GROUPS, swapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from fastbreak_service.vision.arrays import Floats
    from fastbreak_service.vision.mirror import Rows
    from fastbreak_service.vision.tracker import Sighting

    type Doubles = npt.NDArray[np.float64]


# Costs are mean distances in diagonals of the body's box.
_CONTRADICTION = 0.015
"""What it costs to contradict the network in a frame: where it insists, it is followed after a few frames."""
_FURTHEST = 0.15
"""A landmark further from where it is expected is lost, and how far does not matter."""
_LOOK_AHEAD = 30
"""Frames that follow and have a say in what one was."""
_MEMORY_SECONDS = 0.25
"""After a longer gap nothing is known of where a limb should be."""
_CARRIED = 0.4
"""The share of its speed that a limb is expected to keep."""
_FRAMES, _FRAMES_SECONDS = 4, 0.07
"""How many frames before one are held against it, and for how long; two whatever the rate."""
_SEEN = 0.08
"""How far apart a landmark that is seen and one that is not are, besides where they are."""


class Sides:
    """Puts left and right of each person's sightings in order. Feed it the sightings of each person in order of time.

    It holds back so many frames of each person as a decision needs of what follows.
    """

    def __init__(self) -> None:
        self._held: dict[int, list[Sighting]] = {}
        self._known: dict[int, list[Sighting]] = {}

    def push(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """The sightings that became certain with these."""
        released: list[Sighting] = []
        for sighting in sightings:
            held = self._held.setdefault(sighting.person, [])
            held.append(sighting)
            if len(held) >= 2 * _LOOK_AHEAD:
                released += self._judge(sighting.person, _LOOK_AHEAD)
        return released

    def finish(self) -> list[Sighting]:
        """What is still held back at the end."""
        return [sighting for person in list(self._held) for sighting in self._judge(person, 2 * _LOOK_AHEAD)]

    def _judge(self, person: int, count: int) -> list[Sighting]:
        known, held = self._known.get(person, []), self._held[person]
        judged = in_order([*known, *held], len(known))[len(known) :][:count]
        self._held[person] = held[count:]
        self._known[person] = [*known, *judged][-_FRAMES:]
        return judged


def in_order(sightings: Sequence[Sighting], known: int = 0) -> list[Sighting]:
    """A person's sightings with left and right exchanged where that is likelier; the first `known` stay as they are."""
    if not sightings:
        return []
    times = np.array([sighting.time_seconds for sighting in sightings])
    sides = np.array([extent(sighting.pose.points) for sighting in sightings])
    seen = _SEEN * sides[:, None] * np.stack([sighting.pose.visibility for sighting in sightings])
    points = np.dstack([np.stack([sighting.pose.points for sighting in sightings]), seen])
    wrong = [exchanges(points[:, group], times, sides, known) for group in GROUPS]
    return [
        _exchanged(sighting, [group for group, there in zip(GROUPS, found, strict=True) if there])
        for sighting, *found in zip(sightings, *wrong, strict=True)
    ]


def extent(points: Floats) -> float:
    """The diagonal of a body's box in pixels, at least 1."""
    return max(1.0, float(np.linalg.norm(np.ptp(points, axis=0))))


def _exchanged(sighting: Sighting, groups: Sequence[Rows]) -> Sighting:
    if not groups:
        return sighting
    points, visibility = swapped(sighting.pose.points, sighting.pose.visibility, groups)
    return replace(sighting, pose=replace(sighting.pose, points=points, visibility=visibility))


def exchanges(points: Floats, times: Doubles, sides: Doubles, known: int = 0) -> npt.NDArray[np.bool_]:
    """Where left and right of a group are to be exchanged, (frames,).

    `points` (frames, 2, n, 3): left and right landmarks, x, y and how well they are seen, all in pixels; `times`
    (frames,) in seconds; `sides` (frames,) the body's extent in pixels. The first `known` frames are right as they are.
    """
    count = len(points)
    if count < 2:
        return np.zeros(count, bool)
    return _likeliest(_costs(points, times, sides), known)


def _likeliest(costs: Doubles, known: int) -> npt.NDArray[np.bool_]:
    """The labels of least cost by Viterbi's algorithm, (frames,). `costs` as of `_costs`."""
    # A state is how the last frames are labelled, bit 0 the latest; a way to one comes from two, by what is forgotten.
    states = 1 << _FRAMES
    best = np.full(states, np.inf)
    best[: 1 if known else 2] = costs[0, : 1 if known else 2]
    came = []
    for frame in range(1, len(costs)):
        ways = (np.repeat(best, 2) + costs[frame]).reshape(2, states)
        came.append(ways.argmin(axis=0))
        best = ways.min(axis=0)
        if frame < known:
            best[1::2] = np.inf
    state = int(np.argmin(best))
    labels = [state & 1]
    for forgotten in reversed(came):
        state = (state + states * int(forgotten[state])) >> 1
        labels.append(state & 1)
    return np.array(labels[::-1], bool)


def _costs(points: Floats, times: Doubles, sides: Doubles) -> Doubles:
    """What it costs to label frames in each way: (frames, 2 ** (_FRAMES + 1)).

    Of a way, bit 0 is a frame's label, bit 1 that of the one before, and so on.
    """
    label, *earlier = (np.arange(2 << _FRAMES) >> place & 1 for place in range(_FRAMES + 1))
    costs = _steps(points, times, sides)[:, earlier[1] ^ earlier[0], earlier[0] ^ label]
    for back in range(2, min(_FRAMES, len(points) - 1) + 1):
        turned = earlier[back] ^ earlier[back - 1] if back < _FRAMES else np.zeros_like(label)
        costs[back:] += _further(points, times, sides, back)[:, turned, earlier[back - 1] ^ label]
    costs += _CONTRADICTION * label
    return costs


def _further(points: Floats, times: Doubles, sides: Doubles, back: int) -> Doubles:
    """How far limbs are from where the frame so many before leads them, or has them: (frames - back, 2, 2).

    Second index: whether that frame and the one before it are labelled differently; third: whether it and this are.
    """
    gaps, before = times[back:] - times[:-back], points[:-back]
    steps = np.maximum(np.diff(times[:-back]), 1e-6)
    costs = np.zeros((len(before), 2, 2))
    for turned in (0, 1):
        led = before.astype(np.float64)
        if back < _FRAMES:  # of the furthest, the label of the one before it is forgotten
            went = before[1:] - (before[:-1, ::-1] if turned else before[:-1])
            led[1:] += went * (gaps[1:] / steps)[:, None, None, None]
        for differs in (0, 1):
            seen = points[back:, ::-1] if differs else points[back:]
            costs[:, turned, differs] = _apart(seen, led, before, sides[back:])
    counts = gaps <= (_MEMORY_SECONDS if back == 2 else _FRAMES_SECONDS)
    held: Doubles = costs * counts[:, None, None]
    return held


def _apart(seen: Floats, led: npt.NDArray[np.floating], before: Floats, sides: Doubles) -> Doubles:
    """How far limbs are from where they are led to, or were, in diagonals of the body's box: (frames,)."""
    apart = np.minimum(np.linalg.norm(seen - led, axis=-1), np.linalg.norm(seen - before, axis=-1))
    mean: Doubles = np.minimum(apart / sides[:, None, None], _FURTHEST).mean(axis=(1, 2))
    return mean


def _steps(points: Floats, times: Doubles, sides: Doubles) -> Doubles:
    """How far each frame's limbs are from where the two before lead them: (frames, 2, 2).

    Second index: whether the two frames before are labelled differently; third: whether this and the one before are.
    """
    count = len(points)
    costs = np.zeros((count, 2, 2))
    steps = np.diff(times)
    for earlier in (0, 1):
        speed = np.zeros_like(points)
        if count > 2:
            # How many steps of the pair before make one of this pair.
            ratio = np.clip(steps[1:] / np.maximum(steps[:-1], 1e-6), 0, 2) * (steps[:-1] <= _MEMORY_SECONDS)
            other = points[:-2, ::-1] if earlier else points[:-2]
            speed[2:] = (points[1:-1] - other) * (_CARRIED * ratio)[:, None, None, None]
        expected = points[:-1] + speed[1:]
        for later in (0, 1):
            apart = _apart(points[1:, ::-1] if later else points[1:], expected, points[:-1], sides[1:])
            costs[1:, earlier, later] = apart * (steps <= _MEMORY_SECONDS)
    return costs
