# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Indexes of referrers, and the tags they lie under."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import (
    descriptor_of,
    extend_index,
    fallback_tag,
    without,
)

from tests.unit.plugins.module_utils._oci import samples

if TYPE_CHECKING:
    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Manifest, RawManifest


@dataclass
class Shelf:
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, RawManifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def digests(index: Manifest) -> list[str]:
    return [child.digest for child in index.children]


def test_an_index_is_extended_without_touching_what_it_has() -> None:
    shelf = Shelf()
    first, second, third = (parse_manifest(samples.image(shelf, name)) for name in "abc")
    held = parse_manifest(samples.index(shelf, [(first.raw, "linux/amd64")], annotations={"kept": "yes"}))
    extended = extend_index(held, [descriptor_of(each) for each in (second, first, third, second)])
    assert digests(extended) == [first.digest, second.digest, third.digest]
    assert json.loads(extended.raw.content)["annotations"] == {"kept": "yes"}
    assert extended.raw.media_type == held.raw.media_type
    assert extend_index(extended, [descriptor_of(second)]).digest == extended.digest
    assert digests(without(extended, {second.digest})) == [first.digest, third.digest]


def test_where_there_is_none_an_index_is_made_that_says_what_it_lists() -> None:
    shelf = Shelf()
    referrer = parse_manifest(samples.referrer(shelf, samples.image(shelf, "a"), "x", "application/spdx+json"))
    made = extend_index(None, [descriptor_of(referrer)])
    assert made.is_index
    (listed,) = made.children
    assert (listed.digest, listed.size) == (referrer.digest, len(referrer.raw.content))
    assert listed.artifact_type == "application/spdx+json"


def test_fallback_tags_fit_a_registry() -> None:
    assert fallback_tag("sha256:" + "a" * 64) == "sha256-" + "a" * 64
    assert len(fallback_tag("sha512:" + "b" * 128)) == 71
