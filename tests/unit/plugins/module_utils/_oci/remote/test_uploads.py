# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry's uploads: its addresses and acknowledgements."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError

from tests.registries.faulty import FaultyRegistry
from tests.unit.plugins.module_utils._oci.case import MIB, UPLOADS, World

ABSURD = [
    None,
    "",
    "nonsense",
    "0-0",
    "0-5",
    "bytes=0-5",
    f"0-{MIB - 1}",
    "0-99999999",
    "0--1",
    "5-0",
    "0-" + "9" * 30,
]


@pytest.mark.parametrize("said", ABSURD)
def test_what_was_sent_counts_and_not_what_a_registry_acknowledges(world: World, said: str | None) -> None:
    world.destination.fault("PATCH", UPLOADS, answer_headers={"Range": said}, times=None)
    blob = world.hold(4 * MIB)
    done = world.copy(blob)
    assert world.has(blob)
    assert done.bytes_sent == blob.size
    assert world.destination.count("POST") == 1


@pytest.mark.parametrize("said", ABSURD)
@pytest.mark.parametrize("strict", [True, False])
def test_what_a_registry_says_of_an_upload_that_broke_off_does_no_harm(
    world: World, said: str | None, strict: bool
) -> None:
    world.destination.checks_ranges = strict
    world.destination.fault("PATCH", UPLOADS, skip=2, cut_request_after=1000)
    world.destination.fault("GET", UPLOADS, answer_headers={"Range": said}, times=None)
    blob = world.hold(4 * MIB)
    done = world.copy(blob)
    assert world.has(blob)
    assert done.bytes_sent <= 4 * blob.size


@pytest.mark.parametrize("status", [401, 403, 405, 500])
def test_an_upload_of_which_a_registry_says_nothing_begins_again(world: World, status: int) -> None:
    world.destination.fault("PATCH", UPLOADS, skip=2, cut_request_after=1000)
    world.destination.fault("GET", UPLOADS, status=status, times=5)
    blob = world.hold(4 * MIB)
    world.copy(blob)
    assert world.has(blob)


@pytest.mark.parametrize("said", ABSURD)
def test_a_registry_that_never_wants_the_bytes_that_come_is_given_up(world: World, said: str | None) -> None:
    world.destination.fault("PATCH", UPLOADS, skip=1, status=416, headers={"Range": said} if said else {}, times=None)
    blob = world.hold(4 * MIB)
    with pytest.raises(UnavailableError, match="expects other bytes next"):
        world.copy(blob)
    received = sum(request.body_bytes for request in world.destination.matching("PATCH"))
    assert received <= 4 * blob.size


def test_a_registry_that_takes_a_byte_more_each_time_is_given_up(world: World) -> None:
    known = 0

    def one_more(_request: Any) -> None:
        nonlocal known
        known += 1
        lie.answer_headers = {"Range": f"0-{known}"}

    world.destination.fault("PATCH", UPLOADS, status=503, times=None)
    lie = world.destination.fault("GET", UPLOADS, hook=one_more, times=None)
    blob = world.hold(4 * MIB)
    with pytest.raises(UnavailableError):
        world.copy(blob)
    assert world.destination.count("PATCH") <= 10


def test_an_upload_on_another_host_gets_no_credentials(world: World) -> None:
    world.destination.basic = ("user", "secret")
    with FaultyRegistry() as other:
        identifier = other.store.start("c/d")
        world.destination.fault(
            "POST", UPLOADS, skip=1, status=202, headers={"Location": f"{other.url}/v2/c/d/blobs/uploads/{identifier}"}
        )
        world.copy(world.hold(1000), destination={"username": "user", "password": "secret"})
        assert [request.method for request in other.requests] == ["PUT"]
        assert "authorization" not in other.requests[0].headers


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://u:p@127.0.0.1/x", "http://[", None])
def test_an_upload_without_a_usable_address_is_refused(world: World, location: str | None) -> None:
    world.destination.fault("POST", UPLOADS, answer_headers={"Location": location}, times=None)
    with pytest.raises(OperationError, match="no address"):
        world.copy(world.hold(1000))
