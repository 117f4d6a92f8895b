"""Telling a cut-off MP4 or MOV from its outline alone, which FFmpeg reports as garbage or does not report."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BOXES = 4096
_KNOWN = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"sidx", b"styp", b"mfra", b"uuid", b"meta"}


def cut_short(path: Path) -> bool:
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
