# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes the attestations of promotions, and lists them among the referrers of their images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._oci.referrers import descriptor_of, fallback_tag
from .attestation import artifact, statement
from .patience import write_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._oci.model import Manifest
    from .._release.promotion import Promotion
    from .attestation import Attestation
    from .progress import ImageProgress
    from .record import Recorder
    from .session import Session
    from .values import ImagePlan
    from .write import ManifestWriter


class AttestationWriter:
    """Attests what the recorder is to record."""

    def __init__(self, session: Session, recorder: Recorder, writer: ManifestWriter) -> None:
        self.session = session
        self.recorder = recorder
        self.writer = writer

    def write(self, images: Sequence[ImageProgress]) -> None:
        """The attestations of all images that have none."""
        wanted = [(image, self.recorder.promotion(image)) for image in images if image.plan.attest]
        self.session.each(lambda item: self._attest(*item), wanted)

    def _attest(self, image: ImageProgress, promotion: Promotion) -> None:
        source = image.plan.source
        made = artifact(statement(source, promotion), source.root, created=promotion.promoted_at)

        def write() -> None:
            self._write(image.plan, made)
            image.attestation = made.manifest.digest

        self.writer.accept_refusal(image, "the attestation of this promotion", write)

    def _write(self, plan: ImagePlan, made: Attestation) -> None:
        destination, registry = plan.source.request.destination, self.session.ports.destination
        for blob, content in made.blobs:
            if not registry.has_blob(destination(blob.digest), size=blob.size):
                registry.write_blob(destination(blob.digest), content)
        if not write_manifest(self.session, destination(made.manifest.digest), made.manifest) or plan.unlisted:
            self._list(plan, made.manifest)

    def _list(self, plan: ImagePlan, attestation: Manifest) -> None:
        """List it in the index of referrers, with what is to be written there besides."""
        tag = fallback_tag(plan.source.digest)
        planned = [self.writer.remaining(step) for step in plan.attachment_tags if step.tag == tag]
        carried = [child for index in planned if index for child in index.children]
        self.writer.tags.merge_index(plan.source.request.destination(tag), [*carried, descriptor_of(attestation)])
