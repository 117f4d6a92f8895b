# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The bounds within which a video is read."""

from __future__ import annotations

from dataclasses import dataclass

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.work import Meter

# 4096x2304: the widest 4K in use, and portrait of it.
MAX_FRAME_PIXELS = 4096 * 2304
# What is longer is no picture of a scene, and the detector would see nothing of its short side.
MAX_SIDE_RATIO = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of a video: seconds, pixels of a frame, and seconds of processor time as estimated."""

    max_duration_seconds: float = 600.0
    max_frame_pixels: int = MAX_FRAME_PIXELS
    max_work_seconds: float = 1800.0

    def check_frame(self, width: int, height: int) -> None:
        """Raise RejectedVideoError for a frame that is too large."""
        if width * height > self.max_frame_pixels:
            raise RejectedVideoError(
                Rejection.TOO_LARGE_FRAME,
                f"The frame is {width}x{height}; at most {self.max_frame_pixels} pixels (such as 4096x2304) are "
                "analysed. Scale the video down.",
            )

    def check_shown(self, width: int, height: int) -> None:
        """Raise RejectedVideoError for a frame that is too large or too long, by its size as a viewer sees it."""
        self.check_frame(width, height)
        if max(width, height) > MAX_SIDE_RATIO * min(width, height):
            raise RejectedVideoError(
                Rejection.UNSUPPORTED_SHAPE,
                f"The frame is shown as {width}x{height}; one side may be at most {MAX_SIDE_RATIO} times the other. "
                "Cut the picture to the part of interest.",
            )

    def check_time(self, seconds: float) -> None:
        """Raise RejectedVideoError for a moment past the longest duration."""
        if seconds > self.max_duration_seconds:
            raise RejectedVideoError(
                Rejection.TOO_LONG,
                f"The video goes on past {self.max_duration_seconds:g} seconds, the longest that is analysed. "
                "Cut it to the part of interest.",
            )

    def meter(self) -> Meter:
        """A meter of the work on one clip."""
        return Meter(self.max_work_seconds)
