# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a promotion needs of a registry: parts, ranges, uploads that go on, referrers, exclusion filters, limits."""

import json
import socket
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.services.ecr.registry import (
    LAYER,
    OCI,
    Registry,
    digest_of,
    image,
    lowered,
    manifest_digest,
    push_image,
)

MIB = 1 << 20
SIGNATURE, REPORT = "application/vnd.example.signature", "application/vnd.example.report"


class Parts:
    """An upload over the API's own actions."""

    def __init__(self, ecr: Any, name: str) -> None:
        self._ecr = ecr
        self._upload = {"repositoryName": name, "uploadId": ""}
        self._upload["uploadId"] = ecr.initiate_layer_upload(repositoryName=name)["uploadId"]

    def send(self, first: int, data: bytes) -> int:
        """The last byte that was received."""
        place = {"partFirstByte": first, "partLastByte": first + len(data) - 1}
        return int(self._ecr.upload_layer_part(**self._upload, **place, layerPartBlob=data)["lastByteReceived"])

    def complete(self, data: bytes) -> Any:
        return self._ecr.complete_layer_upload(**self._upload, layerDigests=[digest_of(data)])


def test_layers_in_parts(ecr: Any, name: str) -> None:
    data = bytes(range(256)) * 4096 * 6
    parts = Parts(ecr, name)
    assert parts.send(0, data[: 5 * MIB]) == 5 * MIB - 1
    with pytest.raises(ecr.exceptions.InvalidLayerPartException) as refused:
        parts.send(0, data[: 5 * MIB])
    assert refused.value.response["lastValidByteReceived"] == 5 * MIB - 1
    parts.send(5 * MIB, data[5 * MIB :])
    assert parts.complete(data)["layerDigest"] == digest_of(data)
    [layer] = ecr.batch_check_layer_availability(repositoryName=name, layerDigests=[digest_of(data)])["layers"]
    assert (layer["layerAvailability"], layer["layerSize"]) == ("AVAILABLE", 6 * MIB)
    url = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=digest_of(data))["downloadUrl"]
    with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - the sandbox's own
        assert response.read() == data
    with pytest.raises(ClientError, match="LayersNotFoundException"):
        ecr.get_download_url_for_layer(repositoryName=name, layerDigest=digest_of(b"none"))
    with pytest.raises(ecr.exceptions.UploadNotFoundException):
        parts.send(6 * MIB, b"late")


def test_only_the_last_part_may_be_small(ecr: Any, name: str) -> None:
    parts = Parts(ecr, name)
    parts.send(0, b"small")
    parts.send(5, b"last")
    with pytest.raises(ecr.exceptions.LayerPartTooSmallException, match="5 MiB"):
        parts.complete(b"smalllast")


def test_a_part_has_at_most_20_mib(ecr: Any, name: str) -> None:
    with pytest.raises(ecr.exceptions.InvalidLayerPartException):
        Parts(ecr, name).send(0, b"\0" * (20 * MIB + 1))


def test_nothing_is_no_layer(ecr: Any, name: str) -> None:
    with pytest.raises(ecr.exceptions.EmptyUploadException):
        Parts(ecr, name).complete(b"")
    parts = Parts(ecr, name)
    parts.send(0, b"something")
    with pytest.raises(ecr.exceptions.InvalidLayerException):
        parts.complete(b"something else")


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("bytes=0-0", 206, "bytes 0-0/7000"),
        ("bytes=10-19", 206, "bytes 10-19/7000"),
        ("bytes=6990-", 206, "bytes 6990-6999/7000"),
        ("bytes=6990-9999", 206, "bytes 6990-6999/7000"),
        ("bytes=-10", 206, "bytes 6990-6999/7000"),
        ("bytes=7000-", 416, "bytes */7000"),
        ("bytes=-0", 416, "bytes */7000"),
        ("bytes=0-1,3-4", 200, None),
        ("lines=0-1", 200, None),
        ("bytes=5-2", 200, None),
    ],
)
def test_a_range_of_a_blob(ecr: Any, registry: Registry, asked: str, status: int, said: str | None) -> None:
    push_image(registry, ecr, "ranges")
    answered, headers, body = registry.call("GET", f"/v2/ranges/blobs/{digest_of(LAYER)}", range=asked)
    assert (answered, lowered(headers).get("content-range")) == (status, said)
    if said and status == 206:
        first, last = (int(word) for word in said.removeprefix("bytes ").partition("/")[0].split("-"))
        assert body == LAYER[first : last + 1]
    if status == 200:
        assert body == LAYER


def test_what_arrived_before_the_connection_broke_is_kept(registry: Registry, name: str) -> None:
    data = bytes(range(251)) * 20000
    cut = 2 * MIB + 100
    location = lowered(registry.call("POST", f"/v2/{name}/blobs/uploads/", b"")[1])["location"]
    host, _, port = registry.endpoint.removeprefix("http://").partition(":")
    head = f"PATCH {location} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {registry.token}\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data[:cut])
    while lowered(registry.call("GET", location)[1])["range"] != f"0-{cut - 1}":
        pass
    registry.call("PATCH", location, data[cut:], content_range=f"{cut}-{len(data) - 1}")
    assert registry.call("PUT", f"{location}?digest={digest_of(data)}")[0] == 201
    assert registry.call("GET", f"/v2/{name}/blobs/{digest_of(data)}")[2] == data


