# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whether a video can be decoded from some of its packets on: what a container calls a key packet need not be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from av.video.frame import PictureType

from fastbreak_service.errors import Rejection
from fastbreak_service.video.container import DamageCounter, open_video
from fastbreak_service.video.decoding import Tally, decoded, demuxed, settle
from fastbreak_service.video.frames import NOT_READ, NOT_SET_UP, orientation_of
from fastbreak_service.video.geometry import UPRIGHT, Orientation
from fastbreak_service.video.guard import rejecting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits

_PATIENCE = 64
"""Packets after which a picture is shown at the latest; a decoder holds back sixteen."""
_OF_OTHERS = frozenset({PictureType.P, PictureType.B, PictureType.S})


def enters(path: Path, limits: Limits, places: Collection[int]) -> bool:
    """Whether decoding can begin with each of the packets with content of these numbers, from 0.

    It gives that packet's picture, made of no other, and turned as the first: a coding may tell of a turn once, and
    whoever begins behind that does not know of it. Raises RejectedVideoError.
    """
    with DamageCounter():
        container, stream = open_video(path, limits)
        with container:
            with rejecting(Rejection.UNDECODABLE, NOT_SET_UP):
                stream.codec_context.thread_count = 1
            try:
                turns = list(_turns(demuxed(container, stream, Tally()), stream, places))
            finally:
                settle(stream)
    return len(turns) == len(set(places)) and None not in turns and len(set(turns)) == 1


def _turns(
    packets: Iterator[Packet[VideoStream]], stream: VideoStream, places: Collection[int]
) -> Iterator[Orientation | None]:
    """How the picture of each of the packets is turned; None of one that cannot be the first."""
    place, left = -1, 0
    stamp: int | None = None
    for packet in packets:
        place += packet.size > 0
        if packet.size > 0 and place in places:
            if left:
                yield None
            settle(stream)
            stamp, left = packet.pts, _PATIENCE
        if not left and place >= max(places):
            return
        if not left:
            continue
        left -= 1
        found = [picture for picture in decoded(packet, Tally()) if picture.pts == stamp]
        if found or not left:
            left = 0
            yield _turn(found[0]) if found else None
    if left:
        yield None


def _turn(picture: VideoFrame) -> Orientation | None:
    with rejecting(Rejection.UNDECODABLE, NOT_READ):
        alone = not picture.is_corrupt and picture.pict_type not in _OF_OTHERS
        return orientation_of(picture, UPRIGHT) if alone else None
