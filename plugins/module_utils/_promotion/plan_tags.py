# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tags of attachments: which to write, which to merge, and which must stay. Pure.

The destination may have signed the image itself. What it has under such a tag is never lost: an index of referrers is
merged, a tag of cosign's moves only to a manifest that holds all that it named before.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .._errors import RefusedError
from .._oci.names import Address
from .._oci.parse import parse_manifest
from .attachment_tags import descriptor_of, extend_index, fallback_tag
from .values import AttachmentsMode, TagStep

if TYPE_CHECKING:
    from .._ecr.values import RepositorySettings
    from .._oci.model import Manifest
    from .values import Attachment, DestinationState, SourceImage

#: What to put into the repository's exclusion filters so that these tags may move.
FILTER = "sha256-*"


@dataclass(frozen=True, slots=True)
class PlannedTags:
    """The tags to write for one image; ``left`` are manifests whose tag stays as it is, so that nobody needs them."""

    steps: tuple[TagStep, ...]
    warnings: tuple[str, ...]
    left: frozenset[str] = frozenset()


class AttachmentTags:
    """Plans the tags of attachments for one image after the other."""

    def __init__(self, mode: AttachmentsMode) -> None:
        self.mode = mode
        self._planned: dict[Address, Manifest] = {}
        self._warnings: list[str] = []
        self._left: set[str] = set()
        self._tags: dict[str, str] = {}
        self._held: dict[str, Manifest] = {}

    def steps(self, source: SourceImage, state: DestinationState) -> PlannedTags:
        """The tags to write. Raises RefusedError for one that would have to move and must not, if it is required."""
        self._warnings, self._left = [], set()
        self._tags, self._held = dict(state.tags), dict(state.held)
        found = [self._own(source, state, one) for one in source.attachments if one.tag]
        if not state.referrers_api:
            originals = dict(source.fallbacks)
            for subject, referrers in _by_subject(source).items():
                found.append(self._fallback(source, state, subject, referrers, originals.get(subject)))
        return PlannedTags(tuple(one for one in found if one), tuple(self._warnings), frozenset(self._left))

    def may_list(self, source: SourceImage, state: DestinationState, planned: PlannedTags) -> bool:
        """Whether the attestation can be listed among the image's referrers; if required, it must be."""
        tag = fallback_tag(source.digest)
        written_anyway = any(step.tag == tag for step in planned.steps)
        if state.referrers_api or written_anyway or tag not in dict(state.tags) or _may_move(state.settings, tag):
            return True
        self._refuse(source, tag, "the attestation of this promotion cannot be listed there", _immutable(tag))
        return False

    def _own(self, source: SourceImage, state: DestinationState, one: Attachment) -> TagStep | None:
        """A tag of cosign's."""
        repository = source.request.destination_repository
        planned = self._planned.get(Address(repository, one.tag))
        held = planned or self._held.get(one.tag)
        there = planned.digest if planned else self._tags.get(one.tag)
        if there == one.manifest.digest:
            return None
        if there is not None:
            mine, theirs = _content(one.manifest), _content(held)
            self._left.add(one.manifest.digest)
            if mine <= theirs:
                return None
            if not theirs <= mine:
                found = f"it names {there}, which holds {one.kind}s that {one.manifest.digest} of the source lacks"
                self._refuse(source, one.tag, found, "Both would have to be merged by whoever signed them.")
                return None
            if not _may_move(state.settings, one.tag) and not planned:
                found = f"it names {there} and would have to move to {one.manifest.digest}"
                self._refuse(source, one.tag, found, _immutable(one.tag))
                return None
        self._left.discard(one.manifest.digest)
        self._planned[Address(repository, one.tag)] = one.manifest
        return TagStep(one.tag, one.manifest.raw, repository)

    def _fallback(
        self,
        source: SourceImage,
        state: DestinationState,
        subject: str,
        referrers: list[Manifest],
        original: Manifest | None,
    ) -> TagStep | None:
        """The index of a manifest's referrers, where the registry does not keep them itself."""
        repository, tag = source.request.destination_repository, fallback_tag(subject)
        held = self._planned.get(Address(repository, tag)) or self._held.get(tag)
        if held is not None and not held.is_index:
            self._refuse(source, tag, f"it names {held.digest}, which is no index", "Remove that tag, then run again.")
            return None
        said = {one.digest: one for one in original.children} if original else {}
        wanted = [said.get(one.digest) or descriptor_of(one) for one in referrers]
        known = {one.digest for one in held.children} if held else set()
        if all(one.digest in known for one in wanted):
            return None
        if held and Address(repository, tag) not in self._planned and not _may_move(state.settings, tag):
            self._refuse(source, tag, f"it names {held.digest} and lacks referrers of {subject}", _immutable(tag))
            return None
        raw = extend_index(held, wanted)
        if held is None and original and {one.digest for one in original.children} == {one.digest for one in wanted}:
            raw = original.raw
        self._planned[Address(repository, tag)] = parse_manifest(raw)
        return TagStep(tag, raw, repository)

    def _refuse(self, source: SourceImage, tag: str, found: str, advice: str) -> None:
        repository = source.request.destination_repository
        text = f"Tag {tag} of {repository} was not written for {source.digest}: {found}."
        if self.mode is AttachmentsMode.REQUIRED:
            raise RefusedError(
                f"{text} Nothing was changed. {advice} Or set attachments to warn, to promote without it.", tag=tag
            )
        self._warnings.append(f"{text} {advice}")


def _by_subject(source: SourceImage) -> dict[str, list[Manifest]]:
    """The referrers of each manifest."""
    found: dict[str, list[Manifest]] = {}
    for one in source.attachments:
        if not one.tag:
            found.setdefault(one.subject, []).append(one.manifest)
    return found


def _content(manifest: Manifest | None) -> frozenset[tuple[str, tuple[tuple[str, str], ...]]]:
    """What a manifest holds; cosign keeps signatures in the annotations of layers that are all alike."""
    if manifest is None:
        return frozenset()
    return frozenset((one.digest, tuple(sorted(one.annotations))) for one in (*manifest.layers, *manifest.children))


def _may_move(settings: RepositorySettings, tag: str) -> bool:
    if not settings.immutable:
        return True
    # fnmatch knows brackets, too; a tag can hold none, and ECR's filters have the wildcard * alone.
    return any(fnmatchcase(tag, one) for one in settings.mutable_tags)


def _immutable(tag: str) -> str:
    return (
        f"The repository is immutable and no exclusion filter of it matches {tag}: add {FILTER} to its tag mutability "
        "exclusion filters."
    )
