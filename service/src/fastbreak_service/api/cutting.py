# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How a video is cut into parts, and what stands for an announced one. Sizes in bytes."""

from __future__ import annotations

import hashlib

MOST_PARTS = 10_000
"""S3's limit."""
MOST_NAME = 1000
MOST_OPEN = 100
"""Uploads of a team that are under way at once."""
_MEBIBYTE = 1 << 20
# Above S3's least (5 MiB), small enough that one that broke off is soon sent again.
_LEAST = 8 * _MEBIBYTE


def part_bytes(size: int) -> int:
    """The size of every part but the last, in whole mebibytes."""
    least = -(-size // MOST_PARTS)
    return max(_LEAST, -(-least // _MEBIBYTE) * _MEBIBYTE)


def part_sizes(size: int, each: int) -> dict[int, int]:
    """The size of each part, by its number from 1."""
    whole, rest = divmod(size, each)
    return dict.fromkeys(range(1, whole + 1), each) | ({whole + 1: rest} if rest else {})


def fingerprint(filename: str | None, size: int) -> str:
    """What is the same where the same was announced. No video that was sent at once has it."""
    return "announced:" + hashlib.sha256(f"{size} {filename or ''}".encode()).hexdigest()
