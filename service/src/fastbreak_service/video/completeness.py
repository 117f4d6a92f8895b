# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Whether a file says where it ends, so that one that was accepted is known to be whole.

A stream may be cut exactly between two pictures, and a recording between two fragments: then it is just a shorter one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from fastbreak_service.video import boxes, ebml, isobmff

if TYPE_CHECKING:
    from pathlib import Path

_TAIL_BYTES = 1 << 20
_MXF_FOOTER = bytes.fromhex("060e2b34020501010d0102010104")
_PROGRAM_END, _SEQUENCE_END, _OBJECTS_END = b"\0\0\1\xb9", b"\0\0\1\xb7", b"\0\0\1\xb1"
_START = b"\0\0\1"
# NAL units that end a sequence or a stream: ITU-T H.264, table 7-1, and H.265, table 7-1.
_H264_ENDS, _HEVC_ENDS = {10, 11}, {36, 37}


class Completeness(StrEnum):
    """What is known of a file that was read to its end without a fault."""

    WHOLE = "whole"
    UNKNOWN = "unknown"


def completeness(path: Path, container: str) -> Completeness:
    """Whether a file that nothing is missing of shows that it is whole; *container* is FFmpeg's name of its kind."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        begin = stream.read(8192)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
    whole = _says_its_end(path, begin, size) or _is_ended(tail, container)
    return Completeness.WHOLE if whole else Completeness.UNKNOWN


def _says_its_end(path: Path, begin: bytes, size: int) -> bool:
    """Whether the file's outline tells where it ends. What is cut short by its outline was refused before."""
    if begin.startswith(ebml.MAGIC):
        return ebml.ends_within(path)
    if begin.startswith(b"OggS"):
        return True
    if begin.startswith(b"FLV"):
        return boxes.flv_size(begin) == size
    return boxes.has_size(begin) or _boxes_end(path)


def _boxes_end(path: Path) -> bool:
    """Fragments may end anywhere, unless an index lists them or follows them."""
    found = list(isobmff.top_boxes(path))
    kinds = {box.kind for box in found}
    if b"moof" not in kinds:
        return b"moov" in kinds
    last = max(box.end for box in found if box.kind in {b"moof", b"mdat"})
    # An index of a single fragment may be that fragment's own.
    return found[-1].kind == b"mfra" or any(box.indexed > 1 and box.indexed_end >= last for box in found)


def _is_ended(tail: bytes, container: str) -> bool:
    """Whether what says nothing at its begin marks its end."""
    unit = tail[tail.rfind(_START) + 3 :][:2] if _START in tail[-8:] else b""
    ends = {
        "h264": bool(unit) and unit[0] & 0x1F in _H264_ENDS,
        "hevc": bool(unit) and unit[0] >> 1 & 0x3F in _HEVC_ENDS,
        "mpeg": tail.endswith(_PROGRAM_END),
        "mpegvideo": tail.endswith(_SEQUENCE_END),
        "m4v": tail.endswith(_OBJECTS_END),
        "mxf": _MXF_FOOTER in tail,
    }
    return ends.get(container, False)
