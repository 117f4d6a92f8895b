# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of attachments: which to write, which to merge, and which must stay. Pure.

The destination may have signed the image itself. What it has under such a tag is never lost: an index of referrers is
merged, a tag of cosign's moves only to a manifest that holds all that it named before.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .._errors import RefusedError
from .._oci.referrers import descriptor_of, extend_index, fallback_tag
from .cosign import content
from .values import AttachmentsMode, TagStep

if TYPE_CHECKING:
    from .._ecr.values import RepositorySettings
    from .._oci.model import Manifest
    from .._oci.names import Address
    from .values import Attachment, DestinationState, SourceImage

#: What to put into the repository's exclusion filters so that these tags may move.
FILTER = "sha256-*"


@dataclass(frozen=True, slots=True)
class PlannedTags:
    """The tags to write for one image; ``left`` are manifests whose tag stays as it is, so that nobody needs them.

    ``attest`` tells whether the attestation of the promotion is to be written, and can be listed.
    """

    steps: tuple[TagStep, ...]
    warnings: tuple[str, ...]
    left: frozenset[str]
    attest: bool


class AttachmentTags:
    """Plans the tags of attachments for one image after the other, which may want the same tag."""

    def __init__(self, mode: AttachmentsMode) -> None:
        self._mode = mode
        self._planned: dict[Address, Manifest] = {}

    def plan(self, source: SourceImage, state: DestinationState, *, attest: bool, made: int = 0) -> PlannedTags:
        """The tags to write. Raises RefusedError for a tag that would have to move and must not, if it is required.

        The signature and the statements that are asked for are required whatever the mode; *made* is how many are made.
        """
        return _TagsOfImage(self._mode, self._planned, source, state).plan(attest=attest, made=made)


class _TagsOfImage:
    """The tags of one image's attachments; *planned* is what they name once the images before are promoted."""

    def __init__(
        self, mode: AttachmentsMode, planned: dict[Address, Manifest], source: SourceImage, state: DestinationState
    ) -> None:
        self.mode, self.planned, self.source, self.state = mode, planned, source, state
        self.tags, self.held = dict(state.tags), dict(state.held)
        self.warnings: list[str] = []
        self.left: set[str] = set()

    def plan(self, *, attest: bool, made: int) -> PlannedTags:
        found = [self._cosign(attachment) for attachment in self.source.attachments if attachment.tag]
        if not self.state.referrers_api:
            found += [self._fallback(subject, referrers) for subject, referrers in _by_subject(self.source).items()]
        steps = tuple(step for step in found if step)
        listed = attest and self._can_list_attestation(steps)
        if made:
            self._check_listing(steps, before=listed or made > 1)
        return PlannedTags(steps, tuple(self.warnings), frozenset(self.left), listed)

    def _cosign(self, attachment: Attachment) -> TagStep | None:
        """A tag of cosign's."""
        tag, wanted = attachment.tag, attachment.manifest
        address = self.source.request.destination(tag)
        planned = self.planned.get(address)
        there = planned.digest if planned else self.tags.get(tag)
        if there == wanted.digest:
            return None
        if there is not None:
            mine, theirs = content(wanted), content(planned or self.held.get(tag))
            self.left.add(wanted.digest)
            if mine <= theirs:
                return None
            if not theirs <= mine:
                found = f"it names {there}, which holds {attachment.kind}s that {wanted.digest} of the source lacks"
                self._refuse(tag, found, "Both would have to be merged by whoever signed them.")
                return None
            if not planned and not self._may_move(tag):
                self._refuse(tag, f"it names {there} and would have to move to {wanted.digest}", _immutable(tag))
                return None
        self.left.discard(wanted.digest)
        self.planned[address] = wanted
        return TagStep(address, wanted)

    def _fallback(self, subject: str, referrers: list[Manifest]) -> TagStep | None:
        """The index of a manifest's referrers, where the registry does not keep them itself."""
        tag = fallback_tag(subject)
        address = self.source.request.destination(tag)
        planned, original = self.planned.get(address), dict(self.source.fallbacks).get(subject)
        held = planned or self.held.get(tag)
        if held is not None and not held.is_index:
            self._refuse(tag, f"it names {held.digest}, which is no index", "Remove that tag, then run again.")
            return None
        listed = {child.digest: child for child in original.children} if original else {}
        wanted = [listed.get(referrer.digest) or descriptor_of(referrer) for referrer in referrers]
        if {referrer.digest for referrer in referrers} <= _children(held):
            return None
        if held and not planned and not self._may_move(tag):
            found = f"it names {held.digest} and lacks referrers of {subject}"
            self._refuse(tag, found, _immutable(tag))
            return None
        if held is None and original and set(listed) == {referrer.digest for referrer in referrers}:
            index = original
        else:
            index = extend_index(held, wanted)
        self.planned[address] = index
        return TagStep(address, index, is_index=True)

    def _can_list_attestation(self, steps: tuple[TagStep, ...]) -> bool:
        """Whether the attestation can be listed among the image's referrers; if required, it must be."""
        tag = fallback_tag(self.source.digest)
        if self.state.referrers_api or tag not in self.tags or self._may_move(tag):
            return True
        if any(step.tag == tag for step in steps):
            return True
        self._refuse(tag, "the attestation of this promotion cannot be listed there", _immutable(tag))
        return False

    def _check_listing(self, steps: tuple[TagStep, ...], *, before: bool) -> None:
        """Raise RefusedError when a signature or statement cannot be listed, after what else is listed *before*."""
        tag, reason = fallback_tag(self.source.digest), ""
        held = self.held.get(tag)
        written_before = before or tag in self.tags or any(step.tag == tag for step in steps)
        if held is not None and not held.is_index:
            reason = f"it names {held.digest}, which is no index. Remove that tag, then run again."
        elif written_before and not self._may_move(tag):
            reason = f"it has to move for that. {_immutable(tag)}"
        if reason and not self.state.referrers_api:
            raise RefusedError(
                f"Signing {self.source.digest}, or attaching statements to it, was refused, and nothing was changed: "
                "what is made cannot be listed "
                f"under the tag {tag} of {self.source.request.destination_repository}, for {reason}",
                tag=tag,
            )

    def _refuse(self, tag: str, found: str, advice: str) -> None:
        repository = self.source.request.destination_repository
        text = f"Tag {tag} of {repository} was not written for {self.source.digest}: {found}."
        if self.mode is AttachmentsMode.REQUIRED:
            raise RefusedError(
                f"{text} Nothing was changed. {advice} Or set attachments to warn, to promote without it.", tag=tag
            )
        self.warnings.append(f"{text} {advice}")

    def _may_move(self, tag: str) -> bool:
        settings: RepositorySettings = self.state.settings
        # fnmatch knows brackets, too; a tag can hold none, and ECR's filters have the wildcard * alone.
        return not settings.immutable or any(fnmatchcase(tag, pattern) for pattern in settings.mutable_tags)


def _by_subject(source: SourceImage) -> dict[str, list[Manifest]]:
    """The referrers of each manifest."""
    found: dict[str, list[Manifest]] = {}
    for attachment in source.attachments:
        if not attachment.tag:
            found.setdefault(attachment.subject, []).append(attachment.manifest)
    return found


def _children(index: Manifest | None) -> set[str]:
    return {child.digest for child in index.children} if index else set()


def _immutable(tag: str) -> str:
    return (
        f"The repository is immutable and no exclusion filter of it matches {tag}: add {FILTER} to its tag mutability "
        "exclusion filters."
    )
