# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The outline of MP4, MOV and their relatives (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_BOXES = 4096
_KNOWN = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"sidx", b"styp", b"mfra", b"uuid", b"meta"}
_MOST_INDEX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Box:
    """A box at the top of a file: its four letters and where it ends, in bytes from the file's begin.

    `indexed` and `indexed_end` are of a segment index (`sidx`): how many fragments it lists and where the last ends.
    """

    kind: bytes
    end: int
    indexed: int = 0
    indexed_end: int = 0


def top_boxes(path: Path) -> Iterator[Box]:
    """The boxes in order, the last of them perhaps one that reaches past the end. None for what is no such file."""
    end = path.stat().st_size
    offset = 0
    with path.open("rb") as stream:
        for number in range(_MAX_BOXES):
            stream.seek(offset)
            header = stream.read(16)
            if len(header) < 8:
                return
            size, kind = struct.unpack(">I4s", header[:8])
            if number == 0 and kind not in _KNOWN:
                return
            length = 16 if size == 1 and len(header) == 16 else 8
            if length == 16:
                size = struct.unpack(">Q", header[8:])[0]
            elif size == 0:
                size = end - offset
            if size < 8 or (offset + size > end and kind not in _KNOWN):
                return
            offset += size
            if kind == b"sidx":
                stream.seek(offset - size + length)
                yield Box(kind, offset, *_indexed(stream.read(min(size, _MOST_INDEX_BYTES)), offset))
            else:
                yield Box(kind, offset)
            if offset > end:
                return


def _indexed(content: bytes, after: int) -> tuple[int, int]:
    """How many fragments a segment index lists, and where the last of them ends; zeros for what cannot be read."""
    wide = content[:1] not in {b"", b"\0"}
    head = struct.Struct(">4x4x4x8xQ2xH" if wide else ">4x4x4x4xI2xH")
    if len(content) < head.size:
        return 0, 0
    first, count = head.unpack_from(content)
    entries = content[head.size : head.size + 12 * count]
    if len(entries) < 12 * count:
        return 0, 0
    sizes = [entry[0] & 0x7FFFFFFF for entry in struct.iter_unpack(">I8x", entries)]
    return count, after + first + sum(sizes)
