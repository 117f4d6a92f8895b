# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In-toto statements, such as the attestation of a promotion, and the OCI artifact that carries one. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .._oci.media_types import IN_TOTO
from .._release.promotion import PREDICATE_TYPE, gate_data
from .artifact import make_artifact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._oci.model import Descriptor, Manifest
    from .._release.promotion import Promotion
    from .artifact import Artifact
    from .values import SourceImage

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: As cosign and GitHub annotate attestations, so that they can be told apart without reading them.
_PREDICATE_ANNOTATIONS = ("in-toto.io/predicate-type", "predicateType")
_CREATED = "org.opencontainers.image.created"


def is_attestation(listed: Descriptor, predicate_type: str = PREDICATE_TYPE) -> bool:
    """Whether a referrer is, by its type and annotations, an unsigned statement; if not told else, of a promotion."""
    annotations = dict(listed.annotations)
    predicates = {annotations.get(name) for name in _PREDICATE_ANNOTATIONS}
    return listed.artifact_type == IN_TOTO and predicate_type in predicates


def statement(image: SourceImage, promotion: Promotion) -> bytes:
    """The in-toto statement that *promotion* of *image* took place, as canonical JSON."""
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
    return in_toto_statement(image.digest, promotion.destination.rpartition("@")[0], PREDICATE_TYPE, predicate)


def in_toto_statement(digest: str, name: str, predicate_type: str, predicate: Mapping[str, Any]) -> bytes:
    """The in-toto statement of *predicate* about the image *digest*; *name* is where it lies, for people."""
    algorithm, _colon, encoded = digest.partition(":")
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {algorithm: encoded}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def artifact(content: bytes, subject: Manifest, *, created: str = "", predicate_type: str = PREDICATE_TYPE) -> Artifact:
    """The artifact that carries the statement *content* as it is, signed by nobody, and refers to *subject*."""
    return make_artifact(
        content,
        IN_TOTO,
        subject,
        annotations={
            **({_CREATED: created} if created else {}),
            **dict.fromkeys(_PREDICATE_ANNOTATIONS, predicate_type),
        },
        layer_annotations=((_PREDICATE_ANNOTATIONS[0], predicate_type),),
    )
