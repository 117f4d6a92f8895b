"""Deciding, before an analysis is accepted, whether a video can be analysed at all.

Cheap enough to do while the sender waits: every packet is read, but only the first pictures are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.container import DamageCounter, open_video

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
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
    video_packets: int = 0
    ended_early: bool = False
    decoded: bool = False

    def add(self, packet: Packet[Any], *, is_video: bool) -> None:
        self.video_packets += is_video and packet.size > 0
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            return
        begin = float(stamp * packet.time_base)
        if is_video:
            self.first = begin if self.first is None else min(self.first, begin)
        self.last = max(self.last, begin + float((packet.duration or 0) * packet.time_base))


def probe(path: Path, limits: Limits) -> None:
    """Raise RejectedVideoError when the video cannot be analysed or is longer or larger than the limits."""
    with DamageCounter():
        container, stream = open_video(path, limits)
        with container:
            stream.codec_context.thread_count = 1
            claimed = container.duration / av.time_base if container.duration else 0.0
            seen = _read(container, stream, limits)
    if seen.video_packets == 0 or not seen.decoded:
        raise RejectedVideoError(
            Rejection.NO_FRAMES, "The video stream gave no picture that could be decoded. Check the file in a player."
        )
    missing = claimed - (seen.last - min(0.0, seen.first or 0.0))
    if seen.ended_early or missing > max(_SLACK_SECONDS, _SLACK_SHARE * claimed):
        raise RejectedVideoError(
            Rejection.TRUNCATED,
            f"The file announces {claimed:.1f} seconds but its content ends at {seen.last:.1f}: it is cut short or was "
            "not uploaded completely. Send the whole file.",
        )


def _read(container: InputContainer, stream: VideoStream, limits: Limits) -> _Seen:
    seen = _Seen()
    packets = container.demux()
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return seen
        except av.FFmpegError:
            seen.ended_early = True
            return seen
        is_video = packet.stream.index == stream.index
        seen.add(packet, is_video=is_video)
        if is_video:
            limits.check_time(seen.last - (seen.first or 0.0))
            if not seen.decoded and seen.video_packets <= _PATIENCE:
                seen.decoded = _decodes(packet, limits)


def _decodes(packet: Packet[Any], limits: Limits) -> bool:
    try:
        pictures = packet.decode()
    except av.FFmpegError:
        return False
    for picture in pictures:
        limits.check_frame(picture.width, picture.height)
    return bool(pictures)
