# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes of referrers: what a registry without the referrers API keeps under a manifest's fallback tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .json_manifest import raw_json
from .media_types import OCI_INDEX
from .model import MANIFEST_LIMIT_BYTES, Descriptor
from .parse import parse_manifest
from .strict_json import read_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .model import Manifest


def fallback_tag(digest: str) -> str:
    """The tag under which a registry without the referrers API keeps a manifest's referrers."""
    algorithm, _colon, encoded = digest.partition(":")
    return f"{algorithm[:32]}-{encoded[:64]}"


def descriptor_of(manifest: Manifest) -> Descriptor:
    """How an index of referrers names *manifest*."""
    return Descriptor(
        digest=manifest.digest,
        size=len(manifest.raw.content),
        media_type=manifest.raw.media_type,
        artifact_type=manifest.artifact_type or (manifest.config.media_type if manifest.config else ""),
        annotations=manifest.annotations,
    )


def extend_index(held: Manifest | None, wanted: Iterable[Descriptor]) -> Manifest:
    """The index *held* with those of *wanted* behind it that it lacks. What it has stays as it was written."""
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX}
    if held:
        document |= read_object(held.raw.content, limit_bytes=MANIFEST_LIMIT_BYTES)
    known = {child.digest for child in held.children} if held else set()
    added = {child.digest: as_object(child) for child in wanted if child.digest not in known}
    document["manifests"] = [*(document.get("manifests") or []), *added.values()]
    return parse_manifest(raw_json(document, held.raw.media_type if held else OCI_INDEX))


def without(index: Manifest, digests: set[str]) -> Manifest:
    """*index* without the entries of *digests*."""
    document = read_object(index.raw.content, limit_bytes=MANIFEST_LIMIT_BYTES)
    document["manifests"] = [entry for entry in document["manifests"] if entry["digest"] not in digests]
    return parse_manifest(raw_json(document, index.raw.media_type))


def as_object(descriptor: Descriptor) -> dict[str, Any]:
    """*descriptor* as the OCI specification writes it."""
    value: dict[str, Any] = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }
    if descriptor.artifact_type:
        value["artifactType"] = descriptor.artifact_type
    if descriptor.annotations:
        value["annotations"] = dict(descriptor.annotations)
    return value
