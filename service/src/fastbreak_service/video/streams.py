# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which of a file's video streams is the video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from av.stream import Disposition

from fastbreak_service.errors import RejectedVideoError, Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

# Covers, chapter pictures, previews, and layers that mean nothing without another stream.
_NOT_THE_VIDEO = (
    Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image | Disposition.dependent
)
# Made for somebody else than the viewer at large; taken only where there is nothing else.
_SECOND_CHOICE = Disposition.visual_impaired | Disposition.hearing_impaired | Disposition.comment


def main_stream(streams: Sequence[VideoStream]) -> VideoStream:
    """The stream that a player shows: of those that can be decoded the default one, then the largest, then the first.

    Raises RejectedVideoError when there is none.
    """
    videos = [stream for stream in streams if not stream.disposition & _NOT_THE_VIDEO]
    if not videos:
        raise RejectedVideoError(
            Rejection.NO_VIDEO_STREAM, "The file has no video stream, only sound or still pictures. Send a video."
        )
    readable = [stream for stream in videos if codec_of(stream) is not None]
    if not readable:
        raise RejectedVideoError(
            Rejection.NO_FRAMES, "The video is in a coding that cannot be decoded here. Convert it to H.264."
        )
    return max(readable, key=_rank)


def codec_of(stream: VideoStream) -> VideoCodecContext | None:
    """The stream's decoder; None for an unknown coding, which PyAV's types do not say."""
    return stream.codec_context


def _rank(stream: VideoStream) -> tuple[bool, bool, int, int]:
    context = stream.codec_context
    default = bool(stream.disposition & Disposition.default)
    first_choice = not stream.disposition & _SECOND_CHOICE
    return default, first_choice, context.width * context.height, -stream.index
