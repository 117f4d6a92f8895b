# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Storages of videos: folders, and S3 as botocore's stub answers for it."""

from __future__ import annotations

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config as BotoConfig
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from fastbreak_service.footage.bucket import Bucket
from fastbreak_service.footage.choice import footage_of
from fastbreak_service.footage.folder import Folder
from fastbreak_service.footage.ports import FootageError, FootageMissingError, PartsMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastbreak_service.footage.ports import Footage

VIDEO = b"moving pictures"


def arrived(footage: Footage) -> Path:
    """A file that has just arrived."""
    path = footage.directory / f"{uuid.uuid4()}.part"
    path.write_bytes(VIDEO)
    return path


@pytest.mark.parametrize("lasting", [True, False])
def test_a_folder_keeps_what_it_is_given_until_it_is_told_otherwise(tmp_path: Path, *, lasting: bool) -> None:
    footage = footage_of(str(tmp_path / "new" / "folder")) if lasting else footage_of("")
    assert footage.durable is lasting
    identity, file = uuid.uuid4(), arrived(footage)
    footage.keep(identity, file)
    assert not file.exists()
    fetched = footage.fetch(identity)
    footage.put_away(fetched)
    assert footage.fetch(identity).read_bytes() == VIDEO
    for _ in range(2):
        footage.retire(identity)
    # What was looked for among what waits is there no more, and so takes none of its room.
    assert [path.name for path in footage.directory.rglob("*.video")] == [f"{identity}.video"] * lasting
    assert list(footage.directory.glob("*.video")) == []
    footage.discard(identity)
    footage.discard(identity)
    assert list(footage.directory.rglob("*.video")) == []
    with pytest.raises(FootageMissingError):
        footage.fetch(identity)
    footage.close()
    assert footage.directory.exists() is lasting


def test_processes_that_share_a_folder_name_it_alike_and_others_do_not(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda _: Folder.lasting(tmp_path / "a").place, range(16)))
    assert len(places) == 1
    others = [Folder.temporary(), Folder.temporary(), Folder.lasting(tmp_path / "b")]
    assert len(places | {other.place for other in others}) == 4
    assert [path.name for path in (tmp_path / "a").iterdir()] == [".place"]
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    for other in others:
        other.close()


@pytest.mark.parametrize("content", ["", "no name", "\0"])
def test_a_folder_whose_name_is_broken_is_not_used(tmp_path: Path, content: str) -> None:
    (tmp_path / ".place").write_text(content)
    with pytest.raises(FootageError, match="does not hold the folder's name"):
        Folder.lasting(tmp_path)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FootageError, match=r"Tried to use .*/file/folder"):
        Folder.lasting(tmp_path / "file" / "folder")


def test_what_killed_processes_left_is_found_when_it_is_old(tmp_path: Path) -> None:
    footage = Folder.lasting(tmp_path)
    old, new = uuid.uuid4(), uuid.uuid4()
    names = [f"{old}.video", f"{new}.video", f"{old}.part", f"{new}.part", f"{old}.csv", "notes.video"]
    for name in names:
        (tmp_path / name).write_bytes(VIDEO)
        if str(new) not in name:
            long_ago = time.time() - 100_000
            os.utime(tmp_path / name, (long_ago, long_ago))
    retired = uuid.uuid4()
    (tmp_path / f"{retired}.video").write_bytes(VIDEO)
    os.utime(tmp_path / f"{retired}.video", (time.time() - 4000, time.time() - 4000))
    footage.retire(retired)
    assert footage.strays() == [old, retired]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".place", "kept", f"{old}.video", f"{new}.video", f"{new}.part", "notes.video"}


@pytest.fixture
def bucket() -> Iterator[tuple[Bucket, Stubber]]:
    """A bucket whose answers are said beforehand, and all of them used."""
    config = BotoConfig(signature_version="s3v4")
    client = boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="s", config=config
    )
    made = Bucket("footage", "videos/", client, TransferConfig(use_threads=False))
    with Stubber(client) as stub:
        yield made, stub
        stub.assert_no_pending_responses()
    made.close()
    assert not made.directory.exists()


