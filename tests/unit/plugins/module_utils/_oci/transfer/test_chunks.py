# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A blob in one piece or in chunks: where it goes on after a failure, and after a run that ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    UnavailableError,
)

from tests.registries.sides import descriptor
from tests.unit.plugins.module_utils._oci.case import BLOBS, MIB, UPLOADS, World, interrupted, nothing


def test_the_source_is_asked_while_the_upload_begins(world: World) -> None:
    blob = world.hold(1000)
    seen = []
    world.destination.fault("POST", UPLOADS, hook=lambda _request: seen.append(world.source.wait_for("GET", BLOBS)))
    world.copy(blob)
    assert seen == [True]


def test_a_registrys_smallest_chunk_is_kept_to(world: World) -> None:
    world.destination.chunk_min_length = 2 * MIB
    blob = world.hold(5 * MIB)
    world.copy(blob)
    assert [request.body_bytes for request in world.destination.matching("PATCH")] == [2 * MIB, 2 * MIB, MIB]


@pytest.mark.parametrize("cut", [0, 1, 100_000, MIB - 1])
@pytest.mark.parametrize("keeps", [True, False])
def test_an_upload_goes_on_where_a_broken_connection_left_it(world: World, cut: int, keeps: bool) -> None:
    world.destination.keep_partial = keeps
    world.destination.fault("PATCH", UPLOADS, skip=1, cut_request_after=cut)
    blob = world.hold(4 * MIB)
    done = world.copy(blob)
    assert world.has(blob)
    assert world.reported == blob.size
    posts = world.destination.count("POST", UPLOADS)
    # A registry that forgets an upload whose connection broke (docker-registry) gets that one blob from the start.
    assert posts == (1 if keeps else 2)
    received = sum(request.body_bytes for request in world.destination.matching("PATCH"))
    assert received == (4 * MIB if keeps else 5 * MIB + cut)
    assert done.bytes_sent >= blob.size


def test_an_upload_that_is_forgotten_begins_again(world: World) -> None:
    def forget(_request: Any) -> None:
        world.destination.store.uploads.clear()

    world.destination.fault("PATCH", UPLOADS, skip=2, hook=forget)
    blob = world.hold(4 * MIB)
    world.copy(blob)
    assert world.has(blob)
    assert world.destination.count("POST") == 2


def test_a_registry_that_took_less_than_was_sent_gets_the_rest(world: World) -> None:
    def lose(_request: Any) -> None:
        for upload in world.destination.store.uploads.values():
            del upload.content[-1000:]

    world.destination.fault("PATCH", UPLOADS, skip=1, hook=lose)
    blob = world.hold(3 * MIB)
    world.copy(blob)
    assert world.has(blob)
    assert world.destination.count("POST") == 1


def test_a_run_that_ended_is_taken_up_by_the_next(world: World) -> None:
    blob = world.hold(5 * MIB)
    world.destination.fault("PATCH", UPLOADS, skip=3, status=500, times=None)
    world.destination.fault("GET", UPLOADS, status=500, times=None)
    with pytest.raises(UnavailableError):
        world.copy(blob)
    (state,) = world.folder.glob("*.json")
    assert state.stat().st_mode & 0o777 == 0o600
    assert world.folder.stat().st_mode & 0o777 == 0o700
    assert json.loads(state.read_text())["offset"] == 3 * MIB
    world.destination.clear()
    world.source.clear()
    world.reported = 0
    done = world.copy(blob)
    assert world.has(blob)
    assert (done.bytes_sent, done.resumed_at, world.reported) == (2 * MIB, 3 * MIB, 5 * MIB)
    assert [request.body_bytes for request in world.destination.matching("PATCH")] == [MIB, MIB]
    assert [request.headers["range"] for request in world.source.matching("GET", BLOBS)] == [f"bytes={3 * MIB}-"]
    assert world.state_files == []


def test_an_upload_that_the_registry_forgot_meanwhile_begins_again(world: World) -> None:
    blob = interrupted(world)
    world.destination.store.uploads.clear()
    done = world.copy(blob)
    assert (done.resumed_at, done.bytes_sent) == (0, blob.size)
    assert world.has(blob)


def test_an_upload_damaged_meanwhile_is_found_at_the_commit_and_sent_again(world: World) -> None:
    blob = interrupted(world)
    for upload in world.destination.store.uploads.values():
        upload.content[0] ^= 1
    done = world.copy(blob)
    assert world.has(blob)
    assert done.resumed_at == 0


def test_an_upload_whose_registry_lost_bytes_unseen_is_sent_again_in_one_request(world: World) -> None:
    world.destination.checks_ranges = False

    def lose(_request: Any) -> None:
        for upload in world.destination.store.uploads.values():
            del upload.content[-1000:]

    world.destination.fault("PATCH", UPLOADS, skip=1, hook=lose)
    blob = world.hold(3 * MIB)
    world.copy(blob)
    assert world.has(blob)
    assert [request.body_bytes for request in world.destination.matching("PATCH")] == [MIB, MIB, MIB, 3 * MIB]


