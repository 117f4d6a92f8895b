# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the signature that an image has by whoever is to sign it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError, OperationError, UnavailableError
from .._oci.referrers import fallback_tag
from .cosign import cosign_tags
from .gates.signature.gate import Signature
from .gates.signature.materials import (
    PAYLOAD_LIMIT_BYTES,
    SignatureCheck,
    SignatureMaterial,
    SignaturePolicy,
    read_materials,
)
from .gates.signature.payloads import COSIGN_SIGNATURE
from .gates.subject import Subject
from .signature_bundle import may_be_signature, signature_artifact, signature_statement
from .values import Attachment, AttachmentsMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .._oci.model import Descriptor, Manifest
    from .ports import Registry
    from .session import Session
    from .signer import Signer
    from .values import DestinationState, SourceImage

#: As many referrers are read at most, the likeliest first; a registry may list any number that others attached.
REFERRERS_LIMIT = 100
#: A bundle holds a certificate and a log entry at most; attestations that carry an SBOM are no signature.
_BUNDLE_BYTES = 1 << 18
#: As much as the gate reads of a statement.
_STATEMENT_BYTES = PAYLOAD_LIMIT_BYTES["bundle"]


@dataclass(frozen=True, slots=True)
class FoundSignature:
    """The digest of a signature's manifest, empty without one; and what may have hidden one, empty for nothing."""

    digest: str = ""
    doubt: str = ""


class SignedImages:
    """Reads the signatures of images, or their statements of a type, and keeps none but those of *signer*."""

    def __init__(self, session: Session, signer: Signer, predicate_type: str = "") -> None:
        self.session = session
        self.signer = signer
        self.policy = SignaturePolicy(**asdict(signer.signed_by), predicate_type=predicate_type)
        self._gate = Signature()

    def check(self, bundle: bytes, digest: str) -> SignatureCheck:
        """Whether *bundle* is the signer's signature of *digest*, by the rules of the gate ``signature``."""
        return self._gate.checker(self.policy, digest)(SignatureMaterial("bundle", bundle))

    def statement(self, image: SourceImage) -> bytes:
        """What is signed of *image*."""
        name = f"{self.session.ports.destination.host}/{image.request.destination_repository}"
        return signature_statement(image.digest, name)

    def at_destination(self, image: SourceImage, known: Iterable[str] = ()) -> FoundSignature:
        """The signature that the destination has of *image*. *known* are digests of signatures that may be it."""
        registry = self.session.ports.destination
        place = replace(image, request=replace(image.request, repository=image.request.destination_repository))
        listed, doubts = self._candidates(registry, image, known)
        unread: list[str] = []
        for found in self._attached(registry, image, listed):
            if isinstance(found, FastbreakError):
                unread.append(found.message)
                continue
            digest, also = self._valid(registry, replace(place, attachments=(found,)))
            if digest:
                return FoundSignature(digest)
            unread += also
        if unread:
            doubts.append(f"{len(unread)} that may be signatures cannot be read ({unread[0]})")
        return FoundSignature(doubt="; ".join(doubts))

    def _attached(
        self, registry: Registry, image: SourceImage, listed: Iterable[Descriptor]
    ) -> Iterator[Attachment | FastbreakError]:
        """Each of *listed*, read when it is asked for, and what cosign before version 3 keeps under a tag."""
        for descriptor in listed:
            found = self.session.read_foreign(registry, image.request.destination(descriptor.digest))
            if isinstance(found, FastbreakError):
                yield found
            elif found and self._may_hold(found, image.digest):
                yield Attachment("bundle", image.digest, found)
        tag = cosign_tags(image.digest)[1 if self.policy.predicate_type else 0]
        found = self.session.read_foreign(registry, image.request.destination(tag.tag))
        if found:
            yield found if isinstance(found, FastbreakError) else Attachment(tag.kind, image.digest, found, tag.tag)

    def at_source(self, image: SourceImage) -> FoundSignature:
        """The same of what the source has attached to *image*."""
        return FoundSignature(self._valid(self.session.ports.source, image)[0])

    def _valid(self, registry: Registry, image: SourceImage) -> tuple[str, list[str]]:
        """The first attachment of *image* with the signature, empty for none; and why others could not be read."""
        unread: list[str] = []
        check = self._gate.checker(self.policy, image.digest)
        ports = replace(self.session.ports, source=registry)
        for attachment in image.attachments:
            subject = Subject(replace(image, attachments=(attachment,)), ports)
            for material in read_materials(subject, self.policy):
                if isinstance(material, SignatureCheck):
                    unread.append(material.seen)
                elif check(material).valid:
                    return attachment.manifest.digest, []
        return "", unread

    def _candidates(
        self, registry: Registry, image: SourceImage, known: Iterable[str]
    ) -> tuple[list[Descriptor], list[str]]:
        """What is listed and may be the signature, the likeliest first, and what is to be said of the rest."""
        wanted = self.policy.predicate_type or COSIGN_SIGNATURE
        # What a statement says is not known before it is made.
        bundle = b"" if self.policy.predicate_type else self.signer.foretell(self.statement(image))
        likely = {*known, *([signature_artifact(bundle, image.root).manifest.digest] if bundle else [])}
        referrers = listed_referrers(self.session, registry, image)
        listed = [each for each in referrers if each.digest in likely or may_be_signature(each, wanted)]
        listed.sort(key=lambda each: each.digest not in likely)
        left = len(listed) - REFERRERS_LIMIT
        doubts = [f"{left} more that may be signatures were not looked at"] if left > 0 else []
        return listed[:REFERRERS_LIMIT], doubts

    def _may_hold(self, found: Manifest, digest: str) -> bool:
        """Whether it refers to *digest* and is no larger than what is looked for."""
        limit = _STATEMENT_BYTES if self.policy.predicate_type else _BUNDLE_BYTES
        refers = found.subject is not None and found.subject.digest == digest
        return refers and all(layer.size <= limit for layer in found.layers)


def listed_referrers(session: Session, registry: Registry, image: SourceImage) -> Iterable[Descriptor]:
    """What is listed at the destination, by the API and under the tag: a registry may have got one of them later."""
    try:
        listed = registry.list_referrers(image.request.destination(image.digest)) or ()
    except (OperationError, UnavailableError):
        listed = ()
    index = session.read(registry, image.request.destination(fallback_tag(image.digest)))
    return {each.digest: each for each in (*listed, *(index.children if index else ()))}.values()


def read_signatures(
    session: Session, images: Sequence[SourceImage], states: Sequence[DestinationState]
) -> tuple[DestinationState, ...]:
    """*states* of *images* with the signatures that the destination has, or is to get from the source for certain."""
    signer = session.signer
    if signer is None:
        return tuple(states)
    signed = SignedImages(session, signer)
    carried = session.request.attachments is AttachmentsMode.REQUIRED

    def find(item: tuple[SourceImage, DestinationState]) -> FoundSignature:
        image, state = item
        found = signed.at_destination(image, state.recorded)
        carries = signed.at_source(image) if carried and not found.digest else found
        return carries if carries.digest else found

    pairs = list(zip(images, states, strict=True))
    asked = {image.request.destination(image.digest): (image, state) for image, state in pairs}
    found = dict(zip(asked, session.each(find, asked.values()), strict=True))
    return tuple(_with_signature(state, found[image.request.destination(image.digest)]) for image, state in pairs)


def _with_signature(state: DestinationState, found: FoundSignature) -> DestinationState:
    return replace(state, signature=found.digest, signature_doubt=found.doubt)
