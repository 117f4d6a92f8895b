# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every way of copying a blob does alike: it waits, begins again, gives up, and never commits wrong bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError

from tests.registries.faulty import FaultyRegistry
from tests.registries.sides import descriptor, transfer_between
from tests.unit.plugins.module_utils._oci.case import BLOBS, MIB, UPLOADS, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "where",
    [
        ("source", "GET", BLOBS),
        ("destination", "POST", UPLOADS),
        ("destination", "PATCH", UPLOADS),
        ("destination", "PUT", UPLOADS),
    ],
)
@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_busy_registry_is_asked_again(world: World, status: int, where: tuple[str, str, str], size: int) -> None:
    side, method, path = where
    getattr(world, side).fault(method, path, status=status, times=2, headers={"Retry-After": "7"})
    blob = world.hold(size)
    world.copy(blob)
    assert world.has(blob)
    expected = 0 if (method, size) == ("PATCH", 1000) else 2
    assert len([second for second in world.sides.waits.seconds if second >= 7]) == expected


def test_a_registry_that_stays_busy_is_given_up(world: World) -> None:
    world.destination.fault("POST", UPLOADS, status=503, times=None)
    with pytest.raises(UnavailableError, match="answered 503"):
        world.copy(world.hold(1000))
    assert world.destination.count("POST") == 6
    assert len(world.sides.waits.seconds) == 5


@pytest.mark.parametrize("size", [1000, MIB, 3 * MIB])
def test_wrong_bytes_are_never_committed(world: World, size: int) -> None:
    blob = world.hold(size)
    wrong = bytearray(world.source.store.blobs["a/b", blob.digest])
    wrong[-1] ^= 1
    world.source.fault("GET", BLOBS, answer_body=bytes(wrong), times=None)
    with pytest.raises(OperationError, match="other bytes than its manifest names") as raised:
        world.copy(blob)
    assert not isinstance(raised.value, UnavailableError)
    assert world.destination.count("PUT") == (1 if size <= MIB else 0)
    assert world.destination.store.blobs == {}
    assert world.destination.store.uploads == {}
    assert world.state_files == []


def test_bytes_that_change_between_two_attempts_are_noticed_without_the_destination(world: World) -> None:
    blob = world.hold(1000)
    wrong = bytes(1000)
    world.destination.fault("PUT", UPLOADS, status=503)
    world.source.fault("GET", BLOBS, skip=1, times=None, answer_body=wrong)
    with pytest.raises(OperationError, match="other bytes than its manifest names"):
        world.copy(blob)
    assert world.destination.store.blobs == {}


def test_a_commit_whose_answer_was_lost_is_found_done(world: World) -> None:
    for size in (1000, 3 * MIB):
        world.destination.clear()
        world.destination.fault("PUT", UPLOADS, status=502, after=True)
        blob = world.hold(size)
        world.copy(blob)
        assert world.has(blob)
        assert world.destination.count("POST") == 1


def test_an_upload_that_is_always_forgotten_is_given_up(world: World) -> None:
    world.destination.fault("PATCH", UPLOADS, status=404, times=None)
    with pytest.raises(OperationError, match="404"):
        world.copy(world.hold(3 * MIB))
    assert world.destination.count("POST") == 4


def test_a_registry_that_cannot_be_reached_says_so(world: World, tmp_path: Path) -> None:
    blob = world.hold(1000)
    with FaultyRegistry() as gone:
        pass
    source, destination = world.sides.connect(world.source), world.sides.connect(gone)
    with pytest.raises(UnavailableError, match="could not be asked"):
        transfer_between(source, destination, tmp_path).copy_blob("a/b", descriptor(blob), "c/d", lambda _count: None)
