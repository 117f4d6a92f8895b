# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as bytes: what is read, and what is refused, with no other error whatever the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    MANIFEST_TYPES,
    OCI_ARTIFACT,
    OCI_INDEX,
    OCI_MANIFEST,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import is_foreign, parse_manifest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._oci.documents import ONE, TWO, descriptor, image, index
from tests.unit.plugins.module_utils._oci.samples import raw


@pytest.mark.parametrize(
    ("document", "sent", "expected"),
    [
        (image(), OCI_MANIFEST, OCI_MANIFEST),
        (image(mediaType=DOCKER_MANIFEST), DOCKER_MANIFEST, DOCKER_MANIFEST),
        (image(), "application/octet-stream", OCI_MANIFEST),
        (image(), f"{OCI_MANIFEST}; charset=utf-8", OCI_MANIFEST),
        ({**image(), "mediaType": ""}, OCI_MANIFEST, OCI_MANIFEST),
        ({key: value for key, value in image().items() if key != "mediaType"}, "", OCI_MANIFEST),
        ({key: value for key, value in index().items() if key != "mediaType"}, "application/json", OCI_INDEX),
        (index(), OCI_INDEX, OCI_INDEX),
        (index(mediaType=DOCKER_LIST), DOCKER_LIST, DOCKER_LIST),
        (index(manifests=None), OCI_INDEX, OCI_INDEX),
        (image(layers=None), OCI_MANIFEST, OCI_MANIFEST),
        ({"mediaType": OCI_ARTIFACT, "artifactType": "text/spdx", "blobs": [descriptor()]}, OCI_ARTIFACT, OCI_ARTIFACT),
    ],
)
def test_the_media_type_is_what_the_manifest_and_its_sender_say(document: object, sent: str, expected: str) -> None:
    assert parse_manifest(raw(document, sent)).raw.media_type == expected


def test_an_image_says_what_it_names() -> None:
    found = parse_manifest(raw(image(subject=descriptor(), artifactType="text/spdx", annotations={"a": "b"})))
    assert [blob.digest for blob in found.blobs] == [ONE, TWO]
    assert found.subject is not None
    assert found.subject.digest == ONE
    assert (found.artifact_type, found.annotations, found.is_index) == ("text/spdx", (("a", "b"),), False)


def test_an_index_says_its_platforms() -> None:
    found = parse_manifest(raw(index(), OCI_INDEX))
    assert [child.platform for child in found.children] == ["linux/arm64/v8"]
    odd = descriptor(platform={"os": "", "architecture": "amd64", "os.version": "10"})
    assert parse_manifest(raw(index(manifests=[odd]), OCI_INDEX)).children[0].platform == ""


def test_an_artifact_with_an_empty_config_is_an_image_manifest() -> None:
    config = descriptor(mediaType="application/vnd.oci.empty.v1+json")
    assert parse_manifest(raw(image(config=config, layers=[config]))).blobs == (
        Descriptor(ONE, 7, "application/vnd.oci.empty.v1+json"),
    )


