# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Decoding one stream, and keeping account of what its packets promised and gave."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.guard import rejecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Of the pictures that are due: fewer than this may be missing, and fewer than half may be damaged.
_MISSING_SHARE, _MISSING_PICTURES = 0.25, 5
_DAMAGED_SHARE = 0.5
# Pictures are shown in another order than they are stored in: the last one stored is among so many that are shown last.
_REORDERED = 4
# The decoder works ahead, so that what it reports belongs to one of so many packets.
_AHEAD = 8
# Containers, and streams without one, that do not say where they end.
_OPEN_ENDED = {"h264", "hevc", "m4v", "mpeg", "mpegts", "mpegvideo"}
# Packets whose pictures a decoder may still owe.
_IN_FLIGHT = 256
# Packets before the first picture whose stamps are kept, to tell which of them were due.
_EARLY_PACKETS = 4096


@dataclass(slots=True)
class Tally:
    """What a stream's packets promised, and what came of them.

    `reports` tells how much damage the decoder has reported so far.
    `due` counts packets with content that belong to the first decoded picture or to a later one: a recording that
    begins in the middle of a group of pictures owes nothing for its beginning. `last_key` is the place of the last key
    packet among all `packets` with content.

    What is damaged is wrong in all pictures that are made of it: those of all packets until the next key packet, and
    those after it that are shown before it. `opaque` of a picture is the number of its packet.
    """

    due: int = 0
    pictures: int = 0
    damaged: int = 0
    errors: int = 0
    interlaced: bool = False
    open_ended: bool = False
    packets: int = 0
    last_key: int = 0
    reports: Callable[[], int] = int
    _last_damaged: int = -_REORDERED
    _reported: deque[int] = field(default_factory=lambda: deque(maxlen=_AHEAD))
    _early: list[int | None] = field(default_factory=list)
    _spoilt: bool = False
    _healed_at: int | None = None
    _whole: dict[int, bool] = field(default_factory=dict)

    @property
    def trouble(self) -> int:
        """How much was reported so far, by whatever way."""
        return self.errors + self.reports()

    def packet(self, packet: Packet[VideoStream]) -> None:
        """Account for a packet before it is decoded."""
        self.errors += bool(packet.is_corrupt)
        self._reported.append(self.reports())
        if packet.size == 0:
            return
        if packet.is_keyframe:
            self.last_key = self.packets
            self._healed_at, self._spoilt = (packet.pts if self._spoilt else None), False
        packet.opaque = self.packets
        self.packets += 1
        if packet.is_discard:
            return
        if self.pictures:
            self.due += 1
        elif len(self._early) < _EARLY_PACKETS:
            self._early.append(packet.pts)

    def decoded(self, packet: Packet[VideoStream], *, whole: bool) -> None:
        """Account for a packet that was decoded, whole as far as the decoder tells."""
        self._spoilt |= not whole or packet.is_corrupt
        leads = self._healed_at is not None and packet.pts is not None and packet.pts < self._healed_at
        self._whole[self.packets - 1] = not (self._spoilt or leads)
        self._whole.pop(self.packets - _IN_FLIGHT, None)

    def is_whole(self, picture: VideoFrame) -> bool:
        """Whether a decoded picture is made of nothing that is damaged."""
        number = picture.opaque
        known = self._whole.get(number, True) if isinstance(number, int) else not self._spoilt
        return known and not picture.is_corrupt

    def picture(self, picture: VideoFrame) -> None:
        """Account for a decoded picture."""
        if self.pictures == 0:
            first = picture.pts
            self.due = sum(stamp is None or first is None or stamp >= first for stamp in self._early)
        self.pictures += 1
        self.interlaced |= picture.interlaced_frame
        if picture.is_corrupt:
            self._last_damaged = self.pictures
            self.damaged += 1
            self.errors += 1

    def check(self) -> None:
        """Raise RejectedVideoError when a large part of the pictures is missing or damaged, or the end is.

        Half a file of a kind that does not say where it ends is told by its last picture, which is half there.
        """
        reported = bool(self._reported) and self.reports() > self._reported[0]
        if self.open_ended and (reported or self.pictures - self._last_damaged < _REORDERED):
            raise RejectedVideoError(
                Rejection.TRUNCATED,
                "The file ends in the middle of a picture: it is cut short. Send the whole file, or re-encode it.",
            )
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


def pictures(container: InputContainer, stream: VideoStream, tally: Tally, first: int = 0) -> Iterator[VideoFrame]:
    """The stream's pictures in order of time, from the packet with content on that has the number `first`.

    `opaque` of each says whether it is whole. Of a decoder that works ahead that is so only while there is no trouble.
    Raises RejectedVideoError where the container breaks off.
    """
    tally.open_ended = is_open_ended(container)
    for packet in demuxed(container, stream, tally):
        # What comes before it is read all the same: no index has to be right for that.
        if first:
            first -= packet.size > 0
            continue
        tally.packet(packet)
        before = tally.trouble
        found = decoded(packet, tally)
        tally.decoded(packet, whole=tally.trouble == before)
        for picture in found:
            tally.picture(picture)
            picture.opaque = tally.is_whole(picture)
            yield picture


def set_up(stream: VideoStream, *, at_once: bool) -> None:
    """Have the decoder work ahead in threads, or on each packet `at_once`: then what it reports is of that packet."""
    stream.thread_type = "NONE" if at_once else "AUTO"
    if at_once:
        stream.codec_context.thread_count = 1
    stream.codec_context.copy_opaque = True


def is_open_ended(container: InputContainer) -> bool:
    """Whether a file of its kind does not say where it ends."""
    return container.format.name in _OPEN_ENDED


def demuxed(container: InputContainer, stream: VideoStream, tally: Tally) -> Iterator[Packet[VideoStream]]:
    """The stream's packets. Raises RejectedVideoError where the container breaks off."""
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
        yield packet


def settle(stream: VideoStream) -> None:
    """Bring the decoder's threads to rest, before it is freed in the middle of a video.

    PyAV frees a decoder without letting go of the interpreter, and a thread that has damage to report waits for the
    interpreter: each would wait for the other for ever.
    """
    stream.codec_context.flush_buffers()


def decoded(packet: Packet[VideoStream], tally: Tally) -> list[VideoFrame]:
    """The pictures that a packet completes; none where the decoder found it damaged. Raises RejectedVideoError."""
    with rejecting(Rejection.UNDECODABLE, "A part of the video cannot be decoded. Re-encode it, for example to H.264."):
        try:
            return packet.decode()
        except av.FFmpegError:
            tally.errors += 1
            return []
