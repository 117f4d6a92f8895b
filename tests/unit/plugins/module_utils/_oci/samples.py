# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, indexes and what belongs to them, made from words: the same words make the same bytes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.media_types import OCI_INDEX, OCI_MANIFEST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import RawManifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    class Shelf(Protocol):
        """Where samples are put: a repository of a registry in memory."""

        blobs: dict[str, bytes]
        manifests: dict[str, RawManifest]
        tags: dict[str, str]


LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"
CONFIG = "application/vnd.oci.image.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def raw(document: object, media_type: str = OCI_MANIFEST) -> RawManifest:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return RawManifest(content, digest_of(content), media_type)


def blob(shelf: Shelf, content: bytes, media_type: str = LAYER) -> dict[str, Any]:
    """Put a blob on the shelf. Its descriptor."""
    shelf.blobs[digest_of(content)] = content
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def named(manifest: RawManifest, **more: object) -> dict[str, Any]:
    return {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.content), **more}


def put(shelf: Shelf, manifest: RawManifest, tag: str = "") -> RawManifest:
    shelf.manifests[manifest.digest] = manifest
    if tag:
        shelf.tags[tag] = manifest.digest
    return manifest


def image(shelf: Shelf, *layers: str, tag: str = "", **more: object) -> RawManifest:
    """An image whose layers hold *layers*."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": blob(shelf, json.dumps({"config": {}, "layers": layers}).encode(), CONFIG),
        "layers": [blob(shelf, layer.encode()) for layer in layers],
        **more,
    }
    return put(shelf, raw(document), tag)


def index(shelf: Shelf, children: Iterable[tuple[RawManifest, str]], *, tag: str = "", **more: object) -> RawManifest:
    """An index of manifests with their platforms (``os/architecture``, or empty)."""
    entries = []
    for child, platform in children:
        system, _slash, architecture = platform.partition("/")
        entry = {"platform": {"os": system, "architecture": architecture}} if platform else {}
        entries.append(named(child, **entry))
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, **more}
    return put(shelf, raw(document, OCI_INDEX), tag)


def referrer(shelf: Shelf, subject: RawManifest, content: str, artifact_type: str) -> RawManifest:
    """An artifact that refers to *subject*."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": blob(shelf, b"{}", EMPTY),
        "layers": [blob(shelf, content.encode(), artifact_type)],
        "subject": named(subject),
    }
    return put(shelf, raw(document))


def fallback(shelf: Shelf, subject: RawManifest, *referrers: RawManifest) -> RawManifest:
    """The index of the referrers of *subject*, under its tag."""
    entries = []
    for item in referrers:
        said = json.loads(item.content)
        entries.append(named(item, **{key: said[key] for key in ("artifactType", "annotations") if key in said}))
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return put(shelf, raw(document, OCI_INDEX), subject.digest.replace(":", "-"))


def cosign(shelf: Shelf, subject: RawManifest, *signatures: str, ending: str = ".sig") -> RawManifest:
    """A manifest of cosign's under its tag: one layer for all signatures, told apart by their annotations."""
    layer = blob(shelf, subject.digest.encode(), "application/vnd.dev.cosign.simplesigning.v1+json")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": blob(shelf, b'{"cosign":1}', CONFIG),
        "layers": [
            {**layer, "annotations": {"dev.cosignproject.cosign/signature": signature}} for signature in signatures
        ],
    }
    return put(shelf, raw(document), subject.digest.replace(":", "-") + ending)
