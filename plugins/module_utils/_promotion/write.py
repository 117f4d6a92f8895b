# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing manifests and attachments: each after all that it names and refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError
from .._oci.names import Address
from .._oci.referrers import descriptor_of, fallback_tag, without
from .patience import write_manifest
from .shared_tags import SharedTags
from .values import AttachmentsMode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._oci.model import Manifest
    from .artifact import Artifact
    from .ports import Registry
    from .progress import ImageProgress
    from .session import Session
    from .values import ImagePlan, ManifestStep, TagStep

    Pairs = Sequence[tuple[ImageProgress, ManifestStep]]

#: Refusals of an attachment that a run can go on without, if asked to.
_REFUSALS = frozenset({"unsupported", "missing", "immutable"})


class ManifestWriter:
    """Writes the manifests of all images, and knows what was written.

    ``tags`` writes the attachments' tags; ``refused`` and ``listed`` are manifests that the
    destination did not take, and that it lists itself among the referrers of their subject.
    """

    def __init__(self, session: Session, images: Sequence[ImageProgress]) -> None:
        self.session = session
        self.images = images
        self.written: list[ManifestStep] = []
        self.tags = SharedTags(session)
        self.refused: set[Address] = set()
        self.listed: set[Address] = set()

    @property
    def total(self) -> int:
        """How many manifests there are to write."""
        return sum(len(image.plan.manifests) + len(image.plan.attachments) for image in self.images)

    def write_manifests(self) -> None:
        """The images' own, by digest."""
        steps = [(image, step) for image in self.images for step in image.plan.manifests]
        self._in_order(steps, self._write)

    def write_attachments(self) -> None:
        """What is attached to them, by digest."""
        steps = [(image, step) for image in self.images for step in image.plan.attachments]
        self._in_order(steps, self._write_attachment)

    def _in_order(self, steps: Pairs, write: Callable[[ImageProgress, ManifestStep], None]) -> None:
        for level in levels(steps):
            self.session.each(lambda item: write(*item), level)

    def _write(self, image: ImageProgress, step: ManifestStep) -> None:
        if write_manifest(self.session, step.address, step.manifest) and not image.plan.unlisted:
            self.listed.add(step.address)
        self.written.append(step)

    def _write_attachment(self, image: ImageProgress, step: ManifestStep) -> None:
        what = f"{step.role} {step.manifest.digest}"
        if not self.accept_refusal(image, what, lambda: self._write(image, step)):
            self.refused.add(step.address)

    def accept_refusal(self, image: ImageProgress, what: str, write: Callable[[], None]) -> bool:
        """*write* an attachment. False when the destination refused it, and the run may go on without it."""
        try:
            write()
        except OperationError as error:
            refusal = error.details.get("refusal")
            if self.session.request.attachments is not AttachmentsMode.WARN or refusal not in _REFUSALS:
                raise
            image.warnings.append(f"the destination refused {what} and is without it: {error.message}")
            return False
        return True

    def write_attachment_tags(self) -> None:
        """Tags of attachments, save an index that an attestation is to be added to: it is written once, with that."""
        steps = {
            step.address: (image, step)
            for image in self.images
            for step in image.plan.attachment_tags
            if not (image.plan.attest and step.tag == fallback_tag(image.plan.source.digest))
        }
        self.session.each(lambda item: self._write_tag(*item), steps.values())

    def _write_tag(self, image: ImageProgress, step: TagStep) -> None:
        manifest = self.remaining(step)
        if manifest is None:
            return

        def write() -> None:
            if step.is_index:
                self.tags.merge_index(step.address, manifest.children, original=manifest)
            else:
                self.tags.merge_signatures(step.address, manifest)

        self.accept_refusal(image, f"tag {step.tag}", write)

    def remaining(self, step: TagStep) -> Manifest | None:
        """What to write under an attachment's tag now that some may be refused or listed by the registry itself."""
        index = step.manifest
        refused = self._digests(self.refused, step.address.repository)
        left_out = refused | self._digests(self.listed, step.address.repository)
        if not index.is_index or not left_out & {child.digest for child in index.children}:
            return index
        if all(child.digest in left_out for child in index.children):
            return None
        return without(index, refused)

    def write_artifact(self, plan: ImagePlan, made: Artifact) -> None:
        """What was made here of an image: its blobs, its manifest, and its place in the index of referrers."""
        destination, registry = plan.source.request.destination, self.session.ports.destination
        for blob, content in made.blobs:
            if not _can_be_read(registry, destination(blob.digest), content):
                registry.write_blob(destination(blob.digest), content)
        if not write_manifest(self.session, destination(made.manifest.digest), made.manifest) or plan.unlisted:
            self._list(plan, made.manifest)

    def _list(self, plan: ImagePlan, artifact: Manifest) -> None:
        """List it in the index of referrers, with what is to be written there besides."""
        tag = fallback_tag(plan.source.digest)
        planned = [self.remaining(step) for step in plan.attachment_tags if step.tag == tag]
        carried = [child for index in planned if index for child in index.children]
        self.tags.merge_index(plan.source.request.destination(tag), [*carried, descriptor_of(artifact)])

    @staticmethod
    def _digests(addresses: set[Address], repository: str) -> set[str]:
        return {address.reference for address in addresses if address.repository == repository}


def _can_be_read(registry: Registry, blob: Address, content: bytes) -> bool:
    """Whether a small blob is there with this *content*, and not only by its name."""
    try:
        return registry.read_blob(blob, limit_bytes=len(content)) == content
    except OperationError:
        return False


def levels(steps: Pairs) -> list[list[tuple[ImageProgress, ManifestStep]]]:
    """*steps* by level: that of a manifest is above those of all that it names or refers to."""
    found: list[list[tuple[ImageProgress, ManifestStep]]] = []
    level_of: dict[Address, int] = {}
    for image, step in steps:
        manifest, repository = step.manifest, step.destination_repository
        below = [child.digest for child in manifest.children] + ([manifest.subject.digest] if manifest.subject else [])
        level = 1 + max((level_of.get(Address(repository, digest), -1) for digest in below), default=-1)
        level_of[step.address] = level
        if level == len(found):
            found.append([])
        found[level].append((image, step))
    return found
