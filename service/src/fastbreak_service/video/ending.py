# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling a last picture that was cut off from a whole one, where the decoder does not tell.

A decoder stops reading where a whole picture ends, so bytes that are put behind it change nothing. Where the picture
was cut off it reads on into them, and decodes something else for other bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import av

from fastbreak_service.errors import RejectedVideoError, Rejection
from fastbreak_service.video.container import DamageCounter, open_video
from fastbreak_service.video.guard import rejecting
from fastbreak_service.video.work import of_frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from fastbreak_service.video.limits import Limits
    from fastbreak_service.video.work import Meter

SILENT = frozenset({"hevc", "vvc"})
"""Codings whose decoders take an incomplete picture for a whole one."""
# Neither begins with a byte that could complete a start code, and in no place are they the same.
_SUFFIXES = (bytes([0x80, *range(2, 256)]), bytes([0xC0, *range(255, 1, -1)]))


def check_last_picture(path: Path, limits: Limits, last_key: int, meter: Meter) -> None:
    """Raise RejectedVideoError when the last picture of a video is not all there.

    `last_key` is the place of the last key packet among the packets with content, from 0; what follows it is decoded
    once more for each of the suffixes, and charged to the meter.
    """
    with DamageCounter():
        container, stream = open_video(path, limits)
        with container, rejecting(Rejection.UNDECODABLE, "The end of the video cannot be read. Re-encode the video."):
            ends = _ends(container.demux(stream), stream, last_key, meter)
    if len(ends) > 1:
        raise RejectedVideoError(
            Rejection.TRUNCATED,
            "The file ends in the middle of a picture: it is cut short. Send the whole file, or re-encode it.",
        )


def _ends(packets: Iterator[Packet[VideoStream]], stream: VideoStream, last_key: int, meter: Meter) -> set[bytes]:
    """What the last pictures look like, by the suffixes; one look for a picture that is whole."""
    decoders = [_decoder(stream) for _ in _SUFFIXES]
    last = b""
    for packet in _from_key(packets, last_key):
        meter.spend(of_frames(stream.codec.canonical_name, len(decoders), stream.width, stream.height))
        if last:
            for decoder in decoders:
                _decode(decoder, last)
        last = bytes(packet)
    pairs = zip(decoders, _SUFFIXES, strict=True)
    return {_digest(_last(decoder, last + suffix)) for decoder, suffix in pairs} if last else set()


def _from_key(packets: Iterator[Packet[VideoStream]], first: int) -> Iterator[Packet[VideoStream]]:
    place = 0
    for packet in packets:
        if packet.size == 0:
            continue
        if place >= first:
            yield packet
        place += 1


def _decoder(stream: VideoStream) -> VideoCodecContext:
    decoder: VideoCodecContext = av.CodecContext.create(stream.codec.name, "r")  # type: ignore[assignment] # of a video
    decoder.extradata = stream.codec_context.extradata
    decoder.options = dict(stream.codec_context.options)
    # Threads report damage at another moment, and one is as fast for so few pictures.
    decoder.thread_count = 1
    return decoder


def _decode(decoder: VideoCodecContext, content: bytes) -> list[VideoFrame]:
    try:
        return decoder.decode(av.Packet(content))
    except av.FFmpegError:
        return []


def _last(decoder: VideoCodecContext, content: bytes) -> list[VideoFrame]:
    """The pictures that were not shown before the last packet."""
    shown = _decode(decoder, content)
    try:
        return shown + decoder.decode(None)
    except av.FFmpegError:
        return shown


def _digest(pictures: Sequence[VideoFrame]) -> bytes:
    seen = hashlib.sha256()
    for picture in pictures:
        for plane in picture.planes:
            seen.update(bytes(plane))
    return seen.digest()
