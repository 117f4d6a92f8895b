# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A body that was sent in gzip, which nobody asks for and which servers and proxies send all the same. Pure."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CODINGS = frozenset({"gzip", "x-gzip"})
_PIECE_BYTES = 64 << 10


class GzipBody:
    """Unpacks piece by piece what *readinto* gives, never more than is asked for. Raises ValueError for no gzip."""

    def __init__(self, coding: str, readinto: Callable[[memoryview], int]) -> None:
        if coding not in _CODINGS:
            raise ValueError(f"the answer has the Content-Encoding {coding[:40]!r}, which nobody asked for")
        self._readinto = readinto
        self._unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._piece = memoryview(bytearray(_PIECE_BYTES))

    def readinto(self, view: memoryview) -> int:
        """Fill *view* as far as the content goes. 0 is the end, or where it breaks off."""
        while len(view) and not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or bytes(self._piece[: self._readinto(self._piece)])
            try:
                content = self._unpacker.decompress(packed, len(view))
            except zlib.error as error:
                raise ValueError("the answer has the Content-Encoding gzip and is none") from error
            view[: len(content)] = content
            if content or not packed:
                return len(content)
        return 0
