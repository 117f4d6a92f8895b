# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Places where the detector saw somebody of late and a look at the place nobody.

What is looked at again and again is once seen as a person by chance: a chimney of 15 by 55 pixels was nobody in eleven
looks, and somebody in the twelfth and for 45 frames.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fastbreak_service.vision.region import Box, share

if TYPE_CHECKING:
    from fastbreak_service.vision.shift import Shift

REMEMBERED_SECONDS = 3.0
_SAME_PLACE = 0.3
_MOST = 256
"""Each detection is compared with all of them."""


class Doubts:
    """The places of one clip, in the order of their times."""

    def __init__(self) -> None:
        self._places: deque[tuple[float, Box]] = deque(maxlen=_MOST)

    def note(self, box: Box, time_seconds: float) -> None:
        """A look there saw nobody."""
        self._places.append((time_seconds, box))

    def move(self, shift: Shift) -> None:
        """The camera has moved, and the places with it."""
        self._places = deque(((time, shift.box(box)) for time, box in self._places), maxlen=_MOST)

    def about(self, box: Box, time_seconds: float) -> bool:
        """Whether somebody was not seen there of late."""
        while self._places and time_seconds - self._places[0][0] > REMEMBERED_SECONDS:
            self._places.popleft()
        return any(share(box, place) > _SAME_PLACE for _, place in self._places)
