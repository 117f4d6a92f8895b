# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds what is attached to an image that may prove where it comes from, and reads it, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...._errors import FastbreakError
from ...._oci.media_types import DSSE, IN_TOTO, SIGSTORE_BUNDLES, SIMPLE_SIGNING
from ...signatures import SignatureCheck, SignatureMaterial
from ..platforms import printable, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...._oci.model import Descriptor
    from ...signatures import SignaturePolicy
    from ...values import Attachment, SourceImage
    from ..subject import Subject

_DSSE = frozenset({DSSE, IN_TOTO})
_SIGNATURE = "dev.cosignproject.cosign/signature"

#: The most that is looked at: anyone who may push to the source can attach what they like.
MATERIALS = 50
#: An attestation may carry an SBOM of some megabytes; a simple signing document is a few hundred bytes.
PAYLOAD_LIMIT_BYTES = {"cosign": 1 << 16, "dsse": 16 << 20, "bundle": 16 << 20}


@dataclass(frozen=True, slots=True)
class _Candidate:
    form: str
    layer: Descriptor
    origin: str


def check_signatures(subject: Subject, policy: SignaturePolicy) -> tuple[SignatureCheck, ...]:
    """What the signatures and attestations of the image itself (its root) prove, up to the first that is valid.

    The smallest are read first, each by itself, so that an SBOM of megabytes is read only when nothing else proves
    it. Where an attestation is asked for, plain signatures are left out: they can say nothing of a predicate.
    """
    checks: list[SignatureCheck] = []
    image, signatures = subject.image, subject.ports.signatures
    candidates = [found for found in _candidates(image) if not (policy.predicate_type and found.form == "cosign")]
    for candidate in sorted(candidates, key=lambda found: found.layer.size)[:MATERIALS]:
        material = _read(candidate, subject)
        if isinstance(material, SignatureCheck):
            checks.append(material)
            continue
        checks += signatures.verify((material,), digest=image.digest, policy=policy)
        if checks[-1].valid:
            return tuple(checks)
    if not candidates:
        # A policy that cannot be right is found out even where there is nothing to hold it against.
        signatures.verify((), digest=image.digest, policy=policy)
    if len(candidates) > MATERIALS:
        seen = f"only the smallest {MATERIALS} of {len(candidates)} signatures and attestations were looked at"
        checks.append(SignatureCheck(valid=False, origin=short(image.digest), seen=seen))
    return tuple(checks)


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
    """The material, or a check that says why it could not be had."""
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
