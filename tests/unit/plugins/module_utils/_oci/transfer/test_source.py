# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A blob as it is read from its registry, which breaks off, lies or has no ranges."""

from __future__ import annotations

import gzip
import os
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError

from tests.registries.images import make_blob
from tests.unit.plugins.module_utils._oci.case import BLOBS, MIB, UPLOADS, World


@pytest.mark.parametrize("size", [1000, 3 * MIB])
@pytest.mark.parametrize("cut", [0, 500])
def test_a_source_that_breaks_off_is_read_on_from_there(world: World, size: int, cut: int) -> None:
    world.source.fault("GET", BLOBS, cut_response_after=cut, times=2)
    blob = world.hold(size)
    world.copy(blob)
    assert world.has(blob)
    if cut:
        # The second answer began at byte 500 and broke off after as many.
        assert [request.headers.get("range") for request in world.source.matching("GET", BLOBS)] == [
            None,
            "bytes=500-",
            *(["bytes=1000-"] if size > 1000 else []),
        ]


def test_a_source_without_ranges_is_read_from_the_start_again(world: World) -> None:
    world.source.ranges = False
    world.source.fault("GET", BLOBS, cut_response_after=2 * MIB)
    blob = world.hold(3 * MIB)
    world.copy(blob)
    assert world.has(blob)
    assert world.source.count("GET", BLOBS) == 2


def test_a_source_that_always_breaks_off_is_given_up(world: World) -> None:
    world.source.fault("GET", BLOBS, cut_response_after=0, times=None)
    blob = world.hold(3 * MIB)
    with pytest.raises(UnavailableError, match="ended too early"):
        world.copy(blob)
    assert not world.has(blob)


@pytest.mark.parametrize("difference", [-1, 1, 1000])
@pytest.mark.parametrize("size", [2000, 3 * MIB])
def test_a_wrong_length_is_refused(world: World, size: int, difference: int) -> None:
    blob = world.hold(size)
    content = world.source.store.blobs["a/b", blob.digest] + bytes(1000)
    wrong = content[: size + difference]
    world.source.fault("GET", BLOBS, answer_body=wrong, answer_headers={"Content-Length": str(len(wrong))}, times=None)
    with pytest.raises(OperationError, match=f"it has {size} bytes, but it announces {len(wrong)}"):
        world.copy(blob)
    assert world.destination.store.blobs == {}
    assert world.destination.store.uploads == {}


def test_more_bytes_than_promised_are_refused_without_a_length_too(world: World) -> None:
    blob = world.hold(2000)
    content = world.source.store.blobs["a/b", blob.digest]
    world.source.fault("GET", BLOBS, answer_body=content + b"x", answer_headers={"Content-Length": None}, times=None)
    with pytest.raises(OperationError, match="more bytes"):
        world.copy(blob)
    assert world.destination.store.blobs == {}


def test_a_range_that_was_not_asked_for_is_refused(world: World) -> None:
    blob = world.hold(3 * MIB)
    world.source.fault("GET", BLOBS, cut_response_after=MIB)
    world.source.fault("GET", BLOBS, skip=1, answer_headers={"Content-Range": f"bytes 5-{3 * MIB - 1}/{3 * MIB}"})
    with pytest.raises(OperationError, match="another range"):
        world.copy(blob)


def test_a_blob_that_the_source_lost_says_so(world: World) -> None:
    with pytest.raises(OperationError, match="does not hold it"):
        world.copy(make_blob(1000))
    assert world.destination.store.blobs == {}


@pytest.mark.parametrize("size", [1, 2000, 3 * MIB])
def test_a_blob_in_gzip_is_unpacked(world: World, size: int) -> None:
    blob = world.hold(size)
    coded = gzip.compress(world.source.store.blobs["a/b", blob.digest], 1)
    world.source.fault("GET", BLOBS, answer_body=coded, answer_headers={"Content-Encoding": "gzip"})
    world.copy(blob)
    assert world.has(blob)


@pytest.mark.parametrize(("coding", "said"), [("br", "'br', which nobody asked for"), ("gzip", "gzip and is none")])
def test_a_blob_in_a_coding_that_cannot_be_read_says_so(world: World, coding: str, said: str) -> None:
    blob = world.hold(2000)
    world.source.fault("GET", BLOBS, answer_headers={"Content-Encoding": coding}, times=None)
    with pytest.raises(UnavailableError, match=said):
        world.copy(blob)
    assert world.destination.store.blobs == {}


def _coded(world: World, size: int, *, with_ranges: bool) -> Any:
    """A blob that a proxy sends in gzip, whose ranges count the coded bytes."""
    blob = world.hold(size, (b"%d " % size) * (size // 8))
    path = f"/v2/a/b/blobs/{blob.digest}"
    world.source.files[path] = gzip.compress(world.source.store.blobs["a/b", blob.digest], 1)
    world.source.ranges = with_ranges
    world.source.fault("GET", BLOBS, times=None, answer_headers={"Content-Encoding": "gzip"})
    return blob


@pytest.mark.parametrize("with_ranges", [True, False])
@pytest.mark.parametrize("cut", [0, 1, 2000, 10_000])
def test_a_blob_in_gzip_that_breaks_off_begins_again(world: World, cut: int, with_ranges: bool) -> None:
    blob = _coded(world, 4 * MIB, with_ranges=with_ranges)
    world.source.fault("GET", BLOBS, cut_response_after=cut, times=2)
    world.copy(blob)
    assert world.has(blob)


@pytest.mark.parametrize("with_ranges", [True, False])
def test_an_upload_is_taken_up_with_a_blob_in_gzip(world: World, with_ranges: bool) -> None:
    blob = _coded(world, 4 * MIB, with_ranges=with_ranges)
    world.destination.fault("PATCH", UPLOADS, skip=1, status=500, times=None)
    with pytest.raises(UnavailableError):
        world.copy(blob)
    world.destination.clear()
    # Byte 1 MiB of the blob is behind the end of the coded bytes: 416.
    assert len(next(iter(world.source.files.values()))) < MIB
    assert world.copy(blob).resumed_at == MIB
    assert world.has(blob)


def test_a_blob_in_gzip_of_which_only_a_range_came_is_asked_for_as_a_whole(world: World) -> None:
    blob = world.hold(3 * MIB, os.urandom(3 * MIB))
    world.source.fault("GET", BLOBS, cut_response_after=MIB)
    world.source.fault("GET", BLOBS, skip=1, answer_headers={"Content-Encoding": "gzip"})
    world.copy(blob)
    assert world.has(blob)
    assert [request.headers.get("range") for request in world.source.matching("GET", BLOBS)] == [
        None,
        f"bytes={MIB}-",
        None,
    ]


def test_a_blob_in_gzip_that_always_breaks_off_names_the_coding(world: World) -> None:
    blob = _coded(world, 4 * MIB, with_ranges=True)
    world.source.fault("GET", BLOBS, cut_response_after=2000, times=None)
    with pytest.raises(UnavailableError, match=r"comes with Content-Encoding gzip.*proxy before it"):
        world.copy(blob)


def test_other_bytes_in_gzip_name_the_coding(world: World) -> None:
    blob = _coded(world, 4 * MIB, with_ranges=True)
    world.source.files[f"/v2/a/b/blobs/{blob.digest}"] = gzip.compress(bytes(4 * MIB + 1))
    with pytest.raises(OperationError, match="Content-Encoding gzip"):
        world.copy(blob)
