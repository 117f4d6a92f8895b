# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling a Matroska or WebM file that was cut off from its outline (RFC 8794, RFC 9559).

What a browser records names neither its size nor its duration, so only its elements tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
# Tables for seeking, tags, chapters, attachments, padding: without these a video is whole.
_DISPENSABLE = {0x1C53BB6B, 0x1254C367, 0x1043A770, 0x1941A469, 0xEC}
_MAX_ELEMENTS = 500_000


def cut_short(path: Path) -> bool:
    """Whether an element that the video needs reaches past the end of the file; False for what cannot be read."""
    end = path.stat().st_size
    offset = 0
    with path.open("rb") as stream:
        for _ in range(_MAX_ELEMENTS):
            if offset == end:
                return False
            stream.seek(offset)
            identity, size, length = _head(stream)
            if length == 0:
                return end - offset < 12
            # What a segment holds, and a cluster without a size, is read as if it stood beside it.
            if identity == _SEGMENT or (identity == _CLUSTER and size is None):
                offset += length
                continue
            if size is None:
                return False
            offset += length + size
            if offset > end:
                return identity not in _DISPENSABLE
    return False


def ends_within(path: Path) -> bool:
    """Whether the segment has a size, and ends where the file does or before."""
    end = path.stat().st_size
    offset = 0
    with path.open("rb") as stream:
        for _ in range(_MAX_ELEMENTS):
            stream.seek(offset)
            identity, size, length = _head(stream)
            if length == 0 or size is None:
                return False
            offset += length + size
            if identity == _SEGMENT or offset >= end:
                return identity == _SEGMENT and offset <= end
    return False


def _head(stream: BinaryIO) -> tuple[int, int | None, int]:
    """An element's id, size (None if unknown) and the length of both; length 0 for what is no element."""
    begin = stream.read(12)
    id_length = _length(begin[:1], 4)
    size_length = _length(begin[id_length : id_length + 1], 8)
    if not id_length or not size_length or len(begin) < id_length + size_length:
        return 0, None, 0
    identity = int.from_bytes(begin[:id_length])
    value = int.from_bytes(begin[id_length : id_length + size_length]) & ((1 << 7 * size_length) - 1)
    unknown = value == (1 << 7 * size_length) - 1
    return identity, None if unknown else value, id_length + size_length


def _length(first: bytes, most: int) -> int:
    """How long a number is, by its first byte; 0 when it cannot be."""
    length = 9 - first[0].bit_length() if first and first[0] else 0
    return length if length <= most else 0