def key(identity: uuid.UUID) -> dict[str, Any]:
    """Where a video is."""
    return {"Bucket": "footage", "Key": f"videos/{identity}.video"}


def test_a_bucket_takes_a_video_over(bucket: tuple[Bucket, Stubber]) -> None:
    footage, stub = bucket
    identity, file = uuid.uuid4(), arrived(footage)
    stub.add_response("put_object", {}, {**key(identity), "Body": ANY, "ChecksumAlgorithm": ANY})
    footage.keep(identity, file)
    assert (footage.durable, footage.place, file.exists()) == (True, "s3://footage/videos/", False)


def test_a_bucket_gives_a_video_as_a_file_and_deletes_it_when_told(bucket: tuple[Bucket, Stubber]) -> None:
    footage, stub = bucket
    identity = uuid.uuid4()
    for _ in range(2):
        stub.add_response("head_object", {"ContentLength": len(VIDEO), "ETag": '"e"'}, key(identity))
        body = {"Body": StreamingBody(BytesIO(VIDEO), len(VIDEO)), "ContentLength": len(VIDEO), "ETag": '"e"'}
        stub.add_response("get_object", body, key(identity))
    stub.add_response("delete_object", {}, key(identity))
    # A check and a worker may have it at the same time.
    checked, fetched = footage.fetch(identity), footage.fetch(identity)
    footage.put_away(checked)
    assert (fetched.parent, fetched.read_bytes()) == (footage.directory, VIDEO)
    footage.put_away(fetched)
    assert list(footage.directory.iterdir()) == []
    footage.discard(identity)


def test_a_bucket_s_link_is_signed_for_a_while_and_says_how_it_is_played(bucket: tuple[Bucket, Stubber]) -> None:
    footage, stub = bucket
    identity = uuid.uuid4()
    stub.add_response("head_object", {"ContentLength": len(VIDEO)}, key(identity))
    asked = parse_qs(urlsplit(footage.link(identity, "video/mp4", 600)).query)
    assert (asked["X-Amz-Algorithm"], asked["X-Amz-Expires"]) == (["AWS4-HMAC-SHA256"], ["600"])
    assert asked["response-content-type"] == ["video/mp4"]
    assert asked["response-content-disposition"] == ["inline"]
    assert footage.linked(identity, "video/mp4", "x") is None
    stub.add_client_error("head_object", "404", "said S3", http_status_code=404)
    with pytest.raises(FootageMissingError):
        footage.link(identity, "video/mp4", 600)


