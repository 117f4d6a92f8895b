"""Blobs that are copied between two registries, one of which fails."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    RequestError,
    UnavailableError,
)

from tests.registries.faulty import FaultyRegistry
from tests.registries.images import blob_of, make_blob
from tests.registries.sides import Sides, descriptor, transfer_between
from tests.registries.store import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20
UPLOADS = r"/blobs/uploads/"
BLOBS = r"/blobs/sha256:"


class World:
    """Two registries, the client between them, and what it reported."""

    def __init__(self, source: FaultyRegistry, destination: FaultyRegistry, sides: Sides, folder: Path) -> None:
        self.source, self.destination, self.sides, self.folder = source, destination, sides, folder
        self.warnings: list[str] = []
        self.reported = 0
        self._sides: tuple[Any, Any] | None = None

    def hold(self, size: int, content: bytes | None = None) -> Any:
        """A blob in the source."""
        blob = make_blob(size) if content is None else blob_of(content)
        self.source.push_blob("a/b", b"".join(blob.pieces()))
        return blob

    def copy(self, blob: Any, **options: Any) -> Any:
        """Copy it to the destination, as a new run does."""
        source = self.sides.connect(self.source, writes=False, **options.pop("source", {}))
        destination = self.sides.connect(self.destination, **options.pop("destination", {}))
        made = transfer_between(source, destination, self.folder, warn=self.warnings.append, **options)
        return made.copy_blob("a/b", descriptor(blob), "c/d", self._report)

    def _report(self, count: int) -> None:
        assert count > 0
        self.reported += count

    def has(self, blob: Any) -> bool:
        """Whether the destination holds the very bytes."""
        held = self.destination.store.blobs.get(("c/d", blob.digest))
        return held is not None and digest_of(held) == blob.digest

    @property
    def state_files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*")) if self.folder.exists() else []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    sides = Sides()
    with FaultyRegistry() as source, FaultyRegistry() as destination:
        yield World(source, destination, sides, tmp_path / "state")
        sides.close()


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
    assert [one.method for one in world.destination.requests] == ["POST", "PUT"]
    world.destination.clear()
    world.copy(world.hold(3 * MIB))
    assert [one.method for one in world.destination.requests] == ["POST", "PATCH", "PATCH", "PATCH", "PUT"]
    assert world.source.count("GET", BLOBS) == 2


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
    assert [one.body_bytes for one in world.destination.matching("PATCH")] == [2 * MIB, 2 * MIB, MIB]


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
    assert len([one for one in world.sides.waits.seconds if one >= 7]) == expected


def test_a_registry_that_stays_busy_is_given_up(world: World) -> None:
    world.destination.fault("POST", UPLOADS, status=503, times=None)
    with pytest.raises(UnavailableError, match="answered 503"):
        world.copy(world.hold(1000))
    assert world.destination.count("POST") == 6
    assert len(world.sides.waits.seconds) == 5


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
    received = sum(one.body_bytes for one in world.destination.matching("PATCH"))
    assert received == (4 * MIB if keeps else 5 * MIB + cut)
    assert done.bytes_sent >= blob.size


@pytest.mark.parametrize("size", [1000, 3 * MIB])
@pytest.mark.parametrize("cut", [0, 500])
def test_a_source_that_breaks_off_is_read_on_from_there(world: World, size: int, cut: int) -> None:
    world.source.fault("GET", BLOBS, cut_response_after=cut, times=2)
    blob = world.hold(size)
    world.copy(blob)
    assert world.has(blob)
    if cut:
        # The second answer began at byte 500 and broke off after as many.
        assert [one.headers.get("range") for one in world.source.matching("GET", BLOBS)] == [
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


def test_bytes_that_change_between_two_attempts_are_noticed_without_the_destination(world: World) -> None:
    blob = world.hold(1000)
    wrong = bytes(1000)
    world.destination.fault("PUT", UPLOADS, status=503)
    world.source.fault("GET", BLOBS, skip=1, times=None, answer_body=wrong)
    with pytest.raises(OperationError, match="other bytes than its manifest names"):
        world.copy(blob)
    assert world.destination.store.blobs == {}


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


def test_a_commit_whose_answer_was_lost_is_found_done(world: World) -> None:
    for size in (1000, 3 * MIB):
        world.destination.clear()
        world.destination.fault("PUT", UPLOADS, status=502, after=True)
        blob = world.hold(size)
        world.copy(blob)
        assert world.has(blob)
        assert world.destination.count("POST") == 1


def test_an_upload_that_is_forgotten_begins_again(world: World) -> None:
    def forget(_request: Any) -> None:
        world.destination.store.uploads.clear()

    world.destination.fault("PATCH", UPLOADS, skip=2, hook=forget)
    blob = world.hold(4 * MIB)
    world.copy(blob)
    assert world.has(blob)
    assert world.destination.count("POST") == 2


def test_an_upload_that_is_always_forgotten_is_given_up(world: World) -> None:
    world.destination.fault("PATCH", UPLOADS, status=404, times=None)
    with pytest.raises(OperationError, match="404"):
        world.copy(world.hold(3 * MIB))
    assert world.destination.count("POST") == 4


def test_a_registry_that_took_less_than_was_sent_gets_the_rest(world: World) -> None:
    def lose(_request: Any) -> None:
        for upload in world.destination.store.uploads.values():
            del upload.content[-1000:]

    world.destination.fault("PATCH", UPLOADS, skip=1, hook=lose)
    blob = world.hold(3 * MIB)
    world.copy(blob)
    assert world.has(blob)
    assert world.destination.count("POST") == 1


@pytest.mark.parametrize("said", ["0-99999999", "nonsense", "0-5"])
def test_an_absurd_acknowledgement_does_no_harm(world: World, said: str) -> None:
    world.destination.fault("PATCH", UPLOADS, answer_headers={"Range": said})
    blob = world.hold(3 * MIB)
    try:
        world.copy(blob)
    except OperationError as error:
        assert "acknowledges" in str(error)  # noqa: PT017 (either way is right, nothing else is)
        assert world.destination.store.blobs == {}
    else:
        assert world.has(blob)


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
    assert [one.body_bytes for one in world.destination.matching("PATCH")] == [MIB, MIB]
    assert [one.headers["range"] for one in world.source.matching("GET", BLOBS)] == [f"bytes={3 * MIB}-"]
    assert world.state_files == []


def _interrupted(world: World) -> Any:
    """A blob of 3 MiB of which one is acknowledged, and its state file."""
    blob = world.hold(3 * MIB)
    world.destination.fault("PATCH", UPLOADS, skip=1, status=500, times=None)
    world.destination.fault("GET", UPLOADS, status=500, times=None)
    with pytest.raises(UnavailableError):
        world.copy(blob)
    world.destination.clear()
    return blob


@pytest.mark.parametrize(
    "damage",
    [
        {"offset": -1},
        {"offset": 10**12},
        {"offset": True},
        {"offset": "1"},
        {"upload": 5},
        {"upload": "file:///etc/passwd"},
        {"upload": "http://127.0.0.1:9/v2/c/d/blobs/uploads/x"},
        {"started_at": 0},
        {"started_at": 9e12},
        {"version": 99},
        {"size": 7},
    ],
)
def test_a_state_that_cannot_be_right_is_dropped(world: World, damage: dict[str, Any]) -> None:
    blob = _interrupted(world)
    (state,) = world.folder.glob("*.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), **damage}))
    assert world.copy(blob).resumed_at == 0
    assert world.has(blob)
    assert world.state_files == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 70000])
def test_a_garbled_state_is_dropped(world: World, content: bytes) -> None:
    blob = _interrupted(world)
    (state,) = world.folder.glob("*.json")
    state.write_bytes(content)
    assert world.copy(blob).resumed_at == 0
    assert world.has(blob)


def test_an_upload_that_the_registry_forgot_meanwhile_begins_again(world: World) -> None:
    blob = _interrupted(world)
    world.destination.store.uploads.clear()
    done = world.copy(blob)
    assert (done.resumed_at, done.bytes_sent) == (0, blob.size)
    assert world.has(blob)


def test_an_upload_damaged_meanwhile_is_found_at_the_commit_and_sent_again(world: World) -> None:
    blob = _interrupted(world)
    for upload in world.destination.store.uploads.values():
        upload.content[0] ^= 1
    done = world.copy(blob)
    assert world.has(blob)
    assert done.resumed_at == 0


def test_two_runs_never_share_an_upload(world: World) -> None:
    blob = _interrupted(world)
    (lock,) = world.folder.glob("*.lock")
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert world.copy(blob).resumed_at == 0
    assert world.has(blob)


def test_old_states_are_swept_away(world: World) -> None:
    _interrupted(world)
    (state,) = world.folder.glob("*.json")
    os.utime(state, (1, 1))
    world.copy(world.hold(2 * MIB + 1))
    assert world.state_files == []


def test_without_a_folder_for_state_the_copy_goes_on_and_says_so_once(world: World) -> None:
    world.folder.write_text("a file is in the way")
    for size in (2 * MIB, 3 * MIB):
        blob = world.hold(size)
        world.copy(blob)
        assert world.has(blob)
    assert len(world.warnings) == 2  # one for each run
    assert "state_directory" in world.warnings[0]


@pytest.mark.parametrize("sizes", [[1000, 1001, 1002], [5 * MIB]])
def test_tokens_that_expire_on_the_way_are_renewed(world: World, sizes: list[int]) -> None:
    for registry in (world.source, world.destination):
        registry.basic, registry.bearer, registry.token_requests = ("user", "secret"), True, 2
    login = {"username": "user", "password": "secret"}
    source, destination = world.sides.connect(world.source, **login), world.sides.connect(world.destination, **login)
    made = transfer_between(source, destination, world.folder)
    for size in sizes:
        blob = world.hold(size)
        made.copy_blob("a/b", descriptor(blob), "c/d", lambda _count: None)
        assert world.has(blob)
    assert world.destination.count("GET", "/token") >= 3
    assert set(world.destination.token_scopes) == {"repository:c/d:pull,push"}


def test_credentials_that_are_wrong_say_so(world: World) -> None:
    world.destination.basic = ("user", "secret")
    with pytest.raises(CredentialsError, match="refused the credentials") as raised:
        world.copy(world.hold(3 * MIB), destination={"username": "user", "password": "wr0ng"})
    assert "wr0ng" not in str(raised.value)


def test_a_redirect_to_another_host_carries_no_credentials(world: World) -> None:
    world.source.basic = ("user", "secret")
    blob = world.hold(3 * MIB)
    with FaultyRegistry() as storage:
        storage.files["/bucket/object"] = world.source.store.blobs["a/b", blob.digest]
        storage.fault("GET", "/bucket", cut_response_after=MIB)
        world.source.fault(
            "GET", BLOBS, skip=1, times=None, status=307, headers={"Location": f"{storage.url}/bucket/object?signed=1"}
        )
        world.copy(blob, source={"username": "user", "password": "secret"})
        assert world.has(blob)
        assert [one.headers.get("range") for one in storage.requests] == [None, f"bytes={MIB}-"]
        assert all("authorization" not in one.headers and "cookie" not in one.headers for one in storage.requests)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "http://user:pw@127.0.0.1/x", "//["]
)
def test_a_redirect_elsewhere_is_not_followed(world: World, location: str) -> None:
    world.source.fault("GET", BLOBS, status=307, headers={"Location": location}, times=None)
    with pytest.raises(OperationError, match="not followed"):
        world.copy(world.hold(1000))


def test_redirects_in_a_circle_end(world: World) -> None:
    blob = world.hold(1000)
    world.source.fault("GET", BLOBS, status=307, headers={"Location": f"/v2/a/b/blobs/{blob.digest}"}, times=None)
    with pytest.raises(OperationError, match="redirects more than 5 times"):
        world.copy(blob)
    assert world.source.count("GET", BLOBS) == 6


def test_an_upload_on_another_host_gets_no_credentials(world: World) -> None:
    world.destination.basic = ("user", "secret")
    with FaultyRegistry() as other:
        identifier = other.store.start("c/d")
        world.destination.fault(
            "POST", UPLOADS, skip=1, status=202, headers={"Location": f"{other.url}/v2/c/d/blobs/uploads/{identifier}"}
        )
        world.copy(world.hold(1000), destination={"username": "user", "password": "secret"})
        assert [one.method for one in other.requests] == ["PUT"]
        assert "authorization" not in other.requests[0].headers


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://u:p@127.0.0.1/x", "http://[", None])
def test_an_upload_without_a_usable_address_is_refused(world: World, location: str | None) -> None:
    world.destination.fault("POST", UPLOADS, answer_headers={"Location": location}, times=None)
    with pytest.raises(OperationError, match="no address"):
        world.copy(world.hold(1000))


@pytest.mark.parametrize("name", ["../x", "a//b", "a/../b", "A/b", "a/b?x=1", "a/b#c", "a b", "", "a/b/", "é"])
def test_names_with_tricks_reach_no_registry(world: World, name: str) -> None:
    blob = descriptor(world.hold(10))
    source, destination = world.sides.connect(world.source), world.sides.connect(world.destination)
    made = transfer_between(source, destination, world.folder)
    for pair in ((name, "c/d"), ("a/b", name)):
        with pytest.raises(RequestError, match="is no repository"):
            made.copy_blob(pair[0], blob, pair[1], lambda _count: None)
    assert world.source.requests == world.destination.requests == []


def test_a_blob_that_the_source_lost_says_so(world: World) -> None:
    with pytest.raises(OperationError, match="404"):
        world.copy(make_blob(1000))
    assert world.destination.store.blobs == {}


def test_a_registry_that_cannot_be_reached_says_so(world: World, tmp_path: Path) -> None:
    blob = world.hold(1000)
    with FaultyRegistry() as gone:
        pass
    source, destination = world.sides.connect(world.source), world.sides.connect(gone)
    with pytest.raises(UnavailableError, match="could not be asked"):
        transfer_between(source, destination, tmp_path).copy_blob("a/b", descriptor(blob), "c/d", lambda _count: None)
