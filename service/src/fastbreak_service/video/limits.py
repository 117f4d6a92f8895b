"""The bounds within which a video is read."""

from __future__ import annotations

from dataclasses import dataclass

from fastbreak_service.errors import RejectedVideoError, Rejection

# 4096x2304: the widest 4K in use, and portrait of it.
MAX_FRAME_PIXELS = 4096 * 2304


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of a video: seconds, and pixels of a frame."""

    max_duration_seconds: float = 600.0
    max_frame_pixels: int = MAX_FRAME_PIXELS

    def check_frame(self, width: int, height: int) -> None:
        """Raise RejectedVideoError for a frame that is too large."""
        if width * height > self.max_frame_pixels:
            raise RejectedVideoError(
                Rejection.TOO_LARGE_FRAME,
                f"The frame is {width}x{height}; at most {self.max_frame_pixels} pixels (such as 4096x2304) are "
                "analysed. Scale the video down.",
            )

    def check_time(self, seconds: float) -> None:
        """Raise RejectedVideoError for a moment past the longest duration."""
        if seconds > self.max_duration_seconds:
            raise RejectedVideoError(
                Rejection.TOO_LONG,
                f"The video goes on past {self.max_duration_seconds:g} seconds, the longest that is analysed. "
                "Cut it to the part of interest.",
            )
