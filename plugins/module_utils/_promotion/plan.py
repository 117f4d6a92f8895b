# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a promotion: what to write so that the destination holds what the source holds. Pure.

A tag of an image never moves. Several images in one plan share what they have in common: a blob, manifest or tag is
written once a repository, by the first image that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import RefusedError, RequestError
from .plan_attachment_tags import AttachmentTags
from .values import BlobStep, ImagePlan, ManifestStep, PromotionPlan, TagStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Descriptor, Manifest
    from .._oci.names import Address
    from .request import PromotionRequest
    from .values import DestinationState, SourceImage


def plan(
    images: Iterable[tuple[SourceImage, DestinationState]], request: PromotionRequest, *, same_registry: bool
) -> PromotionPlan:
    """What promoting *images* takes. With *same_registry* blobs are mounted from the source's repository.

    Raises RefusedError when a tag would have to move that must not, and RequestError when two images want one tag.
    """
    planner = _Planner(request, same_registry=same_registry)
    return PromotionPlan(tuple(planner.image(source, state) for source, state in images))


class _Claims:
    """What is planned already, so that the images after do not plan it again."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, Address]] = set()

    def take(self, what: str, address: Address) -> bool:
        """Take *what* at *address* for the image that is planned now. False when an image before took it."""
        if (what, address) in self._taken:
            return False
        self._taken.add((what, address))
        return True


class _Planner:
    """Plans images, each after those before it."""

    def __init__(self, request: PromotionRequest, *, same_registry: bool) -> None:
        self.request = request
        self.same_registry = same_registry
        self.claims = _Claims()
        self.tags: dict[Address, str] = {}
        self.recorded: set[tuple[str, object]] = set()
        self.attachment_tags = AttachmentTags(request.attachments)

    def image(self, source: SourceImage, state: DestinationState) -> ImagePlan:
        """The plan of one image."""
        repository = source.request.destination_repository
        tag = self._tag(source, state)
        sign = self._sign(source, state)
        predicates = self._predicates(source, state)
        made = len(predicates) + sign
        planned = self.attachment_tags.plan(source, state, attest=self._attest(source, state), made=made)
        lacking = self._lacking(source, state, planned.left)
        blobs, present, warnings = self._blobs(source, state, planned.left)
        steps = [ManifestStep(manifest, repository, role) for manifest, role in lacking if role]
        own = {manifest.digest for manifest in source.manifests}
        return ImagePlan(
            source=source,
            blobs=blobs,
            present_blobs=present,
            manifests=tuple(step for step in steps if step.manifest.digest in own),
            attachments=tuple(step for step in steps if step.manifest.digest not in own),
            attachment_tags=planned.steps,
            tag=tag,
            attest=planned.attest,
            attestation=state.attestation,
            sign=sign,
            signature=state.signature,
            predicates=predicates,
            unlisted=bool(state.unlisted),
            record=self._record(source, state, written=tag is not None, sign=sign),
            warnings=(
                *source.warnings,
                *_unlisted(source, state, made=planned.attest or made > 0),
                *_doubted(source, state, sign=sign),
                *warnings,
                *planned.warnings,
            ),
        )

    def _tag(self, source: SourceImage, state: DestinationState) -> TagStep | None:
        tag = source.request.destination_tag
        if not tag:
            return None
        address = source.request.destination(tag)
        planned = self.tags.setdefault(address, source.digest)
        if planned != source.digest:
            raise RequestError(
                f"Two images of this promotion go to the tag {tag} of {address.repository}: {planned} and "
                f"{source.digest}. Nothing was changed. Give them different destination tags.",
                tag=tag,
                digests=[planned, source.digest],
            )
        there = dict(state.tags).get(tag)
        if there == source.digest or not self.claims.take("tag", address):
            return None
        if there is not None:
            raise RefusedError(moved_tag(address, there=there, wanted=source.digest), seen=there)
        return TagStep(address, source.root)

    def _lacking(
        self, source: SourceImage, state: DestinationState, left: frozenset[str]
    ) -> list[tuple[Manifest, str]]:
        """The manifests that the destination lacks, each after what it names and refers to, with their roles.

        A manifest without a role is written under a tag of its own only.
        """
        referred = {attachment.subject for attachment in source.attachments}
        found = [(manifest, "index" if manifest.is_index else "image") for manifest in source.manifests]
        for attachment in source.attachments:
            digest, kind = attachment.manifest.digest, attachment.kind
            if attachment.tag and digest in left:
                continue
            found += [(part, kind) for part in attachment.parts]
            found.append((attachment.manifest, "" if attachment.tag and digest not in referred else kind))
        return [
            (manifest, role)
            for manifest, role in found
            if manifest.digest not in state.manifests
            and self.claims.take("manifest", source.request.destination(manifest.digest))
        ]

    def _blobs(
        self, source: SourceImage, state: DestinationState, left: frozenset[str]
    ) -> tuple[tuple[BlobStep, ...], tuple[Descriptor, ...], list[str]]:
        """The blobs to copy, and those that are there: a manifest that is there does not mean that its blobs are."""
        kept = [each for each in source.attachments if not (each.tag and each.manifest.digest in left)]
        attached = [manifest for attachment in kept for manifest in attachment.manifests]
        needed = {blob.digest: blob for manifest in (*source.manifests, *attached) for blob in manifest.blobs}
        steps, present, warnings = [], [], []
        for blob in needed.values():
            if blob.digest in source.absent_blobs:
                warnings.append(
                    f"layer {blob.digest} is non-distributable and the source does not have it; it stays at "
                    f"{', '.join(blob.urls) or 'no address that the manifest names'}"
                )
            elif blob.digest in state.blobs or not self.claims.take("blob", source.request.destination(blob.digest)):
                present.append(blob)
            else:
                steps.append(self._blob(source, blob))
        return tuple(steps), tuple(present), warnings

    def _blob(self, source: SourceImage, blob: Descriptor) -> BlobStep:
        origin, goal = source.request.repository, source.request.destination_repository
        return BlobStep(blob, origin, goal, mount_from=origin if self.same_registry and origin != goal else "")

    def _attest(self, source: SourceImage, state: DestinationState) -> bool:
        if not self.request.attest or state.attestation:
            return False
        return self.claims.take("attestation", source.request.destination(source.digest))

    def _sign(self, source: SourceImage, state: DestinationState) -> bool:
        if not self.request.sign or state.signature:
            return False
        return self.claims.take("signature", source.request.destination(source.digest))

    def _predicates(self, source: SourceImage, state: DestinationState) -> tuple[str, ...]:
        wanted = (predicate.type for predicate in self.request.predicates)
        lacking = [each for each in wanted if each not in state.predicates]
        place = source.request.destination(source.digest)
        return tuple(each for each in lacking if self.claims.take(f"statement {each}", place))

    def _record(self, source: SourceImage, state: DestinationState, *, written: bool, sign: bool) -> bool:
        """A line for each digest, and another for a further tag of it, or a further signature."""
        if not self.request.service:
            return False
        lacking: set[tuple[str, object]] = set() if state.recorded else {("digest", source.digest)}
        if sign or (state.signature and state.signature not in state.recorded):
            lacking.add(("signature", source.request.destination(source.digest)))
        fresh = lacking - self.recorded
        self.recorded |= lacking
        return written or bool(fresh)


def _unlisted(source: SourceImage, state: DestinationState, *, made: bool) -> tuple[str, ...]:
    """A warning where referrers are written to a destination that does not say which it has."""
    referrers = any(not attachment.tag for attachment in source.attachments)
    if not state.unlisted or not (made or referrers):
        return ()
    return (f"what is attached to the image is listed under tags of the destination: {state.unlisted}",)


def _doubted(source: SourceImage, state: DestinationState, *, sign: bool) -> tuple[str, ...]:
    """A warning where an image is signed that may have the signature already."""
    if not sign or not state.signature_doubt:
        return ()
    text = (
        f"{source.digest} may be signed already by whom sign names, and is signed once more: of what is attached to it "
        f"at the destination, {state.signature_doubt}. Look who attaches that"
    )
    return (text,)


def moved_tag(tag: Address, *, there: str, wanted: str) -> str:
    """Why a tag is not written, in one paragraph."""
    return (
        f"Promoting {wanted} to tag {tag.reference} of {tag.repository} was refused: the tag names {there} already, "
        "and a tag never moves. It was left as it is. Promote under another tag, or find out why two images have this "
        "name."
    )
