# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many bytes go into one request."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.chunk_size import (
    SMALLEST_CHUNK_BYTES,
    ChunkSize,
    half,
)


def test_it_only_shrinks_and_never_below_the_smallest() -> None:
    size = ChunkSize(1 << 20)
    size.limit(2 << 20)
    assert size.bytes == 1 << 20
    size.limit(300_000)
    assert size.bytes == 300_000
    size.limit(0)
    assert size.bytes == SMALLEST_CHUNK_BYTES
    assert ChunkSize(1).bytes == SMALLEST_CHUNK_BYTES


@pytest.mark.parametrize(
    ("refused_bytes", "expected"),
    [(1 << 20, 1 << 19), (100_000, SMALLEST_CHUNK_BYTES), (SMALLEST_CHUNK_BYTES, 0), (0, 0)],
)
def test_half_of_what_was_refused_is_tried_as_long_as_that_is_worth_it(refused_bytes: int, expected: int) -> None:
    assert half(refused_bytes) == expected


def test_what_was_taken_once_is_not_too_large() -> None:
    size = ChunkSize(1 << 20)
    assert size.may_be_too_large(100_000)
    assert not size.may_be_too_large(SMALLEST_CHUNK_BYTES)
    size.took(100_000)
    assert not size.may_be_too_large(100_000)
    assert size.may_be_too_large(100_001)
