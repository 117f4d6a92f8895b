# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What the camera did in a clip, from what it did in its segments: each has a beginning and scenes of its own.

In the frames that two segments have both seen, each knows where a place was in the first frame of its scene: so the
one leads to the other. Where these frames are of two scenes, or one of both knew nothing, a new scene begins.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastbreak_service.segments.stitching import in_both
from fastbreak_service.vision.shift import Shift

if TYPE_CHECKING:
    from fastbreak_service.segments.looked import Looked


_NEWEST = 15
"""Frames that lead from one to the other, on average: a camera that moves slowly is known in steps."""


@dataclass(frozen=True, slots=True)
class Film:
    """A segment's grounds and scenes as those of the clip.

    `later` is how much later its scenes are than it says; `onto` leads from the beginning of its scene `own` to that of
    the clip's, None where these are one.
    """

    looked: Looked
    later: int = 0
    own: int = 0
    onto: Shift | None = None

    def scene(self, frame: int) -> int:
        """The clip's scene of a frame."""
        return self.later if self.looked.scenes is None else self.later + int(self.looked.scenes[frame])

    def ground(self, frame: int) -> Shift | None:
        """What leads from a frame to the first of its scene; None where nothing tells."""
        if self.looked.grounds is None or np.isnan(self.looked.grounds[frame, 0]):
            return None
        found = Shift(*self.looked.grounds[frame].tolist())
        if self.onto is None or self.scene(frame) != self.later + self.own:
            return found
        return found.then(self.onto)

    def knows_nothing(self, frame: int) -> bool:
        """Whether of the whole scene of a frame nothing was told so far."""
        same = [place for place in range(len(self.looked.times)) if self.scene(place) == self.scene(frame)]
        return self.onto is None and all(self.ground(place) is None for place in same)

    @property
    def last_scene(self) -> int:
        """The clip's scene at its end."""
        return self.scene(-1) if len(self.looked.times) else self.later


def filmed(before: Film | None, looked: Looked, scenes: int) -> Film:
    """The next segment's. `before`: None behind a missing part, and at the beginning. `scenes`: there were so many."""
    alone = Film(looked, scenes)
    if before is None:
        return alone
    pairs = list(in_both(before.looked, looked))
    if not pairs:
        return alone
    there, here = pairs[-1]
    own = alone.scene(here) - scenes
    ways = [way for pair in pairs if (way := _way(before, alone, pair, (there, here))) is not None]
    if not ways and before.knows_nothing(there) and all(alone.ground(place) is None for _, place in pairs):
        return Film(looked, before.scene(there) - own)
    if not ways:
        return alone
    return Film(looked, before.scene(there) - own, own, _mean(ways[-_NEWEST:]))


def _way(before: Film, film: Film, pair: tuple[int, int], last: tuple[int, int]) -> Shift | None:
    """What leads from the beginning of one's scene to that of the other's, if a frame is of the scenes of the last."""
    (there, here), ground, other = pair, before.ground(pair[0]), film.ground(pair[1])
    if ground is None or other is None:
        return None
    same = before.scene(there) == before.scene(last[0]) and film.scene(here) == film.scene(last[1])
    return other.undone(ground) if same else None


def _mean(ways: list[Shift]) -> Shift:
    return Shift(*np.mean([astuple(way) for way in ways], axis=0).tolist())
