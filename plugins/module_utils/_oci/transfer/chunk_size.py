# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many bytes go into one request, and what is learned of how many a registry takes.

GHCR takes 4 MiB a request, and proxies have limits of their own. Nobody announces them: a request with more is refused
with 413, by some with 400.
"""

from __future__ import annotations

import threading

SMALLEST_CHUNK_BYTES = 64 << 10


class ChunkSize:
    """The size of the chunks for one registry. Safe to use from many threads."""

    def __init__(self, most_bytes: int) -> None:
        self._lock = threading.Lock()
        self._bytes = max(most_bytes, SMALLEST_CHUNK_BYTES)
        self._taken = 0

    @property
    def bytes(self) -> int:
        """What to send in one request."""
        return self._bytes

    def limit(self, most_bytes: int) -> None:
        """From now on send at most so many bytes."""
        with self._lock:
            self._bytes = max(min(self._bytes, most_bytes), SMALLEST_CHUNK_BYTES)

    def took(self, sent: int) -> None:
        """The registry took as many bytes in one request."""
        with self._lock:
            self._taken = max(self._taken, sent)

    def may_be_too_large(self, sent: int) -> bool:
        """Whether a 400 can mean the size: no request with as many bytes was ever taken."""
        return sent > max(self._taken, SMALLEST_CHUNK_BYTES)


def half(refused_bytes: int) -> int:
    """What to try after *refused_bytes* were too many; 0 when fewer are not worth trying."""
    return max(refused_bytes // 2, SMALLEST_CHUNK_BYTES) if refused_bytes > SMALLEST_CHUNK_BYTES else 0
