# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading the source: what belongs to images. Referrers, cosign's tags, and what belongs to these in turn.

Requests: one listing of the tags of a repository; one for the referrers of a manifest, where the first answer showed
that the registry has that API; one GET of each index of referrers and of each attachment that exists.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._oci.names import Address
from .attachment_tags import cosign_tags, fallback_tag, kind_of
from .read import Library, read_children
from .values import Attachment, AttachmentsMode, SourceImage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Descriptor, Manifest
    from .session import Session

#: What belongs to an attachment of an attachment, and no further.
DEPTH_LIMIT = 4


@dataclass(slots=True)
class _Found:
    """By subject: what belongs to it, the source's index of its referrers, and what is wrong with either."""

    attachments: dict[Address, list[Attachment]] = field(default_factory=lambda: defaultdict(list))
    fallbacks: dict[Address, Manifest] = field(default_factory=dict)
    warnings: dict[Address, list[str]] = field(default_factory=lambda: defaultdict(list))


def read_attachments(session: Session, library: Library, images: Iterable[SourceImage]) -> tuple[SourceImage, ...]:
    """The images with what belongs to them and to the manifests they name."""
    read = tuple(images)
    if session.request.attachments is AttachmentsMode.OFF:
        return read
    subjects = [Address(one.request.repository, digest) for one in read for digest in one.named]
    found = _Search(session, library).run(subjects)
    return tuple(_with_attachments(image, found) for image in read)


def _with_attachments(image: SourceImage, found: _Found) -> SourceImage:
    """What was found of the image's manifests, and of what belongs to them, each before what belongs to it."""
    attachments: dict[tuple[str, str], Attachment] = {}
    fallbacks: list[tuple[str, Manifest]] = []
    warnings: list[str] = list(image.warnings)
    subjects = dict.fromkeys(image.named)
    ahead = deque(subjects)
    while ahead:
        subject = ahead.popleft()
        place = Address(image.request.repository, subject)
        warnings += found.warnings.get(place, ())
        if place in found.fallbacks:
            fallbacks.append((subject, found.fallbacks[place]))
        for one in found.attachments.get(place, ()):
            if (one.manifest.digest, one.tag) not in attachments:
                attachments[one.manifest.digest, one.tag] = one
                if one.manifest.digest not in subjects:
                    subjects[one.manifest.digest] = None
                    ahead.append(one.manifest.digest)
    return replace(image, attachments=tuple(attachments.values()), fallbacks=tuple(fallbacks), warnings=tuple(warnings))


