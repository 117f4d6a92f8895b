# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Opening a file as a video, accepting nothing but files of known kinds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

import av
import av.logging

from fastbreak_service.errors import RejectedVideoError, Rejection, refuse_empty
from fastbreak_service.video.boxes import cut_short
from fastbreak_service.video.guard import rejecting
from fastbreak_service.video.streams import main_stream

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits

# FFmpeg also knows playlists and scripts, which name other files and hosts. Only self-contained containers are opened.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,ogg,flv,asf,mxf,m4v,wav,mp3,aac,flac"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}


class DamageCounter(logging.Handler):
    """Counts what FFmpeg reports as errors while it decodes: concealed damage raises no exception."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - the signature is the base class's
        """Count one report."""
        self.count += 1

    def __enter__(self) -> Self:
        av.logging.set_level(av.logging.ERROR)
        av.logging.set_skip_repeated(False)
        logger = logging.getLogger("libav")
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("libav").removeHandler(self)


def open_video(path: Path, limits: Limits) -> tuple[InputContainer, VideoStream]:
    """The container and the video stream to analyse; the caller closes the container. Raises RejectedVideoError."""
    refuse_empty(path.stat().st_size)
    if cut_short(path):
        raise RejectedVideoError(
            Rejection.TRUNCATED,
            "The file ends in the middle: it is cut short or was not uploaded completely. Send the whole file.",
        )
    with rejecting(
        Rejection.NOT_A_VIDEO,
        "The bytes are not a video in a known container (MP4, MOV, MKV, WebM, AVI, MPEG, OGG, FLV, ASF, MXF).",
    ):
        container = av.open(str(path), mode="r", options=dict(_OPTIONS))
    try:
        with rejecting(Rejection.NO_FRAMES, "The video's streams cannot be read. Check the file in a player."):
            stream = main_stream(container.streams.video)
            context = stream.codec_context
            limits.check_frame(context.width, context.height)
            # A stream may turn larger on the way. The decoder's own bound counts padding, so it is a wider one.
            context.options = {"max_pixels": str(2 * limits.max_frame_pixels)}
    except BaseException:
        container.close()
        raise
    return container, stream
