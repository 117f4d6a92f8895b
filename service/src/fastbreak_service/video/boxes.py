# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling a cut-off file from its outline alone, where FFmpeg reports garbage or reports nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from fastbreak_service.video import ebml, isobmff

if TYPE_CHECKING:
    from pathlib import Path

_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1
_OGG_LAST_PAGE = 4
_OGG_PAGE_BYTES = 27 + 255 + 255 * 255
# A name and the mark of a number.
_FLV_SIZE = b"filesize\0"
# A transport stream's packets: as broadcast, with a time before each, and with parity after each.
_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
_TS_SYNC = 0x47
_TS_LOOK = 8


def cut_short(path: Path) -> bool:
    """Whether the file says of itself that it is longer than it is. False where its kind does not say."""
    end = path.stat().st_size
    with path.open("rb") as stream:
        begin = stream.read(8192)
    if begin[:4] == b"RIFF" or begin.startswith(_ASF_HEADER):
        return max(_riff_size(begin), _asf_size(begin)) > end
    if begin[:4] == b"OggS":
        return _ogg_cut_short(path, end)
    if begin.startswith(ebml.MAGIC):
        return ebml.cut_short(path)
    if begin[:3] == b"FLV":
        return flv_size(begin) > end
    if stride := _ts_packet(begin):
        return end % stride != 0
    return _boxes_cut_short(path)


def has_size(begin: bytes) -> bool:
    """Whether an AVI, ASF or WMV file, of which this is the begin, says how long it is."""
    return _riff_size(begin) > 0 or _asf_size(begin) > 0


def _riff_size(begin: bytes) -> int:
    """AVI: where the first chunk ends, by its size; one byte of padding may be missing. 0 where it does not say."""
    if begin[:4] != b"RIFF" or len(begin) < 8:
        return 0
    (size,) = struct.unpack_from("<I", begin, 4)
    return 0 if size in _UNKNOWN_SIZES else size + 7


def _asf_size(begin: bytes) -> int:
    """ASF and WMV: the size in the file properties, unless it was a broadcast. 0 where it does not say."""
    found = begin.find(_ASF_FILE_PROPERTIES)
    if not begin.startswith(_ASF_HEADER) or found < 0 or len(begin) < found + 92:
        return 0
    (size,) = struct.unpack_from("<Q", begin, found + 40)
    (flags,) = struct.unpack_from("<I", begin, found + 88)
    return 0 if flags & _ASF_BROADCAST else int(size)


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


def flv_size(begin: bytes) -> float:
    """The size that an FLV file says it has (onMetaData, a number of AMF); 0.0 where it does not say."""
    found = begin.find(_FLV_SIZE)
    number = begin[found + len(_FLV_SIZE) :][:8]
    return float(struct.unpack(">d", number)[0]) if found >= 0 and len(number) == 8 else 0.0


def _ts_packet(begin: bytes) -> int | None:
    """The size of an MPEG transport stream's packets, by the byte that each begins with. None for any other file."""
    for size, offset in _TS_PACKETS:
        places = range(offset, len(begin), size)[:_TS_LOOK]
        if len(places) > 1 and all(begin[place] == _TS_SYNC for place in places):
            return size
    return None


def _boxes_cut_short(path: Path) -> bool:
    """Whether the file is an ISO base media file (ISO/IEC 14496-12) that is shorter than its boxes or an index say.

    False for any other file. A file that has media data but no index (`moov`) was cut off before the index.
    """
    end = path.stat().st_size
    kinds = set()
    for box in isobmff.top_boxes(path):
        kinds.add(box.kind)
        if box.end > end or box.indexed_end > end:
            return True
    return b"mdat" in kinds and b"moov" not in kinds and b"moof" not in kinds
