# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests and blobs of a registry that fails or lies."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    FastbreakError,
    OperationError,
    RequestError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import MANIFEST_LIMIT_BYTES
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.images import Made, make_image, make_referrer, push
from tests.registries.store import digest_of
from tests.unit.plugins.module_utils._oci.case import IMAGE, MANIFESTS, NOWHERE, raw

if TYPE_CHECKING:
    from tests.registries.faulty import FaultyRegistry


def test_manifests_are_read_as_bytes(client: Any) -> None:
    for reference in ("1.0", IMAGE.digest):
        assert client.read_manifest(Address("a/b", reference)) == raw(IMAGE)
        assert client.find_manifest(Address("a/b", reference)) == IMAGE.digest
    for reference in ("2.0", NOWHERE):
        assert client.read_manifest(Address("a/b", reference)) is None
        assert client.find_manifest(Address("a/b", reference)) is None
    assert client.read_manifest(Address("no/such", "1.0")) is None


def test_a_digest_is_computed_where_the_registry_says_none(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("", MANIFESTS, answer_headers={"Docker-Content-Digest": None}, times=None)
    assert client.read_manifest(Address("a/b", "1.0")).digest == IMAGE.digest
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest


@pytest.mark.parametrize("reference", ["1.0", IMAGE.digest])
def test_a_digest_of_another_kind_is_not_compared(client: Any, registry: FaultyRegistry, reference: str) -> None:
    registry.fault("HEAD", MANIFESTS, answer_headers={"Docker-Content-Digest": f"sha512:{'1' * 128}"})
    assert client.find_manifest(Address("a/b", reference)) == IMAGE.digest


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
def test_where_head_is_refused_the_manifest_is_read(client: Any, registry: FaultyRegistry, status: int) -> None:
    registry.fault("HEAD", MANIFESTS, status=status)
    assert client.find_manifest(Address("a/b", "1.0")) == (None if status == 404 else IMAGE.digest)


@pytest.mark.parametrize("reference", ["1.0", IMAGE.digest])
def test_a_wrong_digest_is_a_lie(client: Any, registry: FaultyRegistry, reference: str) -> None:
    registry.fault("GET", MANIFESTS, answer_headers={"Docker-Content-Digest": NOWHERE})
    with pytest.raises(OperationError, match="not to be trusted"):
        client.read_manifest(Address("a/b", reference))


def test_other_bytes_than_the_digest_names_are_refused(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", MANIFESTS, answer_body=b"{}", answer_headers={"Docker-Content-Digest": IMAGE.digest}, times=2)
    with pytest.raises(OperationError, match="its bytes have the digest"):
        client.read_manifest(Address("a/b", IMAGE.digest))
    with pytest.raises(OperationError, match="the bytes have"):
        client.read_manifest(Address("a/b", "1.0"))


def test_a_digest_of_another_manifest_is_a_lie_to_head_too(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("HEAD", MANIFESTS, answer_headers={"Docker-Content-Digest": NOWHERE})
    with pytest.raises(OperationError, match="not to be trusted"):
        client.find_manifest(Address("a/b", IMAGE.digest))


@pytest.mark.parametrize("announced", [True, False])
def test_a_manifest_over_the_limit_is_not_read(client: Any, registry: FaultyRegistry, announced: bool) -> None:
    huge = b" " * (10 << 20)
    headers = {"Docker-Content-Digest": digest_of(huge), **({} if announced else {"Content-Length": None})}
    registry.fault("GET", MANIFESTS, answer_body=huge, answer_headers=headers)
    with pytest.raises(OperationError, match=f"at most {MANIFEST_LIMIT_BYTES} are taken"):
        client.read_manifest(Address("a/b", "1.0"))


def test_a_manifest_of_just_the_limit_is_read(client: Any, registry: FaultyRegistry) -> None:
    whole = b" " * MANIFEST_LIMIT_BYTES
    registry.fault("GET", MANIFESTS, answer_body=whole, answer_headers={"Docker-Content-Digest": digest_of(whole)})
    assert client.read_manifest(Address("a/b", "1.0")).digest == digest_of(whole)


def test_a_truncated_manifest_is_asked_for_again_and_then_given_up(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", MANIFESTS, cut_response_after=100, times=2)
    assert client.read_manifest(Address("a/b", "1.0")) == raw(IMAGE)
    registry.fault("GET", MANIFESTS, cut_response_after=100, times=None)
    with pytest.raises(UnavailableError, match="before its end"):
        client.read_manifest(Address("a/b", "1.0"))


@pytest.mark.parametrize(
    "reference", ["../x", "a/b", "", "a" * 129, "sha256:0", "md5:" + "0" * 32, "x?y", "sha256:" + "G" * 64]
)
def test_references_with_tricks_reach_no_registry(client: Any, registry: FaultyRegistry, reference: str) -> None:
    for ask in (client.read_manifest, client.find_manifest):
        with pytest.raises(RequestError):
            ask(Address("a/b", reference))
    with pytest.raises(RequestError):
        client.write_manifest(Address("a/b", reference), raw(IMAGE))
    assert registry.requests == []


def test_blobs_are_found_and_small_ones_read(client: Any, registry: FaultyRegistry) -> None:
    config = IMAGE.blobs[0]
    assert client.has_blob(Address("a/b", config.digest), size=config.size) is True
    assert client.has_blob(Address("a/b", NOWHERE), size=0) is False
    assert client.read_blob(Address("a/b", config.digest), limit_bytes=10_000) == config.content
    assert client.read_blob(Address("a/b", NOWHERE), limit_bytes=10_000) is None
    with pytest.raises(OperationError, match="at most 5 are taken"):
        client.read_blob(Address("a/b", config.digest), limit_bytes=5)
    registry.fault("GET", "/blobs/", answer_body=b"other")
    with pytest.raises(OperationError, match="not to be trusted"):
        client.read_blob(Address("a/b", config.digest), limit_bytes=10_000)


def test_a_blob_is_mounted_where_the_registry_can(client: Any, registry: FaultyRegistry) -> None:
    blob = IMAGE.blobs[1]
    assert client.mount_blob(Address("c/d", blob.digest), from_repository="a/b") is True
    assert client.has_blob(Address("c/d", blob.digest), size=blob.size)
    assert client.mount_blob(Address("c/d", NOWHERE), from_repository="a/b") is False
    registry.mounts = False
    assert client.mount_blob(Address("e/f", blob.digest), from_repository="a/b") is False
    assert registry.store.uploads == {}
    for status in (401, 403, 404, 405):
        registry.fault("POST", "/uploads/", status=status)
        assert client.mount_blob(Address("e/f", blob.digest), from_repository="a/b") is False
    registry.fault("POST", "/uploads/.*mount=", status=500, times=6)
    assert client.mount_blob(Address("e/f", blob.digest), from_repository="a/b") is False
    registry.fault("DELETE", "/uploads/", status=403, times=None)
    assert client.mount_blob(Address("e/f", blob.digest), from_repository="a/b") is False


def test_manifests_are_written_as_they_are(client: Any, registry: FaultyRegistry) -> None:
    assert client.write_manifest(Address("a/b", "2.0"), raw(IMAGE)) == ""
    assert registry.store.manifests["a/b", IMAGE.digest].content == IMAGE.content
    sbom = make_referrer(IMAGE, "application/spdx+json", b"{}")
    for blob in sbom.blobs:
        registry.push_blob("a/b", blob.content)
    assert client.write_manifest(Address("a/b", sbom.digest), raw(sbom)) == IMAGE.digest
    registry.subject_header = False
    assert client.write_manifest(Address("a/b", sbom.digest), raw(sbom)) == ""


def refusal_of(client: Any, repository: str, reference: str, made: Made) -> str:
    with pytest.raises(OperationError) as raised:
        client.write_manifest(Address(repository, reference), raw(made))
    return str(raised.value.details["refusal"])


def test_refused_manifests_say_what_for(client: Any, registry: FaultyRegistry) -> None:
    other = make_image([3], seed=5)
    assert refusal_of(client, "a/b", "1.0", other) == "missing"
    push(registry.host, "a/b", other)
    registry.store.immutable = True
    assert refusal_of(client, "a/b", "1.0", other) == "immutable"
    two = b'{"errors": [{"code": "DIGEST_INVALID"}, {"code": "MANIFEST_BLOB_UNKNOWN", "detail": {"Digest": "x"}}]}'
    registry.fault("PUT", MANIFESTS, status=400, body=two)
    assert refusal_of(client, "a/b", "3.0", other) == "missing"
    registry.fault("PUT", MANIFESTS, status=415)
    assert refusal_of(client, "a/b", "3.0", other) == "unsupported"
    registry.refuse_subject = True
    assert refusal_of(client, "a/b", "4.0", make_referrer(IMAGE, "x/y", b"{}")) == "unsupported"
    registry.fault(
        "PUT", MANIFESTS, status=400, body=b'{"errors": [{"code": "MANIFEST_INVALID", "message": "\x1b[31m"}]}'
    )
    assert refusal_of(client, "a/b", "3.0", other) == ""


def test_a_tag_that_an_unseen_attempt_wrote_counts_as_written(client: Any, registry: FaultyRegistry) -> None:
    text = b'{"errors": [{"code": "TAG_INVALID", "message": "the tag is immutable"}]}'
    registry.fault("PUT", MANIFESTS, status=502, after=True)
    registry.fault("PUT", MANIFESTS, skip=1, status=400, body=text)
    assert client.write_manifest(Address("a/b", "2.0"), raw(IMAGE)) == ""
    assert registry.store.tags["a/b", "2.0"] == IMAGE.digest


def test_a_registry_that_names_another_digest_after_writing_lies(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("PUT", MANIFESTS, answer_headers={"Docker-Content-Digest": NOWHERE})
    with pytest.raises(OperationError, match="not to be trusted"):
        client.write_manifest(Address("a/b", "2.0"), raw(IMAGE))


def test_a_manifest_in_gzip_is_unpacked(client: Any, registry: FaultyRegistry) -> None:
    coded = {"answer_body": gzip.compress(IMAGE.content, mtime=0), "answer_headers": {"Content-Encoding": "gzip"}}
    registry.fault("GET", MANIFESTS, **coded)
    assert client.read_manifest(Address("a/b", IMAGE.digest)) == raw(IMAGE)
    assert registry.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("coding", "body", "seen"),
    [
        ("gzip", gzip.compress(bytes(MANIFEST_LIMIT_BYTES + 1), mtime=0), "at most"),
        ("gzip", gzip.compress(bytes(100), mtime=0)[:-5], "is not whole"),
        ("gzip", gzip.compress(bytes(100), mtime=0) + b"x", "is not whole"),
        ("gzip", b"{}", "is none"),
        ("gzip", b"", "is not whole"),
        ("br", b"{}", "'br', which nobody asked for"),
        ("gzip, gzip", b"{}", "which nobody asked for"),
    ],
)
def test_a_manifest_whose_coding_cannot_be_undone_is_refused_by_name(
    client: Any, registry: FaultyRegistry, coding: str, body: bytes, seen: str
) -> None:
    registry.fault("GET", MANIFESTS, answer_body=body, answer_headers={"Content-Encoding": coding}, times=None)
    with pytest.raises(FastbreakError, match=seen):
        client.read_manifest(Address("a/b", "1.0"))


LAYER = IMAGE.blobs[1]
SHORT = b"".join(LAYER.pieces())[:-1]


@pytest.mark.parametrize(
    ("lies", "there"),
    [
        ({"HEAD": {"answer_headers": {"Content-Length": None}}}, True),
        ({"HEAD": {"answer_headers": {"Content-Length": "5"}}}, True),
        ({"HEAD": {"answer_headers": {"Content-Length": "x"}}}, True),
        ({"HEAD": {"status": 405}}, True),
        ({"HEAD": {"status": 403}}, True),
        ({"HEAD": {"status": 405}, "GET": {"status": 404}}, False),
        ({"HEAD": {"answer_headers": {"Content-Length": None}}, "GET": {"answer_body": SHORT}}, False),
        ({"": {"answer_body": SHORT}}, False),
        ({"": {"answer_headers": {"Content-Length": None}}}, True),
        ({"": {"answer_headers": {"Content-Length": None}, "answer_body": SHORT}}, False),
        ({"": {"answer_headers": {"Content-Length": None}, "answer_body": SHORT + b"?"}}, False),
        ({"": {"answer_headers": {"Content-Length": None}, "answer_body": SHORT + bytes(10)}}, False),
        ({"": {"answer_body": b""}}, False),
    ],
)
def test_a_blob_is_there_when_its_bytes_are(client: Any, registry: FaultyRegistry, lies: Any, there: bool) -> None:
    for method, lie in lies.items():
        registry.fault(method, LAYER.digest, times=None, **lie)
    assert client.has_blob(Address("a/b", LAYER.digest), size=LAYER.size) is there


def test_a_blob_of_the_right_size_takes_one_request(client: Any, registry: FaultyRegistry) -> None:
    assert client.has_blob(Address("a/b", LAYER.digest), size=LAYER.size)
    assert [request.method for request in registry.requests] == ["HEAD"]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_registry_that_says_nothing_of_a_blob_is_an_error(client: Any, registry: FaultyRegistry, status: int) -> None:
    registry.fault("", LAYER.digest, status=status, times=None)
    with pytest.raises(UnavailableError):
        client.has_blob(Address("a/b", LAYER.digest), size=LAYER.size)
