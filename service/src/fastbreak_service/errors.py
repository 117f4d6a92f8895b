# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What can be wrong with a video, by the codes that the API and the command line give.

AnalysisError
  RejectedVideoError   the video cannot be analysed; the caller's to mend
  NotCheckedError      nobody knows, since the service could not look at it
"""

from __future__ import annotations

from enum import StrEnum


class Rejection(StrEnum):
    """Why a video cannot be analysed."""

    EMPTY_BODY = "empty_body"
    NOT_A_VIDEO = "not_a_video"
    NO_VIDEO_STREAM = "no_video_stream"
    NO_FRAMES = "no_frames"
    TRUNCATED = "truncated"
    TOO_LONG = "too_long"
    TOO_LARGE_FRAME = "too_large_frame"
    UNSUPPORTED_SHAPE = "unsupported_shape"
    TOO_MUCH_WORK = "too_much_work"
    UNDECODABLE = "undecodable"


class AnalysisError(Exception):
    """An analysis did not come to a result. `code` is stable, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotCheckedError(AnalysisError):
    """The service could not check a video, for a reason of its own; the same bytes may be accepted later."""

    def __init__(self) -> None:
        super().__init__(
            "not_checked",
            "The service is too busy to check the video; that says nothing about the video. Send it again in a minute.",
        )


class RejectedVideoError(AnalysisError):
    """The video itself cannot be analysed; trying again with the same bytes gives the same answer."""

    def __init__(self, code: Rejection, message: str) -> None:
        super().__init__(code.value, message)


def refuse_empty(size: int) -> None:
    """Raise RejectedVideoError for a video of no bytes."""
    if size == 0:
        raise RejectedVideoError(Rejection.EMPTY_BODY, "The video has no bytes. Send the file's content as the body.")
