# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds what is attached to an image that may prove where it comes from, and reads it, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._errors import FastbreakError
from ..._oci.names import Address
from .images import printable, short
from .model import SignatureCheck, SignatureMaterial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._oci.model import Descriptor
    from ..ports import Ports, Registry
    from ..values import Belonging, SourceImage
    from .model import SignaturePolicy

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_BUNDLE_FAMILY = "application/vnd.dev.sigstore.bundle"
_DSSE = frozenset({"application/vnd.dsse.envelope.v1+json", "application/vnd.in-toto+json"})
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


def check_signatures(image: SourceImage, policy: SignaturePolicy, ports: Ports) -> tuple[SignatureCheck, ...]:
    """What the signatures and attestations of the image itself (its root) prove, up to the first that is valid.

    The smallest are read first and one at a time, so that an SBOM of megabytes is read only when nothing else proves
    it. Where an attestation is asked for, plain signatures are left out: they can say nothing of a predicate.
    """
    checks: list[SignatureCheck] = []
    candidates = [one for one in _candidates(image) if not (policy.predicate_type and one.form == "cosign")]
    for one in sorted(candidates, key=lambda one: one.layer.size)[:MATERIALS]:
        checks += _check(one, image, policy, ports)
        if checks[-1].valid:
            return tuple(checks)
    if not candidates:
        # A policy that cannot be right is found out even where there is nothing to hold it against.
        ports.signatures.verify((), digest=image.digest, policy=policy)
    if len(candidates) > MATERIALS:
        seen = f"only the smallest {MATERIALS} of {len(candidates)} signatures and attestations were looked at"
        checks.append(SignatureCheck(valid=False, origin=short(image.digest), seen=seen))
    return tuple(checks)


def _check(one: _Candidate, image: SourceImage, policy: SignaturePolicy, ports: Ports) -> tuple[SignatureCheck, ...]:
    read = _read(one, image.request.repository, ports.source)
    if isinstance(read, SignatureCheck):
        return (read,)
    return ports.signatures.verify((read,), digest=image.digest, policy=policy)


def _candidates(image: SourceImage) -> Iterator[_Candidate]:
    seen: set[tuple[str, str, str]] = set()
    for belonging in image.belongings:
        if belonging.subject != image.digest:
            continue
        for layer in belonging.manifest.layers:
            form = _form(layer)
            # A payload may be signed more than once, each time in a layer of its own.
            key = (form, layer.digest, dict(layer.annotations).get(_SIGNATURE, ""))
            if form and key not in seen:
                seen.add(key)
                yield _Candidate(form, layer, _origin(belonging))


def _form(layer: Descriptor) -> str:
    if layer.media_type == SIMPLE_SIGNING:
        return "cosign"
    if layer.media_type in _DSSE:
        return "dsse"
    return "bundle" if layer.media_type.startswith(_BUNDLE_FAMILY) else ""


def _origin(belonging: Belonging) -> str:
    return printable(belonging.tag, 128) if belonging.tag else f"referrer {short(belonging.manifest.digest)}"


def _read(one: _Candidate, repository: str, source: Registry) -> SignatureMaterial | SignatureCheck:
    limit = PAYLOAD_LIMIT_BYTES[one.form]
    if one.layer.size > limit:
        seen = f"it has {one.layer.size} bytes, more than the {limit} that are read"
        return SignatureCheck(valid=False, origin=one.origin, seen=seen)
    try:
        payload = source.read_blob(Address(repository, one.layer.digest), limit_bytes=limit)
    except FastbreakError as error:
        return SignatureCheck(valid=False, origin=one.origin, seen=f"it could not be read: {error.message}")
    if payload is None:
        seen = f"its blob {one.layer.digest} is not in the source repository"
        return SignatureCheck(valid=False, origin=one.origin, seen=seen)
    annotations = one.layer.annotations
    return SignatureMaterial(one.form, payload, dict(annotations).get(_SIGNATURE, ""), annotations, one.origin)
