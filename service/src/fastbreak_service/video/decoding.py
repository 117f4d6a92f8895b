# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Decoding one stream, and keeping account of what its packets promised and gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.guard import rejecting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Of the pictures that are due: fewer than this may be missing, and fewer than half may be damaged.
_MISSING_SHARE, _MISSING_PICTURES = 0.25, 5
_DAMAGED_SHARE = 0.5
# Packets before the first picture whose stamps are kept, to tell which of them were due.
_EARLY_PACKETS = 4096


@dataclass(slots=True)
class Tally:
    """What a stream's packets promised, and what came of them.

    `due` counts packets with content that belong to the first decoded picture or to a later one: a recording that
    begins in the middle of a group of pictures owes nothing for its beginning.
    """

    due: int = 0
    pictures: int = 0
    damaged: int = 0
    errors: int = 0
    interlaced: bool = False
    _early: list[int | None] = field(default_factory=list)

    def packet(self, packet: Packet[VideoStream]) -> None:
        """Account for a packet before it is decoded."""
        self.errors += bool(packet.is_corrupt)
        if packet.size == 0 or packet.is_discard:
            return
        if self.pictures:
            self.due += 1
        elif len(self._early) < _EARLY_PACKETS:
            self._early.append(packet.pts)

    def picture(self, picture: VideoFrame) -> None:
        """Account for a decoded picture."""
        if self.pictures == 0:
            first = picture.pts
            self.due = sum(stamp is None or first is None or stamp >= first for stamp in self._early)
        self.pictures += 1
        self.interlaced |= picture.interlaced_frame
        if picture.is_corrupt:
            self.damaged += 1
            self.errors += 1

    def check(self) -> None:
        """Raise RejectedVideoError when a large part of the pictures is missing or damaged."""
        # A field may have a packet of its own, and then two make a picture.
        due = self.due // 2 if self.interlaced else self.due
        missing = due - self.pictures
        if missing > max(_MISSING_PICTURES, _MISSING_SHARE * due) or self.damaged > max(
            _MISSING_PICTURES, _DAMAGED_SHARE * self.pictures
        ):
            raise RejectedVideoError(
                Rejection.TRUNCATED,
                f"The file holds {due} pictures but only {self.pictures - self.damaged} could be decoded whole: it is "
                "cut short or damaged. Send the whole file, or re-encode it.",
            )


def pictures(container: InputContainer, stream: VideoStream, tally: Tally) -> Iterator[VideoFrame]:
    """The stream's pictures in order of time. Raises RejectedVideoError where the container breaks off."""
    packets = container.demux(stream)
    while True:
        try:
            with rejecting(
                Rejection.TRUNCATED, "The file cannot be read to its end. Send the whole file, or re-encode it."
            ):
                packet = next(packets, None)
        except RejectedVideoError:
            tally.errors += 1
            raise
        if packet is None:
            return
        tally.packet(packet)
        for picture in decoded(packet, tally):
            tally.picture(picture)
            yield picture


def decoded(packet: Packet[VideoStream], tally: Tally) -> list[VideoFrame]:
    """The pictures that a packet completes; none where the decoder found it damaged. Raises RejectedVideoError."""
    with rejecting(Rejection.UNDECODABLE, "A part of the video cannot be decoded. Re-encode it, for example to H.264."):
        try:
            return packet.decode()
        except av.FFmpegError:
            tally.errors += 1
            return []
