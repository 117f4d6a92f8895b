# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the signature that an image has by whoever is to sign it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from .._errors import OperationError, UnavailableError
from .._oci.names import Address
from .._oci.referrers import fallback_tag
from .cosign import cosign_tags
from .gates.signature.gate import Signature
from .gates.signature.materials import SignatureCheck, SignatureMaterial, SignaturePolicy, read_materials
from .gates.subject import Subject
from .signature_bundle import may_be_signature
from .values import Attachment, AttachmentsMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .._oci.model import Descriptor, Manifest
    from .ports import Registry
    from .session import Session
    from .signer import Signer
    from .values import DestinationState, SourceImage

#: As many referrers are read at most; a registry may list any number that others attached.
_REFERRERS = 50


class SignedImages:
    """Reads the signatures of images, and keeps none but those of *signer*."""

    def __init__(self, session: Session, signer: Signer) -> None:
        self.session = session
        self.policy = SignaturePolicy(**asdict(signer.signed_by))
        self._gate = Signature()

    def check(self, bundle: bytes, digest: str) -> SignatureCheck:
        """Whether *bundle* is the signer's signature of *digest*, by the rules of the gate ``signature``."""
        return self._gate.checker(self.policy, digest)(SignatureMaterial("bundle", bundle))

    def at_destination(self, image: SourceImage) -> str:
        """The digest of the manifest of a signature that the destination has of *image*; empty when it has none."""
        registry = self.session.ports.destination
        place = replace(image.request, repository=image.request.destination_repository)
        found = self._referrers(registry, image) + self._cosign(registry, image)
        return self._valid(registry, replace(image, request=place, attachments=tuple(found)))

    def at_source(self, image: SourceImage) -> str:
        """The same of what the source has attached to *image*."""
        return self._valid(self.session.ports.source, image)

    def _valid(self, registry: Registry, image: SourceImage) -> str:
        check = self._gate.checker(self.policy, image.digest)
        ports = replace(self.session.ports, source=registry)
        for attachment in image.attachments:
            subject = Subject(replace(image, attachments=(attachment,)), ports)
            if any(_is_valid(each, check) for each in read_materials(subject, self.policy)):
                return attachment.manifest.digest
        return ""

    def _referrers(self, registry: Registry, image: SourceImage) -> list[Attachment]:
        repository = image.request.destination_repository
        listed = [each for each in self._listed(registry, image) if may_be_signature(each)]
        read = (self._read(registry, Address(repository, each.digest)) for each in listed[:_REFERRERS])
        return [
            Attachment("bundle", image.digest, manifest)
            for manifest in read
            if manifest and manifest.subject and manifest.subject.digest == image.digest
        ]

    def _listed(self, registry: Registry, image: SourceImage) -> Iterable[Descriptor]:
        """By the API and under the tag: a registry may have got one of them later."""
        try:
            listed = registry.list_referrers(image.request.destination(image.digest)) or ()
        except (OperationError, UnavailableError):
            listed = ()
        index = self._read(registry, image.request.destination(fallback_tag(image.digest)))
        return {each.digest: each for each in (*listed, *(index.children if index else ()))}.values()

    def _cosign(self, registry: Registry, image: SourceImage) -> list[Attachment]:
        """What cosign before version 3 keeps under a tag."""
        tag = cosign_tags(image.digest)[0]
        manifest = self._read(registry, image.request.destination(tag.tag))
        return [Attachment(tag.kind, image.digest, manifest, tag.tag)] if manifest else []

    def _read(self, registry: Registry, address: Address) -> Manifest | None:
        return self.session.read(registry, address)


def read_signatures(
    session: Session, images: Sequence[SourceImage], states: Sequence[DestinationState]
) -> tuple[DestinationState, ...]:
    """*states* of *images* with the signatures that the destination has, or is to get from the source for certain."""
    signer = session.signer
    if signer is None:
        return tuple(states)
    signed = SignedImages(session, signer)
    carried = session.request.attachments is AttachmentsMode.REQUIRED

    def find(image: SourceImage) -> str:
        return signed.at_destination(image) or (signed.at_source(image) if carried else "")

    asked = {image.request.destination(image.digest): image for image in images}
    found = dict(zip(asked, session.each(find, asked.values()), strict=True))
    return tuple(
        replace(state, signature=found[image.request.destination(image.digest)])
        for image, state in zip(images, states, strict=True)
    )


def _is_valid(
    material: SignatureMaterial | SignatureCheck, check: Callable[[SignatureMaterial], SignatureCheck]
) -> bool:
    return (material if isinstance(material, SignatureCheck) else check(material)).valid
