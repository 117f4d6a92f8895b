# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Images of a repository: MiniStack's records, kept so that tags, digests and bytes agree.

A record lives in `ecr._images[repository]`, its manifest's exact bytes in `ecr._manifest_blobs[repository]`. Everything
here runs in the scope of one account and region.
"""

import fnmatch
import hashlib
import time
from dataclasses import dataclass
from typing import Any

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.model import manifests, scans, state
from sandbox.services.ecr.model.blobs import Blobs

Record = dict[str, Any]


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Why an image is not taken: ECR's exception, the registry's code, and the text of both."""

    exception: str
    code: str
    text: str


def records(repository: str) -> list[Record]:
    """The images, oldest push first."""
    found: list[Record] = ecr._images.get(repository) or []
    return found


def find(repository: str, *, tag: str | None = None, digest: str | None = None) -> Record | None:
    """The image with the tag and the digest, as far as they are given."""
    for record in records(repository):
        if (digest is None or record["imageDigest"] == digest) and (tag is None or tag in record["imageTags"]):
            return record
    return None


def digest_of(repository: str, tag: str | None) -> str | None:
    """The digest of the image that has the tag; None when none has, or without a tag."""
    record = find(repository, tag=tag) if tag else None
    return record["imageDigest"] if record else None


def named(repository: str, identifier: dict[str, str]) -> Record | None:
    """The image that an ImageIdentifier of the API names; None when there is none, or when it names nothing."""
    tag, digest = identifier.get("imageTag"), identifier.get("imageDigest")
    return find(repository, tag=tag, digest=digest) if tag or digest else None


def raw(repository: str, record: Record) -> bytes:
    """The manifest as it was pushed."""
    found: bytes = ecr._manifest_blobs[repository][record["imageDigest"]]
    return found


def put(blobs: Blobs, repository: str, body: bytes, *, tag: str | None, content_type: str = "") -> Record:
    """Take a manifest, under a tag or none; Refusal when ECR would not. The same again changes nothing."""
    if len(body) > manifests.MANIFEST_LIMIT_BYTES:
        text = f"An image manifest may have {manifests.MANIFEST_LIMIT_BYTES} bytes; this manifest has {len(body)}"
        raise Refusal("InvalidParameterException", "SIZE_INVALID", text)
    try:
        manifest = manifests.parse(body, content_type)
    except manifests.InvalidManifestError as error:
        raise Refusal("InvalidParameterException", "MANIFEST_INVALID", str(error)) from error
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    _require_parts(blobs, repository, manifest)
    holder = find(repository, tag=tag) if tag else None
    if tag and holder and holder["imageDigest"] != digest and _is_immutable(ecr._repositories[repository], tag):
        raise Refusal(
            "ImageTagAlreadyExistsException",
            "TAG_INVALID",
            f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because "
            "the tag is immutable.",
        )
    if holder and holder["imageDigest"] != digest:
        holder["imageTags"].remove(str(tag))
    ecr._manifest_blobs.setdefault(repository, {})[digest] = body
    record = find(repository, digest=digest)
    if record is None:
        record = _new_record(blobs, repository, body, manifest, digest)
        scans.pushed(repository, record)
    if tag and tag not in record["imageTags"]:
        record["imageTags"].append(tag)
        record["imagePushedAt"] = int(time.time())
    return record


def _require_parts(blobs: Blobs, repository: str, manifest: manifests.Manifest) -> None:
    owner = (responses.get_account_id(), repository)
    if missing := [digest for digest in manifest.blobs if not blobs.holds(owner, digest)]:
        raise Refusal(
            "LayersNotFoundException",
            "MANIFEST_BLOB_UNKNOWN",
            f"The manifest names layers that the repository '{repository}' does not hold: {', '.join(missing)}",
        )
    if missing := [digest for digest in manifest.children if not find(repository, digest=digest)]:
        raise Refusal(
            "ReferencedImagesNotFoundException",
            "MANIFEST_BLOB_UNKNOWN",
            f"The manifest list names images that the repository '{repository}' does not hold: {', '.join(missing)}",
        )


def _new_record(blobs: Blobs, repository: str, body: bytes, manifest: manifests.Manifest, digest: str) -> Record:
    children = [find(repository, digest=child) for child in manifest.children]
    owner = (responses.get_account_id(), repository)
    held = sum(blobs.size(owner, blob) or 0 for blob in manifest.blobs)
    record = {
        "registryId": responses.get_account_id(),
        "repositoryName": repository,
        "imageId": {"imageDigest": digest},
        "imageDigest": digest,
        "imageManifest": body.decode(),
        "imageManifestMediaType": manifest.media_type,
        "imageTags": [],
        "imagePushedAt": int(time.time()),
        # AWS: "If the image is a manifest list, this will be the max size of all manifests in the list."
        "imageSizeInBytes": max((child["imageSizeInBytes"] for child in children if child), default=held),
    }
    ecr._images.setdefault(repository, []).append(record)
    known = state.of_image(record)
    known.artifact_type, known.subject, known.children = manifest.artifact_type, manifest.subject, manifest.children
    return record


def _is_immutable(repository: Record, tag: str) -> bool:
    filters = [item["filter"] for item in state.of_repository(repository).exclusion_filters]
    return is_immutable(repository.get("imageTagMutability", "MUTABLE"), filters, tag)


def is_immutable(setting: str, filters: list[str], tag: str) -> bool:
    """Whether a repository's setting, with the patterns of its exclusion filters, forbids moving `tag`."""
    excluded = any(fnmatch.fnmatchcase(tag, pattern) for pattern in filters)
    if setting.startswith("IMMUTABLE"):
        return not excluded
    return setting == "MUTABLE_WITH_EXCLUSION" and excluded


def remove(repository: str, record: Record) -> None:
    """Delete an image with all its tags; Refusal while a manifest list names it."""
    digest = record["imageDigest"]
    if any(digest in state.of_image(other).children for other in records(repository)):
        raise Refusal(
            "ImageReferencedByManifestList",
            "DENIED",
            f"Requested image referenced by manifest list: {digest}",
        )
    records(repository).remove(record)
    scans.dropped(repository, digest)
    ecr._manifest_blobs.get(repository, {}).pop(digest, None)


def untag(repository: str, record: Record, tag: str) -> None:
    """Take a tag away; an image that loses its last tag goes too, as ECR documents for BatchDeleteImage."""
    if record["imageTags"] == [tag]:
        remove(repository, record)
    else:
        record["imageTags"].remove(tag)