class _Search:
    """The search for what belongs to many subjects at once, each looked at once."""

    def __init__(self, session: Session, library: Library) -> None:
        self.session = session
        self.library = library
        self.found = _Found()
        self.tags: dict[str, frozenset[str]] = {}
        self.has_api: dict[str, bool] = {}
        self.seen: set[Address] = set()

    def run(self, subjects: list[Address]) -> _Found:
        """Look at *subjects*, then at what was found of them, to a depth of four."""
        for _level in range(DEPTH_LIMIT):
            fresh = [one for one in dict.fromkeys(subjects) if one not in self.seen]
            if not fresh:
                break
            self.seen.update(fresh)
            self._list_tags(fresh)
            self._read_referrers(fresh)
            self._read_cosign(fresh)
            subjects = [
                Address(place.repository, one.manifest.digest)
                for place in fresh
                for one in self.found.attachments.get(place, ())
            ]
        return self.found

    def _list_tags(self, subjects: list[Address]) -> None:
        repositories = [one for one in dict.fromkeys(place.repository for place in subjects) if one not in self.tags]
        listed = self.session.each(self.session.ports.source.list_tags, repositories)
        self.tags.update(
            (repository, frozenset(tags or ())) for repository, tags in zip(repositories, listed, strict=True)
        )

    def _read_referrers(self, subjects: list[Address]) -> None:
        named: dict[Address, list[Descriptor]] = {place: [] for place in subjects}
        for place, answer in self._ask_api(subjects).items():
            named[place] += answer
        tagged = [place for place in subjects if fallback_tag(place.reference) in self.tags[place.repository]]
        indexes = self.session.each(lambda place: self._read_tag(place, fallback_tag(place.reference)), tagged)
        for place, index in zip(tagged, indexes, strict=True):
            if index is not None and index.is_index:
                self.found.fallbacks[place] = index
                named[place] += index.children
            elif index is not None:
                self.found.warnings[place].append(
                    f"the source's tag {fallback_tag(place.reference)} names no index of referrers; it was not copied"
                )
        wanted = {(place, one.digest): one for place, descriptors in named.items() for one in descriptors}
        read = self.session.each(lambda item: self._read_referrer(item[0][0], item[1]), wanted.items())
        self._keep_referrers([key[0] for key in wanted], list(wanted.values()), read)

    def _ask_api(self, subjects: list[Address]) -> dict[Address, tuple[Descriptor, ...]]:
        """The referrers of each subject, in repositories whose first answer shows that the API is there."""
        answers: dict[Address, tuple[Descriptor, ...]] = {}
        first = {place.repository: place for place in reversed(subjects) if place.repository not in self.has_api}
        for place, answer in zip(first.values(), self.session.each(self._list_referrers, first.values()), strict=True):
            self.has_api[place.repository] = answer is not None
            answers[place] = answer or ()
        rest = [place for place in subjects if place not in answers and self.has_api[place.repository]]
        for place, answer in zip(rest, self.session.each(self._list_referrers, rest), strict=True):
            answers[place] = answer or ()
        return answers

    def _list_referrers(self, place: Address) -> tuple[Descriptor, ...] | None:
        return self.session.ports.source.list_referrers(place)

    def _read_tag(self, place: Address, tag: str) -> Manifest | None:
        return self.session.read(self.session.ports.source, Address(place.repository, tag))

    def _read_referrer(self, place: Address, named: Descriptor) -> Manifest | None:
        held = self.library.held.get(Address(place.repository, named.digest))
        return held or self.session.read_named(self.session.ports.source, place.repository, named)

    def _keep_referrers(self, places: list[Address], named: list[Descriptor], read: list[Manifest | None]) -> None:
        right = []
        for place, descriptor, manifest in zip(places, named, read, strict=True):
            if manifest is None:
                self.found.warnings[place].append(
                    f"the source lists the referrer {descriptor.digest} of {place.reference}, but does not have it; "
                    "it was not copied"
                )
            elif manifest.subject is None or manifest.subject.digest != place.reference:
                said = manifest.subject.digest if manifest.subject else "nothing"
                self.found.warnings[place].append(
                    f"the source lists {descriptor.digest} as a referrer of {place.reference}, but it refers to "
                    f"{said}; it was not copied"
                )
            else:
                right.append((place, manifest))
        self._keep(right, [""] * len(right), [kind_of(manifest) for _place, manifest in right])

    def _read_cosign(self, subjects: list[Address]) -> None:
        tagged = [
            (place, own)
            for place in subjects
            for own in cosign_tags(place.reference)
            if own.tag in self.tags[place.repository]
        ]
        read = self.session.each(lambda item: self._read_tag(item[0], item[1].tag), tagged)
        there = [(place, own, one) for (place, own), one in zip(tagged, read, strict=True) if one is not None]
        self._keep(
            [(place, one) for place, _own, one in there],
            [own.tag for _place, own, _one in there],
            [own.kind for _place, own, _one in there],
        )

    def _keep(self, found: list[tuple[Address, Manifest]], tags: list[str], kinds: list[str]) -> None:
        """Keep attachments, with what those among them name that are indexes."""
        for place, manifest in found:
            self.library.put(place.repository, manifest)
        read_children(self.session, self.library, [(place.repository, one) for place, one in found], deep=True)
        for (place, manifest), tag, kind in zip(found, tags, kinds, strict=True):
            parts = self.library.closure(place.repository, manifest)[:-1]
            self.found.attachments[place].append(Attachment(kind, place.reference, manifest, tag, parts))
