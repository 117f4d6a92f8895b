# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gates look at, at the source: its platforms, and their configs, which anybody may have written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, Manifest, RawManifest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.subject import (
    CONFIG_LIMIT_BYTES,
    ConfigReading,
    Subject,
    platform_images,
    read_config,
)

from tests.unit.plugins.module_utils._promotion.gates.case import Gates, configured

CONFIG = "application/vnd.oci.image.config.v1+json"


def test_a_config_is_read_once_for_all_gates() -> None:
    gates = Gates()
    gates.judge(configured("age"), configured("labels"))
    assert len(gates.source.read) == len(gates.platforms) == 2


def test_configs_that_are_gone_or_too_large_or_not_named_are_problems() -> None:
    gates = Gates()
    platform = gates.platforms[0]
    large = gates.source.add(b" " * (CONFIG_LIMIT_BYTES + 1), CONFIG)
    for config, problem in (
        (large, "could not be read: The blob"),
        (replace(large, digest="sha256:" + "0" * 64), "is not in the source repository"),
        (None, "names no config"),
    ):
        gates.platforms[0] = replace(platform, config=config)
        broken, whole = Subject(gates.image(), gates.ports()).configs
        assert problem in broken.problem
        assert whole.problem == ""


def manifest(name: str, *, children: tuple[Descriptor, ...] = (), layers: tuple[str, ...] = ("layer",)) -> Manifest:
    digest = "sha256:" + name * (64 // len(name))
    kind = OCI_INDEX if children else OCI_MANIFEST
    return Manifest(
        RawManifest(b"{}", digest, kind),
        config=None if children else Descriptor(digest, 2, "application/vnd.oci.image.config.v1+json"),
        layers=() if children else tuple(Descriptor(digest, 1, media_type) for media_type in layers),
        children=children,
    )


def child(of: Manifest, platform: str) -> Descriptor:
    return Descriptor(of.digest, 2, of.raw.media_type, platform=platform)


def test_the_images_of_an_index_are_judged_and_its_attestations_are_not() -> None:
    amd, arm = manifest("1"), manifest("2")
    attestation = manifest("3", layers=("application/vnd.in-toto+json",))
    inner = manifest("4", children=(child(arm, "linux/arm64"), child(amd, "linux/amd64")))
    root = manifest(
        "5",
        children=(child(amd, "linux/amd64"), child(attestation, "unknown/unknown"), child(inner, "")),
    )
    found = platform_images(root, (amd, arm, attestation, inner, root))
    assert [(image.platform, image.digest) for image in found] == [
        ("linux/amd64", amd.digest),
        ("linux/arm64", arm.digest),
    ]


@pytest.mark.parametrize(
    ("platform", "layers"),
    [
        ("unknown/unknown", ()),
        ("unknown/unknown", ("application/vnd.in-toto+json", "application/vnd.oci.image.layer.v1.tar")),
        ("linux/amd64", ("application/vnd.in-toto+json",)),
        ("", ("application/vnd.in-toto+json",)),
    ],
)
def test_what_could_run_is_judged_whatever_platform_it_claims(platform: str, layers: tuple[str, ...]) -> None:
    hidden = manifest("1", layers=layers)
    root = manifest("2", children=(child(hidden, platform),))
    assert [image.digest for image in platform_images(root, (hidden, root))] == [hidden.digest]


def test_an_image_that_was_not_read_is_judged_all_the_same() -> None:
    missing = manifest("1")
    (found,) = platform_images(manifest("2", children=(child(missing, "linux/\narm64"),)), ())
    assert found.manifest is None
    assert str(found) == "linux/?arm64 (sha256:111111111111)"


def test_an_index_that_names_itself_has_no_images() -> None:
    looped = manifest("2", children=(Descriptor("sha256:" + "2" * 64, 2, OCI_INDEX),))
    assert platform_images(looped, (looped,)) == ()


def content(**document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("config", "reading"),
    [
        (content(created="now", config={"Labels": {"b": "2", "a": "1"}}), ((("a", "1"), ("b", "2")), "now")),
        (content(config={"Labels": {}}), ((), "")),
        (content(config={"Labels": None}), (None, "")),
        (content(config=None, created=None), (None, "")),
        (content(rootfs={"size": 7}), (None, "")),
        # A number is nothing, so that it is as if it were not there.
        (content(created=7), (None, "")),
        (b'{"created": ' + b"9" * 100_000 + b"}", (None, "")),
    ],
)
def test_labels_and_time_are_read_as_they_are_written(config: bytes, reading: tuple[Any, str]) -> None:
    assert read_config("linux/amd64", config) == ConfigReading("linux/amd64", *reading)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (b"no json", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a JSON object"),
        (content(created=["x"]), "of the wrong type"),
        (content(config="x"), "of the wrong type"),
        (content(config={"Labels": ["x"]}), "must map text to text"),
        (content(config={"Labels": {"a": 1}}), "must map text to text"),
        (content(config={"Labels": {"a": None}}), "must map text to text"),
    ],
)
def test_what_is_no_images_config_is_a_problem(config: bytes, problem: str) -> None:
    reading = read_config("linux/amd64", config)
    assert problem in reading.problem
    assert (reading.labels, reading.created) == (None, "")
