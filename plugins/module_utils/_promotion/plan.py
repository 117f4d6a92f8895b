# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a promotion: what to write so that the destination holds what the source holds. Pure.

A tag of an image never moves. Several images in one plan share what they have in common: a blob, manifest or tag is
written once a repository, by the first image that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError, RequestError
from .._oci.names import Address
from .plan_tags import AttachmentTags
from .values import (
    BlobStep,
    DestinationState,
    ImagePlan,
    ManifestStep,
    PromotionPlan,
    SourceImage,
    TagStep,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Descriptor, Manifest
    from .request import PromotionRequest


def plan(
    images: Iterable[tuple[SourceImage, DestinationState]], request: PromotionRequest, *, same_registry: bool
) -> PromotionPlan:
    """What promoting *images* takes. With *same_registry* blobs are mounted from the source's repository.

    Raises RefusedError when a tag would have to move that must not, and RequestError when two images want one tag.
    """
    planner = _Planner(request, same_registry=same_registry)
    return PromotionPlan(tuple(planner.image(source, state) for source, state in images))


class _Planner:
    """Plans one image after the other, and knows what is planned already."""

    def __init__(self, request: PromotionRequest, *, same_registry: bool) -> None:
        self.request = request
        self.same_registry = same_registry
        self.blobs: set[Address] = set()
        self.manifests: set[tuple[str, str]] = set()
        self.tags: dict[Address, str] = {}
        self.attested: set[Address] = set()
        self.recorded: set[str] = set()
        self.attachment_tags = AttachmentTags(request.attachments)

    def image(self, source: SourceImage, state: DestinationState) -> ImagePlan:
        """The plan of one image."""
        repository = source.request.destination_repository
        tag = self._tag(source, state)
        planned = self.attachment_tags.steps(source, state)
        lacking = self._lacking(source, state, planned.left)
        blobs, present, warnings = self._blobs(source, state, lacking)
        attest = self._attest(source, state)
        if attest:
            attest = self.attachment_tags.may_list(source, state, planned)
        steps = [ManifestStep(one.raw, repository, role) for one, role in lacking if role]
        own = {one.digest for one in source.manifests}
        return ImagePlan(
            source=source,
            blobs=blobs,
            present_blobs=present,
            manifests=tuple(one for one in steps if one.manifest.digest in own),
            referrers=tuple(one for one in steps if one.manifest.digest not in own),
            attachment_tags=planned.steps,
            tag=tag,
            attest=attest,
            attestation=state.attestation,
            record=self._record(source, state, written=tag is not None),
            warnings=(*source.warnings, *warnings, *planned.warnings),
        )

    def _tag(self, source: SourceImage, state: DestinationState) -> TagStep | None:
        repository, tag = source.request.destination_repository, source.request.destination_tag
        if not tag:
            return None
        planned = self.tags.setdefault(Address(repository, tag), source.digest)
        if planned != source.digest:
            raise RequestError(
                f"Two images of this promotion go to the tag {tag} of {repository}: {planned} and {source.digest}. "
                "Nothing was changed. Give them different destination tags.",
                tag=tag,
                digests=[planned, source.digest],
            )
        there = dict(state.tags).get(tag)
        if there == source.digest or self._is_planned("tag", repository, tag):
            return None
        if there is not None:
            raise RefusedError(moved_tag(repository, tag, there=there, wanted=source.digest), seen=there)
        return TagStep(tag, source.root.raw, repository)

    def _is_planned(self, role: str, repository: str, name: str) -> bool:
        """Whether an image before this one does it already; from now on one does."""
        key = (f"{role} {repository}", name)
        planned = key in self.manifests
        self.manifests.add(key)
        return planned

    def _lacking(
        self, source: SourceImage, state: DestinationState, left: frozenset[str]
    ) -> list[tuple[Manifest, str]]:
        """The manifests that the destination lacks, each after what it names and refers to, with their roles.

        One without a role is written under a tag of its own only.
        """
        referred = {one.subject for one in source.attachments}
        found = [(one, "index" if one.is_index else "image") for one in source.manifests]
        for one in source.attachments:
            if one.tag and one.manifest.digest in left:
                continue
            found += [(part, one.kind) for part in one.parts]
            found.append((one.manifest, "" if one.tag and one.manifest.digest not in referred else one.kind))
        repository = source.request.destination_repository
        return [
            (one, role)
            for one, role in found
            if one.digest not in state.manifests and not self._is_planned("manifest", repository, one.digest)
        ]

    def _blobs(
        self, source: SourceImage, state: DestinationState, lacking: list[tuple[Manifest, str]]
    ) -> tuple[tuple[BlobStep, ...], tuple[Descriptor, ...], list[str]]:
        repository = source.request.destination_repository
        needed = {blob.digest: blob for one, _role in lacking for blob in one.blobs}
        there = {blob.digest: blob for one in source.manifests for blob in one.blobs if blob.digest not in needed}
        steps, present, warnings = [], list(there.values()), []
        for blob in needed.values():
            if blob.digest in source.absent_blobs:
                warnings.append(
                    f"layer {blob.digest} is non-distributable and the source does not have it; it stays at "
                    f"{', '.join(blob.urls) or 'no address that the manifest names'}"
                )
            elif blob.digest in state.blobs or Address(repository, blob.digest) in self.blobs:
                present.append(blob)
            else:
                self.blobs.add(Address(repository, blob.digest))
                steps.append(self._blob(source, blob))
        return tuple(steps), tuple(present), warnings

    def _blob(self, source: SourceImage, blob: Descriptor) -> BlobStep:
        origin, goal = source.request.repository, source.request.destination_repository
        return BlobStep(blob, origin, goal, mount_from=origin if self.same_registry and origin != goal else "")

    def _attest(self, source: SourceImage, state: DestinationState) -> bool:
        key = Address(source.request.destination_repository, source.digest)
        if not self.request.attest or state.attested or key in self.attested:
            return False
        self.attested.add(key)
        return True

    def _record(self, source: SourceImage, state: DestinationState, *, written: bool) -> bool:
        """A line for each digest, and one more for another tag of it."""
        if not self.request.service or (state.recorded and not written):
            return False
        if source.digest in self.recorded and not written:
            return False
        self.recorded.add(source.digest)
        return True


def moved_tag(repository: str, tag: str, *, there: str, wanted: str) -> str:
    """Why a tag is not written, in one paragraph."""
    return (
        f"Promoting {wanted} to tag {tag} of {repository} was refused: the tag names {there} already, and a tag never "
        "moves. It was left as it is. Promote under another tag, or find out why two images have this name."
    )
