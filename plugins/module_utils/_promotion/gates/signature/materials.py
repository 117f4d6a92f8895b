# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who must have signed an image, and what is attached to it that may prove that: found, and read within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...._errors import FastbreakError
from ...._oci.media_types import DSSE, IN_TOTO, SIGSTORE_BUNDLES, SIMPLE_SIGNING
from ..subject import printable, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...._oci.model import Descriptor
    from ...values import Attachment, SourceImage
    from ..subject import Subject

_DSSE = frozenset({DSSE, IN_TOTO})
_SIGNATURE = "dev.cosignproject.cosign/signature"

#: The most that is looked at: anyone who may push to the source can attach what they like.
MATERIALS = 50
#: An attestation may carry an SBOM of some megabytes; a simple signing document is a few hundred bytes.
PAYLOAD_LIMIT_BYTES = {"cosign": 1 << 16, "dsse": 16 << 20, "bundle": 16 << 20}


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """A signature by this public key (PEM), or by this certificate identity and issuer (keyless).

    ``trusted_root`` is the text of a Sigstore trusted_root.json; empty means the public good instance's.
    ``predicate_type`` empty asks for a signature of the image, otherwise for an attestation of that predicate.
    """

    public_key: str = ""
    identity: str = ""
    issuer: str = ""
    trusted_root: str = ""
    predicate_type: str = ""


@dataclass(frozen=True, slots=True)
class SignatureMaterial:
    """Something attached to an image that may prove where it comes from.

    ``form`` is ``cosign`` (payload is the simple signing document, ``signature`` its base64 signature, certificate
    and Rekor bundle in ``annotations``), ``dsse`` (payload is a DSSE envelope) or ``bundle`` (a Sigstore bundle).
    """

    form: str
    payload: bytes
    signature: str = ""
    annotations: tuple[tuple[str, str], ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What a material gave. ``valid`` only when it was proven for the digest that was asked about."""

    valid: bool
    origin: str
    seen: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    form: str
    layer: Descriptor
    origin: str


def read_materials(subject: Subject, policy: SignaturePolicy) -> Iterator[SignatureMaterial | SignatureCheck]:
    """The signatures and attestations of the image itself (its root); a check says why something could not be had.

    Each is read when it is asked for, the smallest first, so that an SBOM of megabytes is read only when nothing else
    proves it. Where an attestation is asked for, plain signatures are left out: they can say nothing of a predicate.
    """
    found = [each for each in _candidates(subject.image) if not (policy.predicate_type and each.form == "cosign")]
    for candidate in sorted(found, key=lambda each: each.layer.size)[:MATERIALS]:
        yield _read(candidate, subject)
    if len(found) > MATERIALS:
        seen = f"only the smallest {MATERIALS} of {len(found)} signatures and attestations were looked at"
        yield SignatureCheck(valid=False, origin=short(subject.image.digest), seen=seen)


def _candidates(image: SourceImage) -> Iterator[_Candidate]:
    seen: set[tuple[str, str, str]] = set()
    for attachment in image.attachments:
        if attachment.subject != image.digest:
            continue
        for layer in attachment.manifest.layers:
            form = _form(layer)
            # A payload may be signed more than once, each time in a layer of its own.
            key = (form, layer.digest, dict(layer.annotations).get(_SIGNATURE, ""))
            if form and key not in seen:
                seen.add(key)
                yield _Candidate(form, layer, _origin(attachment))


def _form(layer: Descriptor) -> str:
    if layer.media_type == SIMPLE_SIGNING:
        return "cosign"
    if layer.media_type in _DSSE:
        return "dsse"
    return "bundle" if layer.media_type.startswith(SIGSTORE_BUNDLES) else ""


def _origin(attachment: Attachment) -> str:
    return printable(attachment.tag, 128) if attachment.tag else f"referrer {short(attachment.manifest.digest)}"


def _read(candidate: _Candidate, subject: Subject) -> SignatureMaterial | SignatureCheck:
    origin, layer, limit = candidate.origin, candidate.layer, PAYLOAD_LIMIT_BYTES[candidate.form]
    if layer.size > limit:
        seen = f"it has {layer.size} bytes, more than the {limit} that are read"
        return SignatureCheck(valid=False, origin=origin, seen=seen)
    try:
        payload = subject.ports.source.read_blob(subject.address(layer.digest), limit_bytes=limit)
    except FastbreakError as error:
        return SignatureCheck(valid=False, origin=origin, seen=f"it could not be read: {error.message}")
    if payload is None:
        seen = f"its blob {layer.digest} is not in the source repository"
        return SignatureCheck(valid=False, origin=origin, seen=seen)
    signature = dict(layer.annotations).get(_SIGNATURE, "")
    return SignatureMaterial(candidate.form, payload, signature, layer.annotations, origin)