@pytest.mark.parametrize(
    ("region", "endpoint", "address"),
    [
        ("us-east-1", "", "https://footage.s3.us-east-1.amazonaws.com/videos/"),
        ("eu-west-1", "", "https://footage.s3.eu-west-1.amazonaws.com/videos/"),
        ("us-east-1", "http://sandbox:4566", "http://sandbox:4566/footage/videos/"),
    ],
)
def test_a_bucket_s_link_has_the_name_of_the_bucket_and_its_region_unless_an_endpoint_is_named(
    monkeypatch: pytest.MonkeyPatch, region: str, endpoint: str, address: str
) -> None:
    """The policy of the console's pages names exactly that."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    for name, value in (("AWS_DEFAULT_REGION", region), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")):
        monkeypatch.setenv(name, value)
    made = Bucket("footage", "videos/")
    with Stubber(made._asking) as stub:
        stub.add_response("head_object", {})
        assert made.link(uuid.uuid4(), "video/mp4", 600).startswith(address)
    patience = made._asking.meta.config
    assert (patience.read_timeout, patience.retries["total_max_attempts"], patience.signature_version) == (5, 2, "s3v4")
    made.close()


@pytest.mark.parametrize(("status", "kind"), [(404, FootageMissingError), (403, FootageError), (503, FootageError)])
def test_a_bucket_tells_what_is_missing_from_what_cannot_be_had(
    bucket: tuple[Bucket, Stubber], status: int, kind: type[FootageError]
) -> None:
    footage, stub = bucket
    identity = uuid.uuid4()
    stub.add_client_error("head_object", str(status), "said S3", http_status_code=status)
    with pytest.raises(FootageError, match=f"s3://footage/videos/{identity}") as caught:
        footage.fetch(identity)
    assert type(caught.value) is kind


def test_a_video_that_a_bucket_refuses_stays_where_it_is(bucket: tuple[Bucket, Stubber]) -> None:
    footage, stub = bucket
    identity, file = uuid.uuid4(), arrived(footage)
    stub.add_client_error("put_object", "AccessDenied", "said S3", http_status_code=403)
    with pytest.raises(FootageError, match="AccessDenied"):
        footage.keep(identity, file)
    assert file.read_bytes() == VIDEO


@pytest.mark.parametrize(
    ("setting", "place"), [("s3://b/", "s3://b/"), ("s3://b", "s3://b/"), ("s3://b/a/c/", "s3://b/a/c/")]
)
def test_a_bucket_is_named_alike_however_it_is_written(
    monkeypatch: pytest.MonkeyPatch, setting: str, place: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    footage = footage_of(setting)
    assert footage.place == place
    footage.close()


def test_a_bucket_erases_every_version_and_every_mark_of_one_video(bucket: tuple[Bucket, Stubber]) -> None:
    made, stub = bucket
    analysis = uuid.uuid4()
    key = f"videos/{analysis}.video"
    asked = {"Bucket": "footage", "Prefix": key}
    first = {
        "IsTruncated": True,
        "NextKeyMarker": key,
        "NextVersionIdMarker": "v2",
        "Versions": [
            {"Key": key, "VersionId": "v1"},
            {"Key": key, "VersionId": "v2"},
            {"Key": f"{key}2", "VersionId": "x"},
        ],
    }
    second = {
        "IsTruncated": False,
        "Versions": [{"Key": key, "VersionId": "v3"}],
        "DeleteMarkers": [{"Key": key, "VersionId": "m1"}],
    }
    rest = {**asked, "KeyMarker": key, "VersionIdMarker": "v2"}
    for page, wanted in ((first, asked), (second, rest)):
        stub.add_response("list_object_versions", page, wanted)
    assert made.versions(analysis) == 3
    stub.add_response("list_object_versions", first, asked)
    for version in ("v1", "v2"):
        stub.add_response("delete_object", {}, {"Bucket": "footage", "Key": key, "VersionId": version})
    stub.add_response("list_object_versions", second, rest)
    for version in ("v3", "m1"):
        stub.add_response("delete_object", {}, {"Bucket": "footage", "Key": key, "VersionId": version})
    assert made.erase(analysis) == 3
    stub.add_response("list_object_versions", {"IsTruncated": False}, asked)
    assert made.erase(analysis) == 0
    stub.add_client_error("list_object_versions", "AccessDenied", http_status_code=403)
    with pytest.raises(FootageError, match="Tried to erase"):
        made.erase(analysis)


@pytest.mark.parametrize("retired", [True, False])
def test_a_folder_replaces_a_video_by_a_whole_one(tmp_path: Path, *, retired: bool) -> None:
    footage, identity = Folder.lasting(tmp_path), uuid.uuid4()
    footage.keep(identity, arrived(footage))
    if retired:
        footage.retire(identity)
    film = tmp_path / "film.part"
    film.write_bytes(b"another")
    for _ in range(2):
        assert footage.replace(identity, film) == 1
        assert [path.read_bytes() for path in tmp_path.rglob("*.video")] == [b"another"]
    assert film.exists()
    film.unlink()
    with pytest.raises(FootageError, match="Tried to replace"):
        footage.replace(identity, film)
    assert footage.fetch(identity).read_bytes() == b"another"
    assert list(tmp_path.rglob("*.part")) == []


def test_a_bucket_replaces_a_video_and_erases_every_other_version(bucket: tuple[Bucket, Stubber]) -> None:
    made, stub = bucket
    analysis = uuid.uuid4()
    film, whole = arrived(made), key(analysis)
    stub.add_response("put_object", {}, {**whole, "Body": ANY, "ChecksumAlgorithm": ANY})
    stub.add_response("head_object", {"VersionId": "new"}, whole)
    versions = [{"Key": whole["Key"], "VersionId": version} for version in ("new", "old", "older")]
    asked = {"Bucket": whole["Bucket"], "Prefix": whole["Key"]}
    stub.add_response("list_object_versions", {"IsTruncated": False, "Versions": versions}, asked)
    for version in ("old", "older"):
        stub.add_response("delete_object", {}, {**whole, "VersionId": version})
    assert made.replace(analysis, film) == 2
    assert film.exists()
    stub.assert_no_pending_responses()


def part(number: int, size: int) -> dict[str, Any]:
    """A part as S3 lists it."""
    return {"PartNumber": number, "Size": size, "ETag": f'"{number}"'}


def test_a_bucket_puts_parts_together_that_are_there_as_announced(bucket: tuple[Bucket, Stubber]) -> None:
    made, stub = bucket
    analysis, arrivals = uuid.uuid4(), made.arrivals
    # Whoever sends parts by links has no checksums for S3 to ask for.
    stub.add_response("create_multipart_upload", {"UploadId": "u1"}, key(analysis))
    upload = arrivals.begin(analysis)
    asked = {**key(analysis), "UploadId": "u1"}
    first = {"IsTruncated": True, "NextPartNumberMarker": 1, "Parts": [part(1, 8)]}
    second = {**asked, "PartNumberMarker": 1}
    stub.add_response("list_parts", first, asked)
    stub.add_response("list_parts", {"IsTruncated": False, "Parts": [part(2, 7)]}, second)
    with pytest.raises(PartsMissingError) as caught:
        arrivals.join(analysis, upload, {1: 8, 2: 8, 3: 5})
    assert caught.value.numbers == [2, 3]
    stub.add_response("list_parts", first, asked)
    stub.add_response("list_parts", {"IsTruncated": False, "Parts": [part(2, 8), part(4, 8)]}, second)
    parts = [{"PartNumber": number, "ETag": f'"{number}"'} for number in (1, 2)]
    stub.add_response("complete_multipart_upload", {}, {**asked, "MultipartUpload": {"Parts": parts}})
    arrivals.join(analysis, upload, {1: 8, 2: 8})
    for method in ("list_parts", "abort_multipart_upload"):
        stub.add_client_error(method, "NoSuchUpload", http_status_code=404)
    with pytest.raises(FootageMissingError):
        arrivals.join(analysis, upload, {1: 8, 2: 8})
    arrivals.abort(analysis, upload)
    stub.add_response("head_object", {"ContentLength": 16}, key(analysis))
    stub.add_client_error("head_object", "404", http_status_code=404)
    assert (arrivals.size(analysis), arrivals.size(analysis)) == (16, None)


class SendError(Exception):
    """Nothing is sent."""


def test_a_bucket_s_link_to_a_part_is_for_its_size_and_for_no_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ):
        monkeypatch.setenv(name, value)
    made = Bucket("footage", "videos/")
    (link,) = made.arrivals.links(uuid.uuid4(), "u1", {3: 77}, 600)
    asked = {name.lower(): value for name, value in parse_qs(urlsplit(link).query).items()}
    assert (asked["partnumber"], asked["uploadid"], asked["x-amz-expires"]) == (["3"], ["u1"], ["600"])
    assert asked["x-amz-signedheaders"] == ["content-length;host"]
    assert not [name for name in asked if "checksum" in name]
    assert made.part(uuid.uuid4(), 3, 77, "x") is None
    sent: list[dict[str, str]] = []

    def create(request: Any, **_: object) -> None:
        sent.append({name.lower(): value for name, value in request.headers.items()})
        raise SendError

    made._asking.meta.events.register("before-send.s3.CreateMultipartUpload", create)
    with pytest.raises(FootageError, match="SendError"):
        made.arrivals.begin(uuid.uuid4())
    assert not [name for name in sent[0] if "checksum" in name]
    made.close()
