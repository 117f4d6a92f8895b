# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs what was promoted, once it was read back: an image is never signed that the destination does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError
from .signature_bundle import signature_artifact
from .signed import SignedImages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._oci.names import Address
    from .progress import ImageProgress
    from .session import Session
    from .signer import Signer
    from .values import SourceImage
    from .write import ManifestWriter


class ImageSigner:
    """Signs images at the destination."""

    def __init__(self, session: Session, writer: ManifestWriter) -> None:
        self.session = session
        self.writer = writer

    def write(self, images: Sequence[ImageProgress]) -> None:
        """The signatures of all images that are to be signed. Images with one digest in one place share theirs."""
        signer = self.session.signer
        if signer is None:
            return
        signed = SignedImages(self.session, signer)
        self.session.each(
            lambda image: self._sign(image, signer, signed), [image for image in images if image.plan.sign]
        )
        shared = {_address(image): image.signature for image in images if image.signature}
        for image in images:
            image.signature = shared.get(_address(image), "")

    def _sign(self, image: ImageProgress, signer: Signer, signed: SignedImages) -> None:
        source = image.plan.source
        self._look(source)
        # Another run may have signed meanwhile, and what was attached at the source may be a signature by the same.
        image.signature = signed.at_destination(source).digest
        if image.signature:
            return
        name = f"{self.session.ports.destination.host}/{source.request.destination_repository}"
        bundle = signer.sign(signed.statement(source))
        check = signed.check(bundle, source.digest)
        if not check.valid:
            raise OperationError(
                f"Tried to sign {name}@{source.digest}, but the signature that was made is not by whom sign names: "
                f"{check.seen}. It was thrown away. Correct sign: what it names has to be what the certificate says."
            )
        # A certificate and an entry in a log take seconds.
        image.signature = signed.at_destination(source).digest
        if image.signature:
            return
        made = signature_artifact(bundle, source.root)
        self.writer.write_artifact(image.plan, made)
        image.signature, image.signed = made.manifest.digest, True

    def _look(self, source: SourceImage) -> None:
        """Read what is to be signed where it is to be signed. Raises OperationError when it is not there."""
        registry, address = self.session.ports.destination, source.request.destination(source.digest)
        held = registry.read_manifest(address)
        if held is None or held.content != source.root.raw.content:
            raise OperationError(
                f"Tried to sign {registry.host}/{address}, but it is not there as it was written. It was not signed. "
                "Look who else writes there, then run again."
            )


def _address(image: ImageProgress) -> Address:
    source = image.plan.source
    return source.request.destination(source.digest)
