# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading the destination: what it holds of the images already. Writes nothing.

Each request buys something:

* HEAD of the destination's tag: whether the image is there, is another one, or is not there.
* HEAD of each manifest: whether it is there. A registry takes a manifest only when it has what that names, so that
  the blobs of a manifest which is there are not asked for; but a manifest may have been deleted since, so that each
  is asked for although an index that names it is there.
* HEAD of a blob of a manifest that is not there, once a repository: whether it must be copied.
* HEAD of an attachment's tag, and GET of an index of referrers: what the destination has added of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.commands import PROVISION_REGISTRY
from .._errors import DependencyError
from .._oci.names import Address
from .._oci.parse import is_foreign
from .._oci.referrers import fallback_tag
from .attestation import is_attestation
from .values import DestinationState, SourceImage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._ecr.values import RepositorySettings
    from .._oci.model import Descriptor, Manifest
    from .session import Session


class StateReader:
    """Reads the destination, each piece of it once a run."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.destination = session.ports.destination
        self.settings: dict[str, RepositorySettings] = {}
        self._heads: dict[Address, str | None] = {}
        self._present: set[Address] = set()
        self._blobs: dict[Address, bool] = {}
        self._held: dict[Address, Manifest | None] = {}
        self._referrers: dict[Address, tuple[Descriptor, ...] | None] = {}
        self._recorded: dict[str, bool] = {}

    def read_settings(self) -> None:
        """The repositories' settings. Raises DependencyError for one that is missing and has to be made first."""
        names = list(dict.fromkeys(image.destination_repository for image in self.session.request.images))
        describe = self.session.ports.destination_repositories.describe_repository
        self.settings.update(zip(names, self.session.each(describe, names), strict=True))
        if missing := [name for name, settings in self.settings.items() if settings.known and not settings.exists]:
            raise DependencyError(
                f"Promoting to {self.destination.host} needs the repository {', '.join(missing)}, which does not exist "
                "there. Nothing was changed. Provision the component ecr of that account first "
                f"({PROVISION_REGISTRY}), or name another destination_repository.",
                missing=missing,
            )

    def settled(self, images: Iterable[SourceImage]) -> list[bool]:
        """For each image whether the destination has all its manifests, and the tag, if any, names it."""
        wanted = list(images)
        tagged = [image.request for image in wanted if image.request.destination_tag]
        self._find(request.destination(request.destination_tag) for request in tagged)
        self._find_manifests(image.request.destination(digest) for image in wanted for digest in image.named)
        return [self._is_settled(image) for image in wanted]

    def _is_settled(self, image: SourceImage) -> bool:
        destination, tag = image.request.destination, image.request.destination_tag
        named = all(destination(digest) in self._present for digest in image.named)
        return named and (not tag or self._heads.get(destination(tag)) == image.digest)

    def read(self, images: Iterable[SourceImage]) -> tuple[DestinationState, ...]:
        """What the destination holds of each image, and of what is attached to it."""
        wanted = list(images)
        own_tags, manifests, subjects = [], [], []
        for image in wanted:
            destination = image.request.destination
            own_tags += [destination(attachment.tag) for attachment in image.attachments if attachment.tag]
            manifests += [destination(digest) for digest in image.named]
            manifests += [destination(manifest.digest) for manifest in image.attached]
            subjects += [destination(attachment.subject) for attachment in image.attachments if not attachment.tag]
            subjects.append(destination(image.digest))
        self._find(own_tags)
        self._find_manifests(manifests)
        self._list_referrers(wanted)
        self._read_held(
            Address(subject.repository, fallback_tag(subject.reference))
            for subject in subjects
            if not self._has_api(subject.repository)
        )
        self._read_held(address for image in wanted for address in self._changed_tags(image))
        self._find_blobs(wanted)
        self._find_records(wanted)
        return tuple(self._state(image) for image in wanted)

    def _find(self, addresses: Iterable[Address]) -> None:
        """Look what tags and digests name."""
        asked = [address for address in dict.fromkeys(addresses) if address not in self._heads]
        for address, digest in zip(asked, self.session.each(self.destination.find_manifest, asked), strict=True):
            self._heads[address] = digest
            if digest:
                self._present.add(Address(address.repository, digest))

    def _find_manifests(self, addresses: Iterable[Address]) -> None:
        """Look which manifests are there, those aside that a tag was seen to name."""
        self._find([address for address in addresses if address not in self._present])

    def _list_referrers(self, images: list[SourceImage]) -> None:
        roots = dict.fromkeys(image.request.destination(image.digest) for image in images)
        asked = [root for root in roots if root not in self._referrers]
        found = self.session.each(self.destination.list_referrers, asked)
        self._referrers.update(zip(asked, found, strict=True))

    def _has_api(self, repository: str) -> bool:
        return any(root.repository == repository and found is not None for root, found in self._referrers.items())

    def _read_held(self, tags: Iterable[Address]) -> None:
        """What the destination has under tags of attachments."""
        asked = [tag for tag in dict.fromkeys(tags) if tag not in self._held]
        read = self.session.each(lambda tag: self.session.read(self.destination, tag), asked)
        self._held.update(zip(asked, read, strict=True))

    def _changed_tags(self, image: SourceImage) -> list[Address]:
        """The tags of attachments that name something else than at the source."""
        tagged = [(image.request.destination(each.tag), each.manifest) for each in image.attachments if each.tag]
        return [address for address, manifest in tagged if self._heads[address] not in (None, manifest.digest)]

    def _find_blobs(self, images: list[SourceImage]) -> None:
        wanted = dict.fromkeys(
            image.request.destination(blob.digest)
            for image in images
            for manifest in self._lacking(image)
            for blob in manifest.blobs
        )
        asked = [blob for blob in wanted if blob not in self._blobs]
        found = self.session.each(self.destination.has_blob, asked)
        self._blobs.update(zip(asked, found, strict=True))

    def _lacking(self, image: SourceImage) -> list[Manifest]:
        """The manifests of *image* and its attachments that the destination does not have."""
        destination = image.request.destination
        every = (*image.manifests, *image.attached)
        return [manifest for manifest in every if destination(manifest.digest) not in self._present]

    def absent_at_source(self, image: SourceImage) -> frozenset[str]:
        """Non-distributable layers that neither side has: the source is asked for those the destination lacks."""
        foreign = {blob.digest for manifest in self._lacking(image) for blob in manifest.blobs if is_foreign(blob)}
        asked = sorted(digest for digest in foreign if not self._blobs[image.request.destination(digest)])
        addresses = [Address(image.request.repository, digest) for digest in asked]
        found = self.session.each(self.session.ports.source.has_blob, addresses)
        return frozenset(digest for digest, there in zip(asked, found, strict=True) if not there)

    def _find_records(self, images: list[SourceImage]) -> None:
        service = self.session.request.service
        if not service:
            return
        digests = dict.fromkeys(image.digest for image in images)
        asked = [digest for digest in digests if digest not in self._recorded]
        promotions = self.session.ports.promotions
        found = self.session.each(lambda digest: promotions.find_promotion(service, digest), asked)
        self._recorded.update((digest, line is not None) for digest, line in zip(asked, found, strict=True))

    def _state(self, image: SourceImage) -> DestinationState:
        destination = image.request.destination
        names = [image.request.destination_tag, *(attachment.tag for attachment in image.attachments)]
        tags = {name: digest for name in names if (digest := self._heads.get(destination(name)))}
        subjects = dict.fromkeys([*(attachment.subject for attachment in image.attachments), image.digest])
        indexed = [*names, *(fallback_tag(subject) for subject in subjects)]
        held = {name: manifest for name in indexed if (manifest := self._held.get(destination(name)))}
        tags |= {name: manifest.digest for name, manifest in held.items()}
        blobs = {blob.digest for manifest in (*image.manifests, *image.attached) for blob in manifest.blobs}
        digests = {*image.named, *(manifest.digest for manifest in image.attached)}
        return DestinationState(
            settings=self.settings[image.request.destination_repository],
            blobs=frozenset(digest for digest in blobs if self._blobs.get(destination(digest))),
            manifests=frozenset(digest for digest in digests if destination(digest) in self._present),
            tags=tuple(sorted(tags.items())),
            attestation=self._attestation(image, held.get(fallback_tag(image.digest))),
            recorded=self._recorded.get(image.digest, False),
            held=tuple(sorted(held.items(), key=lambda item: item[0])),
            referrers_api=self._has_api(image.request.destination_repository),
        )

    def _attestation(self, image: SourceImage, index: Manifest | None) -> str:
        """The digest of our attestation of the image; *index* lists its referrers where there is no API."""
        referrers = self._referrers.get(image.request.destination(image.digest))
        listed = referrers if referrers is not None else index.children if index else ()
        carried = set() if self._is_source(image) else {each.manifest.digest for each in image.attachments}
        return min((each.digest for each in listed if is_attestation(each) and each.digest not in carried), default="")

    def _is_source(self, image: SourceImage) -> bool:
        """Whether both sides are one place. Otherwise an attestation of the source's tells of an earlier promotion."""
        same_registry = self.session.ports.source.host == self.destination.host
        return same_registry and image.request.repository == image.request.destination_repository
