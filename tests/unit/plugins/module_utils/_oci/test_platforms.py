# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""An index with some of its platforms only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.platforms import with_platforms

from tests.unit.plugins.module_utils._oci.documents import TWO, descriptor, image, index
from tests.unit.plugins.module_utils._oci.samples import raw


def _platforms(*names: str) -> Any:
    children = []
    for number, name in enumerate(names):
        system, architecture, *variant = name.split("/")
        platform = {"os": system, "architecture": architecture, "variant": "".join(variant)}
        children.append(descriptor(f"sha256:{number:064x}", mediaType=OCI_MANIFEST, platform=platform, extra=[number]))
    about = {"vnd.docker.reference.digest": children[0]["digest"]}
    unknown = {"os": "unknown", "architecture": "unknown"}
    children.append(descriptor(TWO, mediaType=OCI_MANIFEST, annotations=about, platform=unknown))
    return parse_manifest(raw(index(manifests=children, annotations={"a": "b"}), OCI_INDEX))


def test_a_subset_of_platforms_keeps_entries_as_they_were_and_their_attestations() -> None:
    whole = _platforms("linux/amd64", "linux/arm64/v8", "linux/arm/v7")
    kept = with_platforms(whole, ("linux/amd64", "linux/arm64"))
    assert kept is not None
    document = json.loads(kept.content)
    assert [manifest["digest"][-1] for manifest in document["manifests"]] == ["0", "1", "2"]
    assert document["manifests"][0]["extra"] == [0]
    assert document["annotations"] == {"a": "b"}
    assert kept == with_platforms(whole, ("linux/arm64", "linux/amd64"))
    assert with_platforms(whole, ("linux/amd64", "linux/arm64", "linux/arm")) is None


def test_platforms_that_are_not_there_are_named_with_those_that_are() -> None:
    with pytest.raises(RefusedError, match="no image for linux/s390x; it has linux/amd64"):
        with_platforms(_platforms("linux/amd64"), ("linux/s390x",))
    with pytest.raises(RefusedError, match="is one image"):
        with_platforms(parse_manifest(raw(image())), ("linux/amd64",))
