# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a manifest says: which blobs and which manifests it needs, how big it is, what it is about. No I/O.

OCI image specification 1.1 (manifest.md, image-index.md); Docker image manifest version 2, schema 2.
"""

import json
from dataclasses import dataclass
from typing import Any

INDEX_TYPES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
MANIFEST_TYPES = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)

MANIFEST_LIMIT_BYTES = 4 << 20
"""API model, PutImage: imageManifest has at most 4194304 characters. OCI wants registries to take as much."""


class InvalidManifestError(ValueError):
    """The bytes are no manifest ECR takes; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A parsed manifest."""

    media_type: str
    artifact_type: str
    blobs: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    subject: str | None = None
    size: int = 0
    """Bytes of what it names directly."""


def parse(raw: bytes, content_type: str = "") -> Manifest:
    """The manifest in `raw`; its type is what it says itself, else `content_type`, else what its members look like."""
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise InvalidManifestError(f"manifest is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidManifestError("manifest is not a JSON object")
    declared = document.get("mediaType") or content_type.partition(";")[0].strip()
    media_type = declared or (
        "application/vnd.oci.image." + ("index" if "manifests" in document else "manifest") + ".v1+json"
    )
    try:
        if media_type in INDEX_TYPES:
            return _index(document, media_type)
        if media_type in MANIFEST_TYPES:
            return _image(document, media_type)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidManifestError(f"manifest of type {media_type} lacks or garbles {error}") from error
    raise InvalidManifestError(f"unsupported manifest media type {media_type!r}")


def _index(document: dict[str, Any], media_type: str) -> Manifest:
    children = document["manifests"]
    return Manifest(
        media_type=media_type,
        artifact_type=document.get("artifactType") or media_type,
        children=tuple(child["digest"] for child in children),
        subject=_subject(document),
        size=sum(int(child.get("size", 0)) for child in children),
    )


def _image(document: dict[str, Any], media_type: str) -> Manifest:
    parts = [document["config"], *document["layers"]]
    ours = [part for part in parts if not _is_foreign(part)]
    return Manifest(
        media_type=media_type,
        artifact_type=document.get("artifactType") or document["config"]["mediaType"],
        blobs=tuple(part["digest"] for part in ours),
        subject=_subject(document),
        size=sum(int(part["size"]) for part in ours),
    )


def _is_foreign(part: dict[str, Any]) -> bool:
    """A layer that a registry need not hold."""
    return "foreign" in part.get("mediaType", "") or "nondistributable" in part.get("mediaType", "")


def _subject(document: dict[str, Any]) -> str | None:
    return (document.get("subject") or {}).get("digest")
