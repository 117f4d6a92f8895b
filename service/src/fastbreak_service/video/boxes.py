# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling a cut-off file from its outline alone, where FFmpeg reports garbage or reports nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from fastbreak_service.video import ebml

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BOXES = 4096
_KNOWN = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"sidx", b"styp", b"mfra", b"uuid", b"meta"}
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1
_OGG_LAST_PAGE = 4
_OGG_PAGE_BYTES = 27 + 255 + 255 * 255
# A transport stream's packets: as broadcast, with a time before each, and with parity after each.
_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
_TS_SYNC = 0x47
_TS_LOOK = 8


def cut_short(path: Path) -> bool:
    """Whether the file says of itself that it is longer than it is. False where its kind does not say."""
    end = path.stat().st_size
    with path.open("rb") as stream:
        begin = stream.read(8192)
    if begin[:4] == b"RIFF":
        return _riff_cut_short(begin, end)
    if begin.startswith(_ASF_HEADER):
        return _asf_cut_short(begin, end)
    if begin[:4] == b"OggS":
        return _ogg_cut_short(path, end)
    if begin.startswith(ebml.MAGIC):
        return ebml.cut_short(path)
    if stride := _ts_packet(begin):
        return end % stride != 0
    return _boxes_cut_short(path)


def _riff_cut_short(begin: bytes, end: int) -> bool:
    """AVI: the first chunk's size; one byte of padding may be missing."""
    if len(begin) < 8:
        return False
    (size,) = struct.unpack_from("<I", begin, 4)
    return size not in _UNKNOWN_SIZES and size + 7 > end


def _asf_cut_short(begin: bytes, end: int) -> bool:
    """ASF and WMV: the size in the file properties, unless it was a broadcast."""
    found = begin.find(_ASF_FILE_PROPERTIES)
    if found < 0 or len(begin) < found + 92:
        return False
    (size,) = struct.unpack_from("<Q", begin, found + 40)
    (flags,) = struct.unpack_from("<I", begin, found + 88)
    return not flags & _ASF_BROADCAST and bool(size > end)


def _ogg_cut_short(path: Path, end: int) -> bool:
    """Ogg: the last page is whole and is marked as its stream's last."""
    with path.open("rb") as stream:
        stream.seek(max(0, end - _OGG_PAGE_BYTES))
        tail = stream.read()
    place = tail.rfind(b"OggS")
    while place >= 0:
        page = tail[place:]
        if len(page) >= 27 and page[5] & _OGG_LAST_PAGE and len(page) == 27 + page[26] + sum(page[27 : 27 + page[26]]):
            return False
        place = tail.rfind(b"OggS", 0, place)
    return True


def _ts_packet(begin: bytes) -> int | None:
    """The size of an MPEG transport stream's packets, by the byte that each begins with. None for any other file."""
    for size, offset in _TS_PACKETS:
        places = range(offset, len(begin), size)[:_TS_LOOK]
        if len(places) > 1 and all(begin[place] == _TS_SYNC for place in places):
            return size
    return None


def _boxes_cut_short(path: Path) -> bool:
    """Whether the file is an ISO base media file (ISO/IEC 14496-12) whose top-level boxes reach past its end.

    False for any other file. A file that has media data but no index (`moov`) was cut off before the index.
    """
    end = path.stat().st_size
    seen: set[bytes] = set()
    with path.open("rb") as stream:
        offset = 0
        for _ in range(_MAX_BOXES):
            stream.seek(offset)
            header = stream.read(16)
            if len(header) < 8:
                break
            size, kind = struct.unpack(">I4s", header[:8])
            if not seen and kind not in _KNOWN:
                return False
            if size == 1 and len(header) == 16:
                size = struct.unpack(">Q", header[8:])[0]
            elif size == 0:
                size = end - offset
            if size < 8:
                return False
            seen.add(kind)
            offset += size
            if offset > end:
                return kind in _KNOWN
    return b"mdat" in seen and b"moov" not in seen and b"moof" not in seen