def test_foreign_layers_are_known_by_their_media_type() -> None:
    docker = descriptor(mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", urls=["https://a/b"])
    oci = descriptor(mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
    found = parse_manifest(raw(image(layers=[docker, oci, descriptor()]))).layers
    assert [is_foreign(item) for item in found] == [True, True, False]
    assert found[0].urls == ("https://a/b",)


def test_ten_thousand_layers_are_read() -> None:
    layers = [descriptor(f"sha256:{number:064x}") for number in range(10_000)]
    assert len(parse_manifest(raw(image(layers=layers))).blobs) == 10_001


SCHEMA1 = "application/vnd.docker.distribution.manifest.v1"
BAD = [
    (b"not JSON", "is not JSON"),
    (b"\xff\xfe", "is not JSON"),
    (b"[]", "is no JSON object"),
    (b"[" * 100_000, "nested too deeply|is not JSON"),
    (b'{"schemaVersion": NaN}', "has the number NaN"),
    (b'{"a": 1, "a": 2}', "gives a key twice"),
    (b'{"a": "\\ud800"}', "no Unicode"),
    (b'{"schemaVersion": ' + b"9" * 5000 + b"}", "is not JSON"),
    (b" " * (4 << 20) + b"{}", "at most 4194304"),
    (json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(), "Docker schema 1"),
    (json.dumps(image(mediaType=f"{SCHEMA1}+prettyjws")).encode(), "Docker schema 1"),
    (json.dumps(image(mediaType=f"{SCHEMA1}+json")).encode(), "Docker schema 1"),
    (json.dumps(image(schemaVersion=3)).encode(), "schemaVersion 3"),
    (json.dumps(image(schemaVersion=True)).encode(), "schemaVersion true|Docker"),
    (json.dumps(image(mediaType=OCI_INDEX)).encode(), "but was sent as"),
    (json.dumps(image(mediaType=7)).encode(), "mediaType 7"),
    (json.dumps(image(manifests=[])).encode(), "two readers"),
    (json.dumps(image(config=None)).encode(), "has no config"),
    (json.dumps(image(config="x")).encode(), "no descriptor"),
    (json.dumps(image(layers={})).encode(), "no list"),
    (json.dumps(image(layers=["x"])).encode(), "no descriptor"),
    (json.dumps(image(layers=[descriptor("md5:1")])).encode(), "digest"),
    (json.dumps(image(layers=[descriptor("sha256:" + "A" * 64)])).encode(), "digest"),
    (json.dumps(image(layers=[descriptor(f"{ONE}\n")])).encode(), "digest"),
    (json.dumps(image(layers=[descriptor(size=-1)])).encode(), "size -1"),
    (json.dumps(image(layers=[descriptor(size=1 << 63)])).encode(), "size"),
    (json.dumps(image(layers=[descriptor(size=1 << 9999)])).encode(), "more than 256 bits"),
    (json.dumps(image(layers=[descriptor(size=1.5)])).encode(), "size 1.5"),
    (json.dumps(image(layers=[descriptor(size=True)])).encode(), "size true"),
    (json.dumps(image(layers=[descriptor(mediaType="")])).encode(), "no mediaType"),
    (json.dumps(image(layers=[descriptor(mediaType="../../etc")])).encode(), "no media type"),
    (json.dumps(image(layers=[descriptor(mediaType="a/" + "b" * 5000)])).encode(), "no media type"),
    (json.dumps(image(layers=[descriptor(annotations={"a": 1})])).encode(), "no map of texts"),
    (json.dumps(image(layers=[descriptor(urls="https://a")])).encode(), "no list of texts"),
    (json.dumps(image(layers=[descriptor(platform=[])])).encode(), "is no object"),
    (json.dumps(image(layers=[descriptor(platform={"os": ["x"]})])).encode(), "no names"),
    (json.dumps(image(layers=[descriptor(platform={"os": "a b"})])).encode(), "no names"),
    (json.dumps(image(subject=[])).encode(), "no descriptor"),
    (json.dumps({"schemaVersion": 2}).encode(), "has no config"),
]


@pytest.mark.parametrize(("content", "says"), BAD)
def test_what_is_no_manifest_is_refused_in_short_printable_words(content: bytes, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as caught:
        parse_manifest(raw(content, OCI_MANIFEST))
    assert len(str(caught.value)) < 700
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("document", "sent", "says"),
    [
        (image(), f"{SCHEMA1}+prettyjws", "Docker schema 1"),
        (index(config=descriptor()), OCI_INDEX, "two readers"),
        (index(layers=[]), OCI_INDEX, "two readers"),
        ({"schemaVersion": 2}, OCI_INDEX, "without manifests"),
        ({"schemaVersion": 2}, "", "does not say what it is"),
        (image(mediaType="text/html"), "text/html", "no promotion carries"),
        (image(mediaType="x" * 10_000), "", "no promotion carries"),
    ],
)
def test_what_contradicts_itself_is_refused(document: object, sent: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as caught:
        parse_manifest(raw(document, sent))
    assert len(str(caught.value)) < 700


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([ONE, TWO, OCI_INDEX]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "schemaVersion",
    "mediaType",
    "config",
    "layers",
    "manifests",
    "blobs",
    "subject",
    "artifactType",
    "annotations",
)
INNER = ("mediaType", "digest", "size", "platform", "annotations", "urls", "artifactType")


def _nearly(valid: dict[str, Any], fields: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(fields), JSON, max_size=2).map(lambda changes: {**valid, **changes})


@given(
    document=_nearly(image(), FIELDS)
    | _nearly(index(), FIELDS)
    | _nearly(descriptor(), INNER).map(lambda part: image(layers=[part]))
    | _nearly(descriptor(), INNER).map(lambda part: index(manifests=[part])),
    sent=st.sampled_from([*MANIFEST_TYPES, "", "text/plain", "x"]),
)
def test_nothing_but_a_manifest_or_a_refusal_comes_of_what_is_nearly_one(document: object, sent: str) -> None:
    assert _reads_or_refuses(json.dumps(document).encode(), sent)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_nothing_but_a_manifest_or_a_refusal_comes_of_garbage(content: bytes) -> None:
    assert _reads_or_refuses(content, OCI_MANIFEST)


def _reads_or_refuses(content: bytes, sent: str) -> bool:
    try:
        found = parse_manifest(raw(content, sent))
    except RefusedError as error:
        return len(str(error)) < 1000
    assert found.raw.media_type in MANIFEST_TYPES
    assert found.raw.content == content
    return found.is_index or not found.children
