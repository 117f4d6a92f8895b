# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A body in gzip, unpacked piece by piece."""

from __future__ import annotations

import gzip
import io

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.gzip_body import GzipBody
from hypothesis import given
from hypothesis import strategies as st


def unpacked(packed: bytes, piece_bytes: int) -> bytes:
    body, piece, found = GzipBody("gzip", io.BytesIO(packed).readinto), memoryview(bytearray(piece_bytes)), b""
    while count := body.readinto(piece):
        found += bytes(piece[:count])
    return found


@given(st.binary(max_size=500), st.integers(1, 300), st.integers(1, 400))
def test_the_content_comes_whole_whatever_is_asked_for_at_once(content: bytes, repeated: int, piece_bytes: int) -> None:
    assert unpacked(gzip.compress(content * repeated, mtime=0), piece_bytes * 100) == content * repeated


def test_no_more_comes_than_is_asked_for() -> None:
    body = GzipBody("x-gzip", io.BytesIO(gzip.compress(bytes(100 << 20), 9, mtime=0)).readinto)
    piece = memoryview(bytearray(10))
    assert [body.readinto(piece) for _time in range(3)] == [10, 10, 10]
    assert body.readinto(piece[:0]) == 0


@given(st.integers(0, 1017))
def test_what_breaks_off_ends_early(kept: int) -> None:
    content = bytes(range(250)) * 4
    packed = gzip.compress(content, 0, mtime=0)
    found = unpacked(packed[:kept], 300)
    assert content.startswith(found)
    assert len(found) <= kept


def test_another_coding_and_what_is_no_gzip_are_told() -> None:
    with pytest.raises(ValueError, match="'br', which nobody asked for"):
        GzipBody("br", io.BytesIO(b"").readinto)
    with pytest.raises(ValueError, match="gzip and is none"):
        unpacked(b"no gzip at all", 100)