def test_a_registry_that_never_keeps_what_it_takes_is_given_up(world: World) -> None:
    def lose(_request: Any) -> None:
        for upload in world.destination.store.uploads.values():
            upload.content.clear()

    world.destination.fault("PUT", UPLOADS, hook=lose, times=None)
    blob = world.hold(3 * MIB)
    with pytest.raises(OperationError, match="DIGEST_INVALID"):
        world.copy(blob)
    assert sum(request.body_bytes for request in world.destination.matching("PATCH")) == 4 * blob.size


@pytest.mark.parametrize("status", [413, 400])
@pytest.mark.parametrize("size", [MIB, 3 * MIB])
def test_a_registry_that_takes_less_at_once_gets_less(world: World, status: int, size: int) -> None:
    world.destination.most_bytes, world.destination.too_many_status = 300_000, status
    blob = world.hold(size)
    done = world.copy(blob)
    assert world.has(blob)
    assert done.bytes_sent <= size + 2 * MIB
    bodies = [request.body_bytes for request in world.destination.matching("", UPLOADS) if request.body_bytes]
    assert bodies[:3] == [MIB, MIB // 2, MIB // 4]
    assert set(bodies[2:]) == {MIB // 4}
    assert world.destination.store.uploads == {}


def test_what_a_registry_takes_at_once_is_remembered_for_the_next_blob(world: World) -> None:
    world.destination.most_bytes = 300_000
    made = world.transfer()
    for size in (MIB, 3 * MIB + 1):
        world.destination.requests.clear()
        made.copy_blob("a/b", descriptor(world.hold(size)), "c/d", nothing)
    assert max(request.body_bytes for request in world.destination.requests) == MIB // 4


@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_registry_that_takes_nothing_at_once_is_given_up(world: World, size: int) -> None:
    world.destination.most_bytes = 0
    with pytest.raises(OperationError, match="too many bytes at once"):
        world.copy(world.hold(size))
    assert world.destination.count("", UPLOADS) < 20


SILENT: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 429},
    {"status": 403},
    {"cut_response_after": 0, "answer_headers": {"Content-Length": "9"}},
    {"answer_headers": {"Location": "http://[::1"}},
    {"status": 302, "headers": {"Location": "ftp://elsewhere.example/"}},
    {"status": 302, "headers": {"Location": "/v2/c/d/blobs/uploads/again"}},
]


@pytest.mark.parametrize("silent", SILENT, ids=str)
@pytest.mark.parametrize("cut", [0, 100])
@pytest.mark.parametrize("checks", [True, False])
def test_a_registry_that_never_says_how_far_an_upload_is_gets_the_blob(
    world: World, silent: dict[str, Any], cut: int, checks: bool
) -> None:
    world.destination.checks_ranges = checks
    world.destination.fault("GET", UPLOADS, times=None, **silent)
    world.destination.fault("PATCH", UPLOADS, skip=1, cut_request_after=cut)
    blob = world.hold(3 * MIB)
    done = world.copy(blob)
    assert world.has(blob)
    assert done.bytes_sent <= 3 * blob.size
    assert world.destination.count("GET", UPLOADS) <= 6
    assert world.state_files == []


@pytest.mark.parametrize("silent", SILENT, ids=str)
def test_a_run_that_ended_is_taken_up_where_the_registry_does_not_say_how_far_it_got(
    world: World, silent: dict[str, Any]
) -> None:
    blob = interrupted(world)
    world.destination.fault("GET", UPLOADS, times=None, **silent)
    world.copy(blob)
    assert world.has(blob)


@pytest.mark.parametrize("status", [500, 403])
@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_a_registry_that_never_says_whether_a_blob_has_arrived_gets_it_again(
    world: World, size: int, status: int
) -> None:
    world.destination.fault("HEAD", BLOBS, status=status, times=None)
    world.destination.fault("PUT", UPLOADS, status=404, after=size > MIB)
    if size < MIB:
        world.destination.fault("PUT", UPLOADS, cut_request_after=10)
    blob = world.hold(size)
    world.copy(blob)
    assert world.has(blob)


def test_credentials_that_are_refused_while_an_upload_is_asked_for_end_the_run(world: World) -> None:
    world.destination.bearer = True
    blob = world.hold(3 * MIB)

    def refuse(_request: Any) -> None:
        world.destination.basic = ("other", "user")
        world.destination.tokens.clear()

    world.destination.fault("PATCH", UPLOADS, skip=1, hook=refuse)
    with pytest.raises(CredentialsError):
        world.copy(blob)
