# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The attestation of a promotion: an in-toto statement, and the OCI artifact that carries it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._oci.json_manifest import raw_json
from .._oci.media_types import EMPTY, IN_TOTO, OCI_MANIFEST
from .._oci.model import Descriptor
from .._oci.names import digest_of
from .._oci.parse import parse_manifest
from .._oci.referrers import as_object
from .._release.promotion import PREDICATE_TYPE, gate_data

if TYPE_CHECKING:
    from .._oci.model import Manifest
    from .._release.promotion import Promotion
    from .values import SourceImage

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: The content of an artifact that has no configuration, as the OCI specification has it.
EMPTY_CONFIG = b"{}"
#: As cosign and GitHub annotate attestations, so that they can be told apart without reading them.
_PREDICATE_ANNOTATIONS = ("in-toto.io/predicate-type", "predicateType")
_CREATED = "org.opencontainers.image.created"


@dataclass(frozen=True, slots=True)
class Attestation:
    """An artifact ready to be written: its blobs with their content, and its manifest."""

    blobs: tuple[tuple[Descriptor, bytes], ...]
    manifest: Manifest


def is_attestation(listed: Descriptor) -> bool:
    """Whether a referrer is, by its type and annotations, the attestation of a promotion."""
    annotations = dict(listed.annotations)
    predicates = {annotations.get(name) for name in _PREDICATE_ANNOTATIONS}
    return listed.artifact_type == IN_TOTO and PREDICATE_TYPE in predicates


def statement(image: SourceImage, promotion: Promotion) -> bytes:
    """The in-toto statement that *promotion* of *image* took place, as canonical JSON."""
    algorithm, _colon, encoded = image.digest.partition(":")
    predicate: dict[str, Any] = {
        "source": promotion.source,
        "destination": promotion.destination,
        "version": promotion.version,
        "promotedAt": promotion.promoted_at,
        "promotedBy": promotion.promoted_by,
        "commit": promotion.commit,
        "gates": [gate_data(gate) for gate in promotion.gates],
        "attachments": [attachment.as_data() for attachment in image.attachments],
    }
    if image.rewritten_from:
        predicate["rewrittenFrom"] = image.rewritten_from
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": promotion.destination.rpartition("@")[0], "digest": {algorithm: encoded}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def artifact(content: bytes, subject: Manifest, *, created: str) -> Attestation:
    """The artifact that carries the statement *content* and refers to *subject*."""
    config = _describe(EMPTY_CONFIG, EMPTY)
    layer = _describe(content, IN_TOTO, annotations=((_PREDICATE_ANNOTATIONS[0], PREDICATE_TYPE),))
    about = Descriptor(subject.digest, len(subject.raw.content), subject.raw.media_type)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": IN_TOTO,
        "config": as_object(config),
        "layers": [as_object(layer)],
        "subject": as_object(about),
        "annotations": {_CREATED: created, **dict.fromkeys(_PREDICATE_ANNOTATIONS, PREDICATE_TYPE)},
    }
    blobs = ((config, EMPTY_CONFIG), (layer, content))
    return Attestation(blobs, parse_manifest(raw_json(document, OCI_MANIFEST)))


def _describe(content: bytes, media_type: str, *, annotations: tuple[tuple[str, str], ...] = ()) -> Descriptor:
    return Descriptor(digest_of(content), len(content), media_type, annotations=annotations)
