# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A signature of an image as cosign 3 keeps it: an in-toto statement in a Sigstore bundle, which refers to the image.
Other statements that are signed lie there in the same way.

cosign's specification of bundles (specs/BUNDLE_SPEC.md) says how it lies in a registry.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from .._oci.media_types import IN_TOTO, SIGSTORE_BUNDLE
from .artifact import make_artifact
from .attestation import in_toto_statement
from .gates.signature.payloads import COSIGN_SIGNATURE, Envelope

if TYPE_CHECKING:
    from .._oci.model import Descriptor, Manifest
    from .artifact import Artifact

PREDICATE = "dev.sigstore.bundle.predicateType"


def signature_statement(digest: str, name: str) -> bytes:
    """The in-toto statement that the image *digest* is signed; *name* is where it lies, for people."""
    return in_toto_statement(digest, name, COSIGN_SIGNATURE, {})


def bytes_to_sign(statement: bytes) -> bytes:
    """What a signature of *statement* in a bundle is over."""
    return Envelope(IN_TOTO, statement, ()).signed


def key_bundle(statement: bytes, signature: bytes, public_key: bytes) -> bytes:
    """The bundle of a *signature* by a key, whose public half is given as its DER bytes."""
    document = {
        "mediaType": SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": _base64(hashlib.sha256(public_key).digest())}},
        "dsseEnvelope": {
            "payload": _base64(statement),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": _base64(signature)}],
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()


def signature_artifact(bundle: bytes, subject: Manifest, predicate_type: str = COSIGN_SIGNATURE) -> Artifact:
    """The artifact that carries *bundle*. It tells no time, so that the same signature is the same artifact."""
    annotations = {"dev.sigstore.bundle.content": "dsse-envelope", PREDICATE: predicate_type}
    return make_artifact(bundle, SIGSTORE_BUNDLE, subject, annotations=annotations)


def may_be_signature(listed: Descriptor, predicate_type: str = COSIGN_SIGNATURE) -> bool:
    """Whether a referrer may be a signature, or one of a statement of that type, by what an index says of it."""
    predicate = dict(listed.annotations).get(PREDICATE, predicate_type)
    return predicate == predicate_type and listed.artifact_type in ("", SIGSTORE_BUNDLE)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
