# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way a blob takes between two registries, and that it arrives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError

from tests.registries.faulty import FaultyRegistry
from tests.registries.images import make_blob
from tests.registries.relay import Relay
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.unit.plugins.module_utils._oci.case import BLOBS, MIB, World, nothing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [0, 1, (1 << 16) - 1, 1 << 16, MIB, MIB + 1, 3 * MIB, 3 * MIB + 5])
def test_a_blob_arrives_whole(world: World, size: int) -> None:
    blob = world.hold(size)
    done = world.copy(blob)
    assert world.has(blob)
    assert (done.bytes_sent, done.resumed_at, world.reported) == (size, 0, size)
    assert world.state_files == []
    assert world.destination.store.uploads == {}


def test_a_small_blob_takes_three_requests_and_a_large_one_a_patch_a_chunk(world: World) -> None:
    world.copy(world.hold(MIB))
    assert [request.method for request in world.destination.requests] == ["POST", "PUT"]
    world.destination.clear()
    world.copy(world.hold(3 * MIB))
    assert [request.method for request in world.destination.requests] == ["POST", "PATCH", "PATCH", "PATCH", "PUT"]
    assert world.source.count("GET", BLOBS) == 2


@pytest.mark.parametrize("name", ["../x", "a//b", "a/../b", "A/b", "a/b?x=1", "a/b#c", "a b", "", "a/b/", "é"])
def test_names_with_tricks_reach_no_registry(world: World, name: str) -> None:
    blob = descriptor(world.hold(10))
    source, destination = world.sides.connect(world.source), world.sides.connect(world.destination)
    made = transfer_between(source, destination, world.folder)
    for pair in ((name, "c/d"), ("a/b", name)):
        with pytest.raises(RequestError, match="is no repository"):
            made.copy_blob(pair[0], blob, pair[1], lambda _count: None)
    assert world.source.requests == world.destination.requests == []


def test_many_threads_copy_at_once_over_few_connections(plain: FaultyRegistry, sides: Sides, tmp_path: Path) -> None:
    blobs = [make_blob(20_000 + number) for number in range(60)] + [make_blob(2 * MIB)] * 8
    for blob in blobs:
        plain.push_blob("a/b", b"".join(blob.pieces()))
    with FaultyRegistry() as destination, Relay(destination.host) as relay:
        made = transfer_between(sides.connect(plain), sides.connect(relay), tmp_path / "state")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda blob: made.copy_blob("a/b", descriptor(blob), "c/d", nothing), blobs))
        assert len(destination.store.blobs) == 61
        assert relay.connections <= 8
        assert list((tmp_path / "state").iterdir()) == []
