# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Deciding, before an analysis is accepted, whether a video can be analysed at all.

Cheap enough to do while the sender waits: every packet is read, but only the first pictures are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.container import DamageCounter, open_video
from fastbreak_service.video.decoding import Tally, decoded
from fastbreak_service.video.frames import orientation_of
from fastbreak_service.video.geometry import UPRIGHT, pixel_aspect, square_size
from fastbreak_service.video.guard import rejecting
from fastbreak_service.video.work import estimate
from fastbreak_service.vision.detector import usual_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits

# Packets that may pass without one decoded picture before the stream counts as undecodable.
_PATIENCE = 300
# A container may claim a little more than its packets hold; half a second or 5 % is no cut.
_SLACK_SECONDS, _SLACK_SHARE = 0.5, 0.05


@dataclass(slots=True)
class _Seen:
    first: float | None = None
    last: float = 0.0
    video_last: float = 0.0
    video_packets: int = 0
    shown: tuple[int, int] | None = None
    broken_off: bool = False

    @property
    def video_seconds(self) -> float:
        return self.video_last - (self.first or 0.0)

    def add(self, packet: Packet[Any], *, is_video: bool) -> None:
        self.video_packets += is_video and packet.size > 0
        # A packet that the file ends in is handed out as far as it goes, and marked.
        self.broken_off = packet.is_corrupt if packet.size > 0 else self.broken_off
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            return
        begin = float(stamp * packet.time_base)
        end = begin + float((packet.duration or 0) * packet.time_base)
        self.last = max(self.last, end)
        if is_video:
            self.first = begin if self.first is None else min(self.first, begin)
            self.video_last = max(self.video_last, end)


def probe(path: Path, limits: Limits) -> None:
    """Raise RejectedVideoError when the video cannot be analysed, or would be too long, too large or too much work."""
    with DamageCounter():
        container, stream = open_video(path, limits)
        with container, rejecting(Rejection.UNDECODABLE, "The video cannot be read. Re-encode it, for example to MP4."):
            stream.codec_context.thread_count = 1
            claimed = container.duration / av.time_base if container.duration else 0.0
            claimed_video = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
            seen = _read(container, stream, limits)
    if seen.video_packets == 0 or seen.shown is None:
        raise RejectedVideoError(
            Rejection.NO_FRAMES, "The video stream gave no picture that could be decoded. Check the file in a player."
        )
    if seen.broken_off:
        raise RejectedVideoError(
            Rejection.TRUNCATED, "The file ends in the middle of a packet: it is cut short. Send the whole file."
        )
    _check_whole(claimed, seen.last - min(0.0, seen.first or 0.0))
    _check_whole(claimed_video, seen.video_seconds)


def _check_whole(claimed: float, found: float) -> None:
    if claimed - found > max(_SLACK_SECONDS, _SLACK_SHARE * claimed):
        raise RejectedVideoError(
            Rejection.TRUNCATED,
            f"The file announces {claimed:.1f} seconds but its content ends at {found:.1f}: it is cut short or was "
            "not uploaded completely. Send the whole file.",
        )


def _read(container: InputContainer, stream: VideoStream, limits: Limits) -> _Seen:
    seen, tally, meter = _Seen(), Tally(), limits.meter()
    packets, codec = container.demux(), stream.codec.canonical_name
    while (packet := _next(packets)) is not None:
        is_video = packet.stream.index == stream.index
        seen.add(packet, is_video=is_video)
        if not is_video:
            continue
        limits.check_time(seen.video_seconds)
        if seen.shown is None and seen.video_packets <= _PATIENCE:
            seen.shown = _shown(decoded(packet, tally), stream, limits)
        pixels = usual_pixels(*seen.shown) if seen.shown else 0
        meter.check(estimate(codec, seen.video_packets, seen.video_seconds, seen.shown or (0, 0), pixels))
    return seen


def _next(packets: Iterator[Packet[Any]]) -> Packet[Any] | None:
    with rejecting(
        Rejection.TRUNCATED,
        "The file cannot be read to its end: it is cut short, damaged, or was not uploaded completely. Send it whole.",
    ):
        return next(packets, None)


def _shown(pictures: list[VideoFrame], stream: VideoStream, limits: Limits) -> tuple[int, int] | None:
    """The size at which the first picture is shown; None while there is none. Raises RejectedVideoError."""
    for picture in pictures:
        limits.check_frame(picture.width, picture.height)
        aspect = pixel_aspect(float(stream.sample_aspect_ratio or 0))
        size = orientation_of(picture, UPRIGHT).size(*square_size(picture.width, picture.height, aspect))
        limits.check_shown(*size)
        return size
    return None
