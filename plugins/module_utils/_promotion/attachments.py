# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what is attached to images: signatures, SBOMs, attestations, and what is attached to these again.

Requests: one listing of the tags of a repository; one for the referrers of a manifest, where the first answer showed
that the registry has that API; one GET of each index of referrers and of each attachment that exists. Where tags cannot
be listed, one GET of each tag that may be there. What cannot be known either way is a refusal when attachments are
required, otherwise a warning.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._errors import FastbreakError, OperationError, RefusedError, UnavailableError
from .._oci.media_types import artifact_kind
from .._oci.names import Address
from .._oci.parse import UnreadableManifestError
from .._oci.referrers import descriptor_of, fallback_tag
from .cosign import cosign_tags
from .read import Library, read_children
from .values import Attachment, AttachmentsMode, SourceImage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Descriptor, Manifest
    from .session import Session

#: What is attached to an attachment of an attachment, and no further.
DEPTH_LIMIT = 4


@dataclass(slots=True)
class _Found:
    """By subject: what is attached to it, the source's index of its referrers, and what is wrong with either."""

    attachments: dict[Address, list[Attachment]] = field(default_factory=lambda: defaultdict(list))
    fallbacks: dict[Address, Manifest] = field(default_factory=dict)
    warnings: dict[Address, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class _Hit:
    """A manifest that was found attached to *subject*."""

    subject: Address
    manifest: Manifest
    kind: str
    tag: str = ""


def read_attachments(session: Session, library: Library, images: Iterable[SourceImage]) -> tuple[SourceImage, ...]:
    """The images with what is attached to them and to the manifests they name."""
    read = tuple(images)
    if session.request.attachments is AttachmentsMode.OFF:
        return read
    subjects = [Address(image.request.repository, digest) for image in read for digest in image.named]
    found = _Search(session, library).run(subjects)
    return tuple(_with_attachments(image, found) for image in read)


def _with_attachments(image: SourceImage, found: _Found) -> SourceImage:
    """What was found of the image's manifests, and of their attachments, each before what is attached to it."""
    attachments: dict[tuple[str, str], Attachment] = {}
    fallbacks: list[tuple[str, Manifest]] = []
    warnings: list[str] = list(image.warnings)
    subjects = dict.fromkeys(image.named)
    ahead = deque(subjects)
    while ahead:
        digest = ahead.popleft()
        subject = Address(image.request.repository, digest)
        warnings += found.warnings.get(subject, ())
        if subject in found.fallbacks:
            fallbacks.append((digest, found.fallbacks[subject]))
        for attachment in found.attachments.get(subject, ()):
            attached = attachment.manifest.digest
            attachments.setdefault((attached, attachment.tag), attachment)
            if attached not in subjects:
                subjects[attached] = None
                ahead.append(attached)
    once = tuple(dict.fromkeys(warnings))
    return replace(image, attachments=tuple(attachments.values()), fallbacks=tuple(fallbacks), warnings=once)


class _Search:
    """The search for what is attached to many subjects at once, each looked at once."""

    def __init__(self, session: Session, library: Library) -> None:
        self.session = session
        self.source = session.ports.source
        self.library = library
        self.found = _Found()
        #: None where they cannot be listed.
        self.tags: dict[str, frozenset[str] | None] = {}
        self.has_api: dict[str, bool] = {}
        self.seen: set[Address] = set()

    def run(self, subjects: list[Address]) -> _Found:
        """Look at *subjects*, then at what was found of them, to a depth of four."""
        for _level in range(DEPTH_LIMIT):
            fresh = [subject for subject in dict.fromkeys(subjects) if subject not in self.seen]
            if not fresh:
                break
            self.seen.update(fresh)
            self._list_tags(fresh)
            self._keep(self._referrers(fresh))
            self._keep(self._cosign(fresh))
            subjects = [
                Address(subject.repository, attachment.manifest.digest)
                for subject in fresh
                for attachment in self.found.attachments.get(subject, ())
            ]
        return self.found

    def _list_tags(self, subjects: list[Address]) -> None:
        repositories = [name for name in dict.fromkeys(each.repository for each in subjects) if name not in self.tags]
        self.tags.update(zip(repositories, self.session.each(self._tags_of, repositories), strict=True))

    def _tags_of(self, repository: str) -> frozenset[str] | None:
        """The tags of a repository, which is there; None when the registry does not list them."""
        try:
            listed = self.source.list_tags(repository)
        except (OperationError, UnavailableError):
            return None
        return None if listed is None else frozenset(listed)

    def _may_have(self, subject: Address, tag: str) -> bool:
        tags = self.tags[subject.repository]
        return tags is None or tag in tags

    def _referrers(self, subjects: list[Address]) -> list[_Hit]:
        """What refers to *subjects*, as the API and the indexes under their fallback tags list it."""
        listed = self._ask_api(subjects)
        for subject, index in self._read_fallbacks(subjects).items():
            listed[subject] = (*listed.get(subject, ()), *index.children)
        wanted = {(subject, child.digest): child for subject in subjects for child in listed.get(subject, ())}
        read = self.session.each(lambda item: self._read_referrer(item[0][0], item[1]), wanted.items())
        hits = []
        for (subject, digest), manifest in zip(wanted, read, strict=True):
            if isinstance(manifest, UnreadableManifestError):
                self._cannot_carry(subject, digest, manifest)
            elif manifest is not None and manifest.subject and manifest.subject.digest == subject.reference:
                hits.append(_Hit(subject, manifest, _kind(manifest)))
            else:
                self.found.warnings[subject].append(_not_a_referrer(subject, digest, manifest))
        return hits

    def _ask_api(self, subjects: list[Address]) -> dict[Address, tuple[Descriptor, ...]]:
        """The referrers of each subject, in repositories whose first answer shows that the API is there."""
        answers: dict[Address, tuple[Descriptor, ...]] = {}
        first = {each.repository: each for each in reversed(subjects) if each.repository not in self.has_api}
        for subject, answer in zip(first.values(), self.session.each(self._list, first.values()), strict=True):
            self.has_api[subject.repository] = answer is not None
            answers[subject] = answer or ()
        rest = [each for each in subjects if each not in answers and self.has_api[each.repository]]
        for subject, answer in zip(rest, self.session.each(self._list, rest), strict=True):
            answers[subject] = answer or ()
        return answers

    def _list(self, subject: Address) -> tuple[Descriptor, ...] | None:
        try:
            return self.source.list_referrers(subject)
        except (OperationError, UnavailableError) as error:
            self._cannot_know(subject, error)
            return None

    def _cannot_know(self, subject: Address, error: FastbreakError) -> None:
        """What may be attached to *subject* cannot be known. Raises RefusedError when it must be."""
        if self.session.request.attachments is AttachmentsMode.REQUIRED:
            raise RefusedError(
                f"Promoting {self.source.host}/{subject} was refused: whether anything is attached to it, such as "
                f"signatures, SBOMs and attestations, cannot be known. {error.message} Nothing was changed. Let the "
                "source's credentials read them, or set attachments to warn, to promote with those that are found, or "
                "to off, to promote without.",
                **error.details,
            ) from error
        self.found.warnings[subject].append(
            f"whether more is attached to {subject.reference} cannot be known, and such stays behind: {error.message}"
        )

    def _read_fallbacks(self, subjects: list[Address]) -> dict[Address, Manifest]:
        """The index of each subject's referrers that the source keeps under a tag."""
        tagged = [each for each in subjects if self._may_have(each, fallback_tag(each.reference))]
        read = self.session.each(lambda subject: self._read_tag(subject, fallback_tag(subject.reference)), tagged)
        for subject, index in zip(tagged, read, strict=True):
            if index is not None and index.is_index:
                self.found.fallbacks[subject] = index
            elif index is not None:
                self.found.warnings[subject].append(
                    f"the source's tag {fallback_tag(subject.reference)} names no index of referrers; it was not copied"
                )
        return {subject: self.found.fallbacks[subject] for subject in tagged if subject in self.found.fallbacks}

    def _read_tag(self, subject: Address, tag: str) -> Manifest | None:
        try:
            return self.session.read(self.source, Address(subject.repository, tag))
        except (OperationError, UnavailableError) as error:
            if self.tags[subject.repository] is not None:
                raise
            self._cannot_know(subject, error)
            return None

    def _read_referrer(self, subject: Address, named: Descriptor) -> Manifest | UnreadableManifestError | None:
        held = self.library.held.get(Address(subject.repository, named.digest))
        try:
            return held or self.session.read_named(self.source, subject.repository, named)
        except UnreadableManifestError as error:
            return error

    def _cannot_carry(self, subject: Address, digest: str, error: UnreadableManifestError) -> None:
        """What is attached to *subject* is no manifest. Raises RefusedError when all attachments must come along."""
        if self.session.request.attachments is AttachmentsMode.REQUIRED:
            raise RefusedError(
                f"Promoting {self.source.host}/{subject} was refused: what is attached to it cannot be carried. "
                f"{error.message} Nothing was changed. Have it deleted at the source, or set attachments to warn, to "
                "promote without it.",
                **error.details,
            ) from error
        self.found.warnings[subject].append(
            f"the source lists {digest} as a referrer of {subject.reference}, which is no manifest; it was not copied: "
            f"{error.message}"
        )

    def _cosign(self, subjects: list[Address]) -> list[_Hit]:
        """What cosign keeps of *subjects* under tags of its own."""
        tagged = [
            (subject, cosign)
            for subject in subjects
            for cosign in cosign_tags(subject.reference)
            if self._may_have(subject, cosign.tag)
        ]
        read = self.session.each(lambda item: self._read_tag(item[0], item[1].tag), tagged)
        return [
            _Hit(subject, manifest, cosign.kind, cosign.tag)
            for (subject, cosign), manifest in zip(tagged, read, strict=True)
            if manifest is not None
        ]

    def _keep(self, hits: list[_Hit]) -> None:
        """Keep what was found, with what those among it name that are indexes."""
        for hit in hits:
            self.library.put(hit.subject.repository, hit.manifest)
        read_children(self.session, self.library, [(hit.subject.repository, hit.manifest) for hit in hits], deep=True)
        for hit in hits:
            parts = self.library.closure(hit.subject.repository, hit.manifest)[:-1]
            attachment = Attachment(hit.kind, hit.subject.reference, hit.manifest, hit.tag, parts)
            self.found.attachments[hit.subject].append(attachment)


def _kind(referrer: Manifest) -> str:
    """What a referrer is called in reports."""
    return artifact_kind(descriptor_of(referrer).artifact_type) or "referrer"


def _not_a_referrer(subject: Address, digest: str, manifest: Manifest | None) -> str:
    """Why what the source lists as a referrer of *subject* is not copied."""
    if manifest is None:
        return f"the source lists the referrer {digest} of {subject.reference}, but does not have it; it was not copied"
    seen = manifest.subject.digest if manifest.subject else "nothing"
    return f"the source lists {digest} as a referrer of {subject.reference}, but it refers to {seen}; it was not copied"
