# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests as documents, before they are bytes: right ones, to be harmed by a test."""

from __future__ import annotations

from typing import Any

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST

ONE = "sha256:" + "1" * 64
TWO = "sha512:" + "2" * 128


def descriptor(digest: str = ONE, **more: object) -> dict[str, Any]:
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar+zstd", "digest": digest, "size": 7, **more}


def image(**more: object) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(), "layers": [descriptor(TWO)], **more}


def index(**more: object) -> dict[str, Any]:
    child = descriptor(mediaType=OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64", "variant": "v8"})
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child], **more}
