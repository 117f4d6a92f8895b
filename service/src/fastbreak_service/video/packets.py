# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a video's packets say, without decoding more than the first picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastbreak_service.errors import Rejection
from fastbreak_service.video.completeness import Completeness, completeness
from fastbreak_service.video.container import DamageCounter, open_video
from fastbreak_service.video.decoding import Tally, decoded, demuxed, is_open_ended, settle
from fastbreak_service.video.frames import NOT_READ, NOT_SET_UP, Showing
from fastbreak_service.video.guard import rejecting

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits

# Packets that may pass before the first picture.
_PATIENCE = 300
_MOST = 500_000
"""More are listed of no clip: an hour at 60 a second has half of that."""


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of a video that have content: when they are shown, in seconds, and the places of key packets.

    `end` is when the last one is no longer shown; `width` and `height` are those of the first frame as shown.
    """

    stamps: list[float]
    keys: list[int]
    end: float
    width: int
    height: int
    completeness: Completeness


@dataclass(slots=True)
class _Listed:
    stamps: list[float] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    end: float = 0.0

    def add(self, packet: Packet[VideoStream]) -> bool:
        """Note a packet; False where it does not say when it is shown, or is not to be."""
        if packet.pts is None or packet.time_base is None or packet.is_discard or packet.is_corrupt:
            return False
        stamp = float(packet.pts * packet.time_base)
        if packet.is_keyframe:
            self.keys.append(len(self.stamps))
        self.stamps.append(stamp)
        self.end = max(self.end, stamp + float((packet.duration or 0) * packet.time_base))
        return True


def packets(path: Path, limits: Limits, shortest_seconds: float) -> Packets | None:
    """The packets of a video of some seconds at least; None of one that is shorter, or that cannot be cut.

    A packet is known by its place and a frame by its time. So all have a time of their own, the first one is a key
    packet, and the file says where it ends. Raises RejectedVideoError.
    """
    with DamageCounter():
        container, stream = open_video(path, limits)
        with container:
            kind = container.format.name
            if is_open_ended(container) or (container.duration or 0) < shortest_seconds * 1e6:
                return None
            try:
                read = _read(container, stream, limits)
            finally:
                settle(stream)
    if read is None:
        return None
    listed, (width, height) = read
    limits.check_time(max(listed.stamps) - min(listed.stamps))
    if listed.end - min(listed.stamps) < shortest_seconds:
        return None
    return Packets(listed.stamps, listed.keys, listed.end, width, height, completeness(path, kind))


def _read(container: InputContainer, stream: VideoStream, limits: Limits) -> tuple[_Listed, tuple[int, int]] | None:
    listed, size = _Listed(), None
    tally, showing = Tally(), Showing(limits, limits.meter())
    with rejecting(Rejection.UNDECODABLE, NOT_SET_UP):
        stream.codec_context.thread_count = 1
    for packet in demuxed(container, stream, tally):
        if packet.size == 0:
            continue
        if not listed.add(packet) or len(listed.stamps) > _MOST:
            return None
        if size is None and len(listed.stamps) <= _PATIENCE:
            size = _size(showing, decoded(packet, tally), stream)
    known = size is not None and bool(listed.keys) and listed.keys[0] == 0
    return (listed, size) if size is not None and known and len(set(listed.stamps)) == len(listed.stamps) else None


def _size(showing: Showing, pictures: list[VideoFrame], stream: VideoStream) -> tuple[int, int] | None:
    """How large the first of some pictures is shown; None of none."""
    for picture in showing.checked(iter(pictures)):
        with rejecting(Rejection.UNDECODABLE, NOT_READ):
            shown = showing.shown(picture, stream)
        return shown.width, shown.height
    return None
