"""Decoding a video into upright frames with square pixels and true times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.container import DamageCounter, open_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits
    from fastbreak_service.vision.arrays import Bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture: its number from 0, its time in seconds from the first, and (height, width, 4) ARGB pixels."""

    index: int
    time_seconds: float
    pixels: Bytes


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was seen while decoding; nothing here is copied from the container's claims.

    `decode_errors` counts what the decoder reported as damaged.
    """

    width: int
    height: int
    frames_per_second: float
    frames: int
    duration_seconds: float
    decode_errors: int


class VideoReader:
    """One pass over a video. Iterate once, then ask for `facts`. Raises RejectedVideoError while iterating."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._size = (0, 0)
        self._count = 0
        self._last = 0.0
        self._errors = 0

    def facts(self) -> VideoFacts:
        """What the pass saw."""
        rate = (self._count - 1) / self._last if self._last > 0 else 0.0
        duration = self._last + (1 / rate if rate else 0.0)
        return VideoFacts(*self._size, rate, self._count, duration, self._errors)

    def __iter__(self) -> Iterator[Frame]:
        with DamageCounter() as damage:
            container, stream = open_video(self._path, self._limits)
            with container:
                stream.thread_type = "AUTO"
                clock = _Clock(stream)
                pixel_aspect = float(stream.sample_aspect_ratio or 0)
                for decoded in self._decoded(container, stream):
                    self._limits.check_frame(decoded.width, decoded.height)
                    time_seconds = clock.time_of(decoded)
                    self._limits.check_time(time_seconds)
                    frame = Frame(self._count, time_seconds, upright(decoded, pixel_aspect))
                    self._note(frame)
                    yield frame
            self._errors += damage.count
        if self._count == 0:
            raise RejectedVideoError(
                Rejection.NO_FRAMES,
                "The video stream gave no picture that could be decoded. Check the file in a player.",
            )

    def _note(self, frame: Frame) -> None:
        if self._count == 0:
            self._size = (frame.pixels.shape[1], frame.pixels.shape[0])
        self._count += 1
        self._last = frame.time_seconds

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self._errors += 1
                return
            self._errors += bool(packet.is_corrupt)
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                self._errors += 1
                continue
            for picture in pictures:
                self._errors += bool(picture.is_corrupt)
                yield picture


class _Clock:
    """Times of frames from their presentation stamps: from 0, and never backwards.

    A stamp that is missing or not later than the one before is replaced by one frame later at the nominal rate.
    """

    def __init__(self, stream: VideoStream) -> None:
        rate = stream.average_rate or stream.guessed_rate
        self._step = float(1 / rate) if rate else 1 / 30
        self._first: float | None = None
        self._last = 0.0

    def time_of(self, frame: VideoFrame) -> float:
        stamp = frame.time
        if self._first is None:
            self._first = stamp or 0.0
            return 0.0
        time_seconds = stamp - self._first if stamp is not None else self._last
        if time_seconds <= self._last:
            time_seconds = self._last + self._step
        self._last = time_seconds
        return time_seconds


def upright(frame: VideoFrame, pixel_aspect: float) -> Bytes:
    """The frame's pixels as a viewer sees them: turned by its display matrix, stretched to square pixels, ARGB.

    `pixel_aspect` is the width of a stored pixel over its height, 0 when unknown. Angles measured on pixels that are
    not square would be wrong.
    """
    width = frame.width
    if 0.2 < pixel_aspect < 5:
        width = max(1, round(frame.width * pixel_aspect))
    # FFmpeg's fast way to RGBA leaves the last columns of a width that 8 does not divide unset, and with several
    # threads the seams between their shares; to ARGB on one thread it writes every pixel.
    pixels = np.asarray(frame.to_ndarray(format="argb", width=width, threads=1), dtype=np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
