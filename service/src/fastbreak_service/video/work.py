# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How long an analysis will take, estimated from a clip's shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fastbreak_service.errors import RejectedVideoError, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

# Processor time on the machine of docs/service.md, as benchmarks/work.py measures it, rounded up. What matters is that
# no clip costs much more than said.
_FRAME_SECONDS = 0.001
_LIGHT = (
    "h263 flv1 mpeg1video mpeg2video mpeg4 msmpeg4v2 msmpeg4v3 wmv1 wmv2 wmv3 vc1 theora dvvideo mjpeg rawvideo vp6f"
)
_MEGAPIXEL_SECONDS = {
    **dict.fromkeys(_LIGHT.split(), 0.006),
    "h264": 0.007,
    "vp8": 0.007,
    "vp9": 0.007,
    "av1": 0.010,
    "hevc": 0.012,
    "prores": 0.020,
    "png": 0.030,
}
# JPEG 2000 and FFV1 with 16 bits, the dearest that were found.
_OTHER_MEGAPIXEL_SECONDS = 0.350
_LOOK_SECONDS = 0.020
_SEARCH_MEGAPIXEL_SECONDS = 0.400
# Before anything is analysed nobody knows how many persons there are.
USUAL_PERSONS = 2
_KEY_FRAMES_PER_SECOND = 10


def of_frames(codec: str, frames: int, width: int, height: int) -> float:
    """Seconds to decode and convert frames of a size, as shown. `codec` is FFmpeg's name of the coding."""
    megapixel = _MEGAPIXEL_SECONDS.get(codec, _OTHER_MEGAPIXEL_SECONDS)
    return frames * (_FRAME_SECONDS + megapixel * width * height / 1e6)


def of_vision(pixels: int, looks: int) -> float:
    """Seconds for pixels that the detector sees, and looks at single persons."""
    return pixels / 1e6 * _SEARCH_MEGAPIXEL_SECONDS + looks * _LOOK_SECONDS


def estimate(codec: str, frames: int, seconds: float, size: tuple[int, int], pixels: int) -> float:
    """Seconds that a clip of `frames` over `seconds`, shown at a size, will take with the usual number of persons.

    `pixels` is what the detector sees in a search as a rule; nobody in sight makes it search ten times a second.
    """
    key_frames = min(frames, math.ceil(max(0.0, seconds) * _KEY_FRAMES_PER_SECOND) + 1)
    return of_frames(codec, frames, *size) + of_vision(key_frames * pixels, frames * USUAL_PERSONS)


class Meter:
    """Adds up the work on one clip, in estimated seconds, and stops it at a limit.

    `more` is asked for another limit, with the sum that is over the one before.
    """

    def __init__(self, limit_seconds: float, more: Callable[[float], float] | None = None) -> None:
        self._limit = limit_seconds
        self._more = more
        self._spent = 0.0

    @property
    def spent(self) -> float:
        """The work so far, in estimated seconds."""
        return self._spent

    def spend(self, seconds: float) -> None:
        """Add some work. Raises RejectedVideoError when the sum is over the limit."""
        self._spent += seconds
        if self._more is not None and self._spent > self._limit:
            self._limit = self._more(self._spent)
        self.check(self._spent)

    def check(self, seconds: float) -> None:
        """Raise RejectedVideoError for an amount of work over the limit."""
        if seconds > self._limit:
            raise RejectedVideoError(
                Rejection.TOO_MUCH_WORK,
                f"The video's frames, their size and the persons in them make more than {self._limit:g} seconds of "
                "work, the most that is done for a video. Cut it to the part of interest, or scale it down.",
            )