def test_an_upload_is_cancelled(registry: Registry, name: str) -> None:
    location = lowered(registry.call("POST", f"/v2/{name}/blobs/uploads/", b"")[1])["location"]
    assert registry.call("DELETE", location)[0] == 204
    assert registry.call("GET", location)[0] == 404
    assert registry.call("PATCH", location, b"late")[0] == 404


def referrer(subject: str, kind: str, number: int) -> dict[str, Any]:
    named = {"mediaType": f"{OCI}.manifest.v1+json", "digest": subject, "size": 1}
    return image(artifactType=kind, subject=named, annotations={"number": str(number)})


def test_referrers_come_in_pages_and_by_type(ecr: Any, registry: Registry, name: str) -> None:
    subject = push_image(registry, ecr, name)
    kinds = {}
    for number in range(55):
        document = referrer(subject, REPORT if number == 0 else SIGNATURE, number)
        path = f"/v2/{name}/manifests/{manifest_digest(document)}"
        status, headers, _ = registry.call(
            "PUT", path, json.dumps(document).encode(), content_type=document["mediaType"]
        )
        assert (status, lowered(headers)["oci-subject"]) == (201, subject)
        kinds[manifest_digest(document)] = document["artifactType"]
    found, path = [], f"/v2/{name}/referrers/{subject}"
    while path:
        _, headers, body = registry.call("GET", path)
        assert "oci-filters-applied" not in lowered(headers)
        found += json.loads(body)["manifests"]
        path = lowered(headers).get("link", "").partition(">")[0].removeprefix("<")
    assert {item["digest"]: item["artifactType"] for item in found} == kinds
    assert len(found) == len(kinds)
    assert {item["annotations"]["number"] for item in found} == {str(number) for number in range(55)}
    _, headers, body = registry.call("GET", f"/v2/{name}/referrers/{subject}?artifactType={REPORT}")
    assert lowered(headers)["oci-filters-applied"] == "artifactType"
    assert [manifest["artifactType"] for manifest in json.loads(body)["manifests"]] == [REPORT]
    pages = ecr.list_image_referrers(repositoryName=name, subjectId={"imageDigest": subject})
    assert len(pages["referrers"]) == 20
    rest = ecr.list_image_referrers(
        repositoryName=name, subjectId={"imageDigest": subject}, nextToken=pages["nextToken"], maxResults=50
    )
    assert len(rest["referrers"]) == 35
    assert "nextToken" not in rest


def test_a_subject_without_referrers_has_an_empty_index(registry: Registry, name: str) -> None:
    status, headers, body = registry.call("GET", f"/v2/{name}/referrers/{digest_of(b'none')}")
    assert (status, json.loads(body)["manifests"]) == (200, [])
    assert lowered(headers)["content-type"] == f"{OCI}.index.v1+json"


def test_a_manifest_has_at_most_4_mib(ecr: Any, registry: Registry, name: str) -> None:
    document = image(annotations={"padding": ""})
    room = 4 * MIB - len(json.dumps(document))
    fits, too_big = (image(annotations={"padding": "x" * size}) for size in (room, room + 1))
    assert registry.push_manifest(name, "fits", fits) == (201, "")
    assert registry.push_manifest(name, "too-big", too_big) == (413, "SIZE_INVALID")
    with pytest.raises(ecr.exceptions.InvalidParameterException):
        ecr.put_image(repositoryName=name, imageManifest=json.dumps(too_big), imageTag="too-big")


def test_a_tag_that_is_excluded_from_immutability_moves(ecr: Any, registry: Registry, name: str) -> None:
    filters = [{"filterType": "WILDCARD", "filter": "*.sig"}]
    ecr.put_image_tag_mutability(
        repositoryName=name,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    [told] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert told["imageTagMutabilityExclusionFilters"] == filters
    first, second = image(), image(annotations={"a": "b"})
    for tag in ("1", "sha256-1.sig"):
        assert registry.push_manifest(name, tag, first) == (201, "")
    assert registry.push_manifest(name, "1", second) == (400, "TAG_INVALID")
    assert registry.push_manifest(name, "sha256-1.sig", second) == (201, "")
    ecr.put_image_tag_mutability(
        repositoryName=name,
        imageTagMutability="MUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    assert registry.push_manifest(name, "1", second) == (201, "")
    assert registry.push_manifest(name, "sha256-1.sig", first) == (400, "TAG_INVALID")


@pytest.mark.parametrize(
    ("mutability", "filters"),
    [
        ("IMMUTABLE", ["*"]),
        ("IMMUTABLE_WITH_EXCLUSION", ["a*b*c*"]),
        ("IMMUTABLE_WITH_EXCLUSION", ["a/b"]),
        ("IMMUTABLE_WITH_EXCLUSION", ["a", "b", "c", "d", "e", "f"]),
    ],
)
def test_exclusion_filters_are_checked(ecr: Any, mutability: str, filters: list[str]) -> None:
    given = [{"filterType": "WILDCARD", "filter": item} for item in filters]
    with pytest.raises(ecr.exceptions.InvalidParameterException, match="imageTagMutabilityExclusionFilters"):
        ecr.create_repository(
            repositoryName="unmade", imageTagMutability=mutability, imageTagMutabilityExclusionFilters=given
        )
