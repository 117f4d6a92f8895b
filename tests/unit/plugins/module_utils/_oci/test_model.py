# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a manifest names."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.json_manifest import raw_json
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, Manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import digest_of

CONFIG, FIRST, SECOND = (Descriptor(f"sha256:{digit * 64}", 1, "x/y") for digit in "abc")


def test_a_manifest_has_each_blob_once() -> None:
    image = Manifest(raw_json({}, OCI_MANIFEST), CONFIG, (FIRST, SECOND, FIRST))
    assert image.blobs == (CONFIG, FIRST, SECOND)
    assert replace(image, config=None).blobs == (FIRST, SECOND)


def test_a_manifest_is_known_by_its_bytes() -> None:
    raw = raw_json({"b": "é", "a": 1}, OCI_INDEX)
    assert raw.content == '{"b":"é","a":1}'.encode()
    assert raw.digest == digest_of(raw.content)
    assert repr(raw) == f"RawManifest({raw.digest}, {OCI_INDEX}, {len(raw.content)} bytes)"
    assert Manifest(raw).is_index
    assert not Manifest(replace(raw, media_type=OCI_MANIFEST)).is_index
