# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements about an image that are made here, such as an SBOM: which it has already, and attaching the others.

A statement is signed by whoever signs the image, or by nobody where nobody does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError, OperationError
from .attestation import artifact, in_toto_statement, is_attestation
from .signature_bundle import PREDICATE, may_be_signature, signature_artifact
from .signed import SignedImages, listed_referrers
from .values import AttachmentsMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._oci.model import Descriptor
    from .artifact import Artifact
    from .predicate_options import Predicate
    from .progress import ImageProgress
    from .session import Session
    from .values import DestinationState, SourceImage
    from .write import ManifestWriter


def read_stated(
    session: Session, images: Sequence[SourceImage], states: Sequence[DestinationState]
) -> tuple[DestinationState, ...]:
    """*states* of *images* with what is stated already of what is asked for, or is to come from the source."""
    wanted = [predicate.type for predicate in session.request.predicates]
    if not wanted:
        return tuple(states)

    def find(item: tuple[SourceImage, DestinationState]) -> DestinationState:
        image, state = item
        return replace(state, predicates=frozenset(each for each in wanted if _is_stated(session, image, each)))

    return tuple(session.each(find, zip(images, states, strict=True)))


def _is_stated(session: Session, image: SourceImage, predicate_type: str) -> bool:
    carried = session.request.attachments is AttachmentsMode.REQUIRED
    if session.signer is None:
        return _is_listed(session, image, predicate_type)
    signed = SignedImages(session, session.signer, predicate_type)
    return bool(signed.at_destination(image).digest or (carried and signed.at_source(image).digest))


def _is_listed(session: Session, image: SourceImage, predicate_type: str) -> bool:
    """Whether a statement is there, and can be read: of whomever, since who signs nothing has nobody to look for."""
    registry, place = session.ports.destination, image.request.destination
    for listed in listed_referrers(session, registry, image):
        if not (is_attestation(listed, predicate_type) or _is_bundle(listed, predicate_type)):
            continue
        found = session.read_foreign(registry, place(listed.digest))
        if found is None or isinstance(found, FastbreakError):
            continue
        of_image = found.subject is not None and found.subject.digest == image.digest
        if of_image and all(registry.has_blob(place(blob.digest), size=blob.size) for blob in found.blobs):
            return True
    return False


def _is_bundle(listed: Descriptor, predicate_type: str) -> bool:
    """Whether an index says of a referrer that it is a signed statement of that type."""
    return PREDICATE in dict(listed.annotations) and may_be_signature(listed, predicate_type)


class StatementWriter:
    """Attaches to images what is asked for and not stated of them yet."""

    def __init__(self, session: Session, writer: ManifestWriter) -> None:
        self.session = session
        self.writer = writer

    def write(self, images: Sequence[ImageProgress]) -> None:
        """All statements of all images."""
        wanted = {predicate.type: predicate for predicate in self.session.request.predicates}
        self.session.each(
            lambda item: self._write(item[0], wanted[item[1]]),
            [(image, predicate_type) for image in images for predicate_type in image.plan.predicates],
        )

    def _write(self, image: ImageProgress, predicate: Predicate) -> None:
        """Make and attach one, unless another run attached it while it was made or signed."""
        source = image.plan.source
        name = f"{self.session.ports.destination.host}/{source.request.destination_repository}"
        config = source.root.config
        said = self.session.ports.predicates.make(predicate, config.digest if config else "")
        if _is_stated(self.session, source, predicate.type):
            return
        statement = in_toto_statement(source.digest, name, predicate.type, said)
        made = self._artifact(source, predicate.type, statement)
        if self.session.signer and _is_stated(self.session, source, predicate.type):
            return
        self.writer.write_artifact(image.plan, made)
        image.predicates.append(predicate.type)

    def _artifact(self, source: SourceImage, predicate_type: str, statement: bytes) -> Artifact:
        signer = self.session.signer
        if signer is None:
            return artifact(statement, source.root, predicate_type=predicate_type)
        bundle = signer.sign(statement)
        check = SignedImages(self.session, signer, predicate_type).check(bundle, source.digest)
        if not check.valid:
            raise OperationError(
                f"Tried to attach a statement {predicate_type} to {source.digest}, but its signature is not by whom "
                f"sign names: {check.seen}. It was thrown away. Correct sign: what it names has to be what the "
                "certificate says."
            )
        return signature_artifact(bundle, source.root, predicate_type)
