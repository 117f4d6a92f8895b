# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of a manifest to its value. Every manifest is taken for hostile.

What it refuses is refused with `RefusedError`, whatever the bytes: a registry, or whoever may push to it, chooses them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._errors import RefusedError
from .media_types import (
    DOCKER_MANIFEST,
    FOREIGN_LAYERS,
    INDEX_TYPES,
    MANIFEST_TYPES,
    OCI_ARTIFACT,
    OCI_INDEX,
    OCI_MANIFEST,
    SCHEMA1_TYPES,
    VAGUE_TYPES,
    is_media_type,
)
from .model import MANIFEST_LIMIT_BYTES, Descriptor, Manifest
from .names import is_digest, is_platform_part
from .strict_json import MalformedError, quote, read_object

if TYPE_CHECKING:
    from .model import RawManifest


class UnreadableManifestError(RefusedError):
    """Content that is no manifest which a promotion carries."""


_LARGEST_SIZE = (1 << 63) - 1


def is_foreign(layer: Descriptor) -> bool:
    """Whether the layer is non-distributable: a registry may lack its blob, which then lies at its urls."""
    return layer.media_type.startswith(FOREIGN_LAYERS)


def parse_manifest(raw: RawManifest) -> Manifest:
    """What *raw* says; its media type is settled by its ``mediaType`` field, the Content-Type or its form.

    Raises UnreadableManifestError for what is no manifest that a promotion carries, and for what contradicts itself.
    """
    try:
        document = read_object(raw.content, limit_bytes=MANIFEST_LIMIT_BYTES)
        media_type = _media_type(document, raw.media_type)
        return _manifest(replace(raw, media_type=media_type), document)
    except MalformedError as error:
        raise UnreadableManifestError(
            f"Manifest {quote(raw.digest)} {error}. It was not carried, and nothing that names it. "
            "Push the image again with a tool that writes OCI or Docker schema 2 manifests.",
            digest=raw.digest,
        ) from error


def _manifest(raw: RawManifest, document: dict[str, Any]) -> Manifest:
    is_index = raw.media_type in INDEX_TYPES
    if is_index and ("config" in document or "layers" in document):
        raise MalformedError("is an index and has config or layers, so that two readers may see two images in it")
    if not is_index and "manifests" in document:
        raise MalformedError("is no index and has manifests, so that two readers may see two images in it")
    config = _optional(document, "config")
    if config is None and raw.media_type in (OCI_MANIFEST, DOCKER_MANIFEST):
        raise MalformedError("has no config")
    if is_index and "manifests" not in document:
        raise MalformedError("is an index without manifests")
    layers = "blobs" if raw.media_type == OCI_ARTIFACT else "layers"
    return Manifest(
        raw=raw,
        config=config,
        layers=() if is_index else _list(document, layers),
        children=_list(document, "manifests") if is_index else (),
        subject=_optional(document, "subject"),
        artifact_type=_media_text(document, "artifactType", "has an"),
        annotations=_annotations(document),
    )


def _media_type(document: dict[str, Any], content_type: str) -> str:
    said = document.get("mediaType", "")
    if not isinstance(said, str):
        raise MalformedError(f"has the mediaType {quote(said)}, which is no text")
    sent = content_type.partition(";")[0].strip().lower()
    if said in SCHEMA1_TYPES or sent in SCHEMA1_TYPES or _is_schema1(document):
        raise MalformedError("is of Docker schema 1, which has no stable digest and is not carried")
    version = document.get("schemaVersion")
    # The artifact manifest of the drafts of OCI 1.1 has none.
    if version != 2 and not (version is None and OCI_ARTIFACT in (said, sent)):
        raise MalformedError(f"has the schemaVersion {quote(version)} where 2 is known")
    if said and sent not in VAGUE_TYPES and said != sent:
        raise MalformedError(f"says that it is {quote(said)}, but was sent as {quote(sent)}")
    media_type = said or ("" if sent in VAGUE_TYPES else sent) or _guess(document)
    if media_type not in MANIFEST_TYPES:
        raise MalformedError(f"is of the media type {quote(media_type)}, which no promotion carries")
    return media_type


def _is_schema1(document: dict[str, Any]) -> bool:
    version = document.get("schemaVersion")
    return version == 1 and not isinstance(version, bool)


def _guess(document: dict[str, Any]) -> str:
    """The media type of a manifest that nobody names: the OCI specification lets ``mediaType`` be left out."""
    if isinstance(document.get("manifests"), list):
        return OCI_INDEX
    if isinstance(document.get("config"), dict):
        return OCI_MANIFEST
    raise MalformedError("does not say what it is, and has neither manifests nor config")


def _optional(document: dict[str, Any], name: str) -> Descriptor | None:
    value = document.get(name)
    return None if value is None else _descriptor(value, name)


def _list(document: dict[str, Any], name: str) -> tuple[Descriptor, ...]:
    value = document.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise MalformedError(f"has {name} that are no list but {quote(value)}")
    return tuple(_descriptor(entry, name) for entry in value)


def _descriptor(value: object, name: str) -> Descriptor:
    if not isinstance(value, dict):
        raise MalformedError(f"has under {name} no descriptor but {quote(value)}")
    digest, size = value.get("digest"), value.get("size")
    if not isinstance(digest, str) or not is_digest(digest):
        raise MalformedError(f"has under {name} the digest {quote(digest)}; sha256 and sha512 are known")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST_SIZE:
        raise MalformedError(f"has under {name} the size {quote(size)} for {digest}")
    media_type = _media_text(value, "mediaType", f"has under {name} a")
    if not media_type:
        raise MalformedError(f"has under {name} no mediaType for {digest}")
    return Descriptor(
        digest=digest,
        size=size,
        media_type=media_type,
        artifact_type=_media_text(value, "artifactType", f"has under {name} an"),
        platform=_platform(value.get("platform")),
        annotations=_annotations(value),
        urls=_urls(value.get("urls")),
    )


def _media_text(value: dict[str, Any], key: str, has: str) -> str:
    found = value.get(key)
    if found is None or found == "":
        return ""
    if not isinstance(found, str) or not is_media_type(found):
        raise MalformedError(f"{has} {key} {quote(found)}, which is no media type")
    return found


def _platform(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        raise MalformedError(f"has the platform {quote(value)}, which is no object")
    parts = [value.get(key) for key in ("os", "architecture", "variant")]
    given = [part for part in parts if part not in (None, "")]
    if not all(isinstance(part, str) and is_platform_part(part) for part in given):
        raise MalformedError(f"has the platform {quote(value)}, whose parts are no names")
    # Without an operating system or an architecture it names nothing that could be chosen.
    return "/".join(given) if parts[0] and parts[1] else ""


def _annotations(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = value.get("annotations")
    if found is None:
        return ()
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise MalformedError(f"has the annotations {quote(found)}, which are no map of texts")
    return tuple(found.items())


def _urls(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(url, str) and url.isprintable() for url in value):
        raise MalformedError(f"has the urls {quote(value)}, which are no list of texts")
    return tuple(value)
