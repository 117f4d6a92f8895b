# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What signatures of images are made of, read from bytes that anybody may have written. Pure.

Covered are cosign's simple signing document, the in-toto statement, the DSSE envelope and the Sigstore bundle. What is
read here proves nothing by itself: `keys` and `keyless` check who signed it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from ...._oci.media_types import IN_TOTO, SIGSTORE_BUNDLES

#: The predicate of an image signature in a bundle, as cosign 3 writes it.
COSIGN_SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_SIMPLE_SIGNING = "cosign container image signature"

LIMIT_BYTES = 16 << 20
_SIGNATURES = 16
_SHOWN = 100


class NotProofError(ValueError):
    """A material proves nothing; the text says why, and completes a sentence about it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope: what was signed and by which signatures."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]

    @property
    def signed(self) -> bytes:
        """The bytes that the signatures are over: DSSE's pre-authentication encoding."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """A signature over an artifact's SHA-256, which for an image is that of its manifest."""

    sha256: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """A Sigstore bundle. ``keyless`` when it carries a certificate instead of naming a key."""

    content: Envelope | MessageSignature
    keyless: bool


def read_json(content: bytes, what: str) -> dict[str, Any]:
    """The JSON object in *content*. Raises `NotProofError`."""
    if len(content) > LIMIT_BYTES:
        raise NotProofError(f"{what} has {len(content)} bytes, more than the {LIMIT_BYTES} that are read")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotProofError(f"{what} is not JSON") from error
    return _object(found, what)


def decode(text: Any, what: str) -> bytes:
    """The bytes that *text* holds as base64. Raises `NotProofError`."""
    if not isinstance(text, str) or not text:
        raise NotProofError(f"{what} is missing")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotProofError(f"{what} is not base64") from error


def check_simple_signing(payload: bytes, digest: str) -> None:
    """Raise `NotProofError` unless the simple signing document *payload* is about the image *digest*."""
    critical = _object(read_json(payload, "the signed document").get("critical"), "`critical` in the signed document")
    kind = critical.get("type")
    if kind != _SIMPLE_SIGNING:
        raise NotProofError(f"it signs {_shown(kind)}, which is no image signature")
    image = _object(critical.get("image"), "`critical.image` in the signed document")
    named = image.get("docker-manifest-digest")
    if named != digest:
        raise NotProofError(f"it signs another image, {_shown(named)}")


def read_envelope(document: dict[str, Any]) -> Envelope:
    """The DSSE envelope in *document*. Raises `NotProofError`."""
    kind, signatures = document.get("payloadType"), document.get("signatures")
    if not isinstance(kind, str) or not kind.isprintable():
        raise NotProofError("its envelope has no payloadType")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= _SIGNATURES:
        raise NotProofError(f"its envelope has not between 1 and {_SIGNATURES} signatures")
    decoded = tuple(decode(_object(entry, "a signature").get("sig"), "a signature") for entry in signatures)
    return Envelope(kind, decode(document.get("payload"), "the envelope's payload"), decoded)


def check_statement(payload_type: str, payload: bytes, digest: str, predicate_type: str) -> None:
    """Raise `NotProofError` unless the payload is an in-toto statement about *digest* of that predicate.

    *predicate_type* empty asks for cosign's image signature.
    """
    if payload_type != IN_TOTO:
        raise NotProofError(f"it signs {_shown(payload_type)}, not an in-toto statement")
    statement = read_json(payload, "the signed statement")
    if statement.get("_type") not in _STATEMENTS:
        raise NotProofError(f"it signs {_shown(statement.get('_type'))}, not an in-toto statement")
    if not _names(statement.get("subject"), digest):
        raise NotProofError("the signed statement is about something else than this image")
    wanted, seen = predicate_type or COSIGN_SIGNATURE, statement.get("predicateType")
    if seen != wanted:
        hint = "" if predicate_type else "; to ask for an attestation, set predicate_type"
        raise NotProofError(f"its predicate is {_shown(seen)}, not {wanted}{hint}")


def _names(subjects: Any, digest: str) -> bool:
    algorithm, _colon, hexadecimal = digest.partition(":")
    found = subjects if isinstance(subjects, list) else []
    digests = [subject.get("digest") for subject in found if isinstance(subject, dict)]
    named = [digest.get(algorithm) for digest in digests if isinstance(digest, dict)]
    return bool(hexadecimal) and hexadecimal in named


def read_bundle(payload: bytes) -> Bundle:
    """The Sigstore bundle in *payload*, as far as a signature by a key needs. Raises `NotProofError`."""
    document = read_json(payload, "the bundle")
    if not str(document.get("mediaType")).startswith(SIGSTORE_BUNDLES):
        raise NotProofError(f"its media type is {_shown(document.get('mediaType'))}, not a Sigstore bundle's")
    material = _object(document.get("verificationMaterial"), "the bundle's verificationMaterial")
    keyless = bool(material.get("certificate") or material.get("x509CertificateChain"))
    if "dsseEnvelope" in document:
        return Bundle(read_envelope(_object(document["dsseEnvelope"], "the bundle's envelope")), keyless)
    message = _object(document.get("messageSignature"), "the bundle's messageSignature")
    hashed = _object(message.get("messageDigest"), "the bundle's messageDigest")
    if hashed.get("algorithm") != "SHA2_256":
        raise NotProofError(f"it signs a digest of {_shown(hashed.get('algorithm'))}; only SHA2_256 is checked")
    sha256 = decode(hashed.get("digest"), "the bundle's digest").hex()
    return Bundle(MessageSignature(sha256, decode(message.get("signature"), "the signature")), keyless)


def check_message(message: MessageSignature, digest: str, predicate_type: str) -> None:
    """Raise `NotProofError` unless *message* is over the manifest *digest*, and no attestation is asked for."""
    if predicate_type:
        raise NotProofError(f"it signs the image and says nothing of a predicate, {predicate_type} is asked for")
    if f"sha256:{message.sha256}" != digest:
        raise NotProofError(f"it signs another image, sha256:{message.sha256[:64]}")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotProofError(f"{what} is not a JSON object")
    return value


def _shown(value: Any) -> str:
    """The beginning of something from outside, quoted; `ascii` keeps it printable whatever it holds."""
    return ascii(value[:_SHOWN]) if isinstance(value, str) else f"<{type(value).__name__}>"
