# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What belongs to an image: under which tags it is found, what it is called, and indexes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._oci.json_manifest import raw_json
from .._oci.media_types import OCI_INDEX, artifact_kind
from .._oci.model import MANIFEST_LIMIT_BYTES, Descriptor, Manifest, RawManifest
from .._oci.strict_json import read_object

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What cosign keeps under tags of its own, by the tag's ending.
COSIGN_KINDS = ((".sig", "signature"), (".att", "attestation"), (".sbom", "sbom"))


@dataclass(frozen=True, slots=True)
class OwnTag:
    """A tag that belongs to a digest by its name."""

    tag: str
    kind: str


def fallback_tag(digest: str) -> str:
    """The tag under which a registry without the referrers API keeps a manifest's referrers."""
    algorithm, _colon, encoded = digest.partition(":")
    return f"{algorithm[:32]}-{encoded[:64]}"


def cosign_tags(digest: str) -> tuple[OwnTag, ...]:
    """The tags under which cosign keeps what belongs to *digest*."""
    return tuple(OwnTag(f"{digest.replace(':', '-')}{ending}", kind) for ending, kind in COSIGN_KINDS)


def kind_of(manifest: Manifest) -> str:
    """What a referrer is called in reports: a word for what is well known, otherwise its artifact type."""
    said = manifest.artifact_type or (manifest.config.media_type if manifest.config else "")
    return artifact_kind(said) or "referrer"


def descriptor_of(manifest: Manifest) -> Descriptor:
    """How an index of referrers names *manifest*."""
    return Descriptor(
        digest=manifest.digest,
        size=len(manifest.raw.content),
        media_type=manifest.raw.media_type,
        artifact_type=manifest.artifact_type or (manifest.config.media_type if manifest.config else ""),
        annotations=manifest.annotations,
    )


def extend_index(held: Manifest | None, wanted: Iterable[Descriptor]) -> RawManifest:
    """The index *held* with those of *wanted* behind it that it lacks. What it has stays as it was written."""
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX}
    if held:
        document |= read_object(held.raw.content, limit_bytes=MANIFEST_LIMIT_BYTES)
    known = {one.digest for one in held.children} if held else set()
    added = {one.digest: as_object(one) for one in wanted if one.digest not in known}
    document["manifests"] = [*(document.get("manifests") or []), *added.values()]
    return raw_json(document, held.raw.media_type if held else OCI_INDEX)


def without(index: RawManifest, digests: set[str]) -> RawManifest:
    """*index* without the entries of *digests*."""
    document = read_object(index.content, limit_bytes=MANIFEST_LIMIT_BYTES)
    document["manifests"] = [one for one in document["manifests"] if one["digest"] not in digests]
    return raw_json(document, index.media_type)


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
