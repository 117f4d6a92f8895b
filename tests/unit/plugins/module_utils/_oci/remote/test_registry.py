"""Manifests, lists and authentication, against a registry that fails or lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import (
    CredentialsError,
    OperationError,
    RequestError,
    UnavailableError,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import MANIFEST_LIMIT_BYTES, RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address

from tests.registries.faulty import FaultyRegistry
from tests.registries.images import OCI_MANIFEST, Made, make_image, make_referrer, push
from tests.registries.sides import Sides
from tests.registries.store import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFESTS = "/manifests/"
IMAGE = make_image([10, 2000])
NOWHERE = "sha256:" + "0" * 64


@pytest.fixture
def registry() -> Iterator[FaultyRegistry]:
    with FaultyRegistry() as made:
        push(made.host, "a/b", IMAGE, tag="1.0")
        made.clear()
        yield made


@pytest.fixture
def sides() -> Iterator[Sides]:
    made = Sides()
    yield made
    made.close()


@pytest.fixture
def client(registry: FaultyRegistry, sides: Sides) -> Any:
    return sides.connect(registry).registry


def raw(made: Made) -> RawManifest:
    return RawManifest(made.content, made.digest, made.media_type)


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


@pytest.mark.parametrize("status", [404, 405])
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


def test_absurd_headers_do_no_harm(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", MANIFESTS, answer_headers={"Content-Type": "x" * 50_000})
    assert len(client.read_manifest(Address("a/b", "1.0")).media_type) <= 255
    registry.fault("GET", MANIFESTS, answer_headers={"Content-Type": "x" * 70_000}, times=None)
    with pytest.raises(UnavailableError):
        client.read_manifest(Address("a/b", "1.0"))
    registry.faults.clear()
    registry.fault("GET", MANIFESTS, answer_headers={"Content-Length": "-5"})
    assert client.read_manifest(Address("a/b", "1.0")) == raw(IMAGE)


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
    assert client.has_blob(Address("a/b", config.digest)) is True
    assert client.has_blob(Address("a/b", NOWHERE)) is False
    assert client.read_blob(Address("a/b", config.digest), limit_bytes=10_000) == config.content
    assert client.read_blob(Address("a/b", NOWHERE), limit_bytes=10_000) is None
    with pytest.raises(OperationError, match="at most 5 are taken"):
        client.read_blob(Address("a/b", config.digest), limit_bytes=5)
    registry.fault("GET", "/blobs/", answer_body=b"other")
    with pytest.raises(OperationError, match="not to be trusted"):
        client.read_blob(Address("a/b", config.digest), limit_bytes=10_000)


def test_all_pages_of_tags_are_read(client: Any, registry: FaultyRegistry) -> None:
    for number in range(25):
        registry.store.tags["a/b", f"t{number:02}"] = IMAGE.digest
    registry.page_size = 10
    assert client.list_tags("a/b") == ("1.0", *(f"t{number:02}" for number in range(25)))
    assert registry.count("GET", "/tags/list") == 3
    assert client.list_tags("no/such") is None


@pytest.mark.parametrize(
    "link",
    ['</v2/a/b/tags/list?n=1000>; rel="next"', '<http://198.51.100.1/v2/x>; rel="next"', "<file:///etc>;rel=next"],
)
def test_pages_in_a_circle_or_elsewhere_are_refused(client: Any, registry: FaultyRegistry, link: str) -> None:
    registry.fault("GET", "/tags/list", answer_headers={"Link": link}, times=None)
    with pytest.raises(OperationError, match="circle, to another host"):
        client.list_tags("a/b")
    assert registry.count("GET", "/tags/list") == 1


def test_endless_pages_end(client: Any, registry: FaultyRegistry) -> None:
    def more(request: Any) -> None:
        fault.answer_headers = {"Link": f'</v2/a/b/tags/list?after={len(registry.requests)}>; rel="next"'}

    fault = registry.fault("GET", "/tags/list", times=None, hook=more)
    with pytest.raises(OperationError, match="have no end"):
        client.list_tags("a/b")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"tags": 5}', b'{"tags": [1]}', b"\xff", b"[" * 100_000])
def test_garbled_lists_are_refused(client: Any, registry: FaultyRegistry, body: bytes) -> None:
    registry.fault("GET", "/tags/list", answer_body=body)
    with pytest.raises(OperationError, match="cannot be used"):
        client.list_tags("a/b")


def test_all_pages_of_referrers_are_read(client: Any, registry: FaultyRegistry) -> None:
    made = [make_referrer(IMAGE, f"application/x{number}", b"{}") for number in range(5)]
    for one in made:
        push(registry.host, "a/b", one)
    registry.page_size = 2
    found = client.list_referrers(Address("a/b", IMAGE.digest))
    assert {(one.digest, one.size, one.artifact_type) for one in found} == {
        (one.digest, len(one.content), one.artifact_type) for one in made
    }
    assert client.list_referrers(Address("a/b", NOWHERE)) == ()


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_registry_without_referrers_says_none(client: Any, registry: FaultyRegistry, status: int) -> None:
    registry.fault("GET", "/referrers/", status=status)
    assert client.list_referrers(Address("a/b", IMAGE.digest)) is None


def test_a_page_of_html_is_no_referrers_api(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", "/referrers/", status=200, headers={"Content-Type": "text/html"}, body=b"<html>")
    assert client.list_referrers(Address("a/b", IMAGE.digest)) is None


@pytest.mark.parametrize(
    "entry", ["5", "{}", '{"digest": "sha256:0", "size": 1, "mediaType": "x"}', '{"digest": "%s", "mediaType": "x"}']
)
def test_garbled_referrers_are_refused(client: Any, registry: FaultyRegistry, entry: str) -> None:
    body = f'{{"manifests": [{entry.replace("%s", IMAGE.digest)}]}}'.encode()
    registry.fault("GET", "/referrers/", answer_body=body)
    with pytest.raises(OperationError, match="cannot be used"):
        client.list_referrers(Address("a/b", IMAGE.digest))


def test_a_blob_is_mounted_where_the_registry_can(client: Any, registry: FaultyRegistry) -> None:
    blob = IMAGE.blobs[1]
    assert client.mount_blob(Address("c/d", blob.digest), from_repository="a/b") is True
    assert client.has_blob(Address("c/d", blob.digest))
    assert client.mount_blob(Address("c/d", NOWHERE), from_repository="a/b") is False
    registry.mounts = False
    assert client.mount_blob(Address("e/f", blob.digest), from_repository="a/b") is False
    assert registry.store.uploads == {}
    registry.fault("POST", "/uploads/", status=405)
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


def test_texts_of_a_registry_are_shown_without_control_characters(client: Any, registry: FaultyRegistry) -> None:
    body = '{"errors": [{"code": "X\\u001b[2J", "message": "a\\nb\\u202e' + "y" * 9000 + '"}]}'
    registry.fault("HEAD", "/blobs/", status=418)
    registry.fault("GET", "/blobs/", status=418, body=body.encode())
    with pytest.raises(OperationError) as raised:
        client.read_blob(Address("a/b", IMAGE.blobs[0].digest), limit_bytes=100)
    assert "\x1b" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 1200


@pytest.mark.parametrize("bearer", [False, True])
def test_credentials_are_sent_once_they_are_asked_for(registry: FaultyRegistry, sides: Sides, bearer: bool) -> None:
    registry.basic, registry.bearer = ("user", "s3cret"), bearer
    client = sides.connect(registry, username="user", password="s3cret").registry
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert client.has_blob(Address("a/b", IMAGE.blobs[0].digest))
    assert client.list_tags("a/b") == ("1.0",)
    assert [one.status for one in registry.matching("", "/v2/")] == [401, 200, 200, 200]
    assert registry.count("GET", "/token") == (1 if bearer else 0)


def test_anonymous_tokens_are_asked_for_too(registry: FaultyRegistry, sides: Sides) -> None:
    registry.bearer = True
    assert sides.connect(registry, writes=False).registry.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert registry.token_scopes == ["repository:a/b:pull"]
    assert "authorization" not in registry.matching("GET", "/token")[0].headers


@pytest.mark.parametrize("bearer", [False, True])
def test_a_wrong_password_is_told_without_being_shown(registry: FaultyRegistry, sides: Sides, bearer: bool) -> None:
    registry.basic, registry.bearer = ("user", "s3cret"), bearer
    for login in ({"username": "user", "password": "wr0ng"}, {}):
        client = sides.connect(registry, **login).registry
        with pytest.raises(CredentialsError, match="refused the credentials") as raised:
            client.read_manifest(Address("a/b", "1.0"))
        assert "wr0ng" not in repr(raised.value)
    assert len(registry.requests) <= 6


def test_who_may_not_is_told_so(client: Any, registry: FaultyRegistry) -> None:
    registry.fault("GET", MANIFESTS, status=403, body=b'{"errors": [{"code": "DENIED", "message": "no"}]}')
    with pytest.raises(CredentialsError, match=r"may not.*DENIED: no"):
        client.read_manifest(Address("a/b", "1.0"))


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"token": 5}', b'{"token": "a\\nb"}', b'{"token": "x", "expires_in": "soon"}']
)
def test_a_garbled_token_is_told(registry: FaultyRegistry, sides: Sides, answer: bytes) -> None:
    registry.bearer = True
    registry.fault("GET", "/token", answer_body=answer, times=None)
    with pytest.raises(UnavailableError, match="no token in the answer"):
        sides.connect(registry).registry.read_manifest(Address("a/b", "1.0"))


@pytest.mark.parametrize("realm", ["", "file:///x", "//", "ftp://127.0.0.1/", "http://["])
def test_a_password_goes_to_no_odd_place(registry: FaultyRegistry, sides: Sides, realm: str) -> None:
    registry.fault("GET", MANIFESTS, status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'}, times=None)
    with pytest.raises((UnavailableError, CredentialsError)):
        sides.connect(registry, username="u", password="p").registry.read_manifest(Address("a/b", "1.0"))
    assert all("authorization" not in one.headers for one in registry.requests)


def test_a_connection_that_the_registry_closed_meanwhile_is_replaced_unseen(
    client: Any, registry: FaultyRegistry, sides: Sides
) -> None:
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    registry.cut_all()
    assert client.find_manifest(Address("a/b", "1.0")) == IMAGE.digest
    assert sides.waits.seconds == []


def test_a_registry_that_does_not_answer_is_given_up(registry: FaultyRegistry, sides: Sides) -> None:
    registry.fault("GET", MANIFESTS, delay_seconds=0.3, times=None)
    client = sides.connect(registry, timeout_seconds=0.01).registry
    with pytest.raises(UnavailableError, match="did not answer in time"):
        client.read_manifest(Address("a/b", "1.0"))
    assert registry.count("GET", MANIFESTS) == 6


def test_it_says_who_it_is(client: Any, registry: FaultyRegistry) -> None:
    client.read_manifest(Address("a/b", "1.0"))
    (request,) = registry.requests
    assert request.headers["user-agent"] == "fastbreak-image-promotion"
    assert OCI_MANIFEST in request.headers["accept"]
    assert "schema1" not in request.headers["accept"]
