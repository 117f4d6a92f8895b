# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the destination: what it holds of the images already. Writes nothing.

Each request buys something:

* GET of the destination's tag: whether the image is there, another image is, or none; HEAD where it cannot be read, for
  a tag that names something does not move.
* GET of each manifest that the source gave: whether it is there. Each is asked for although a tag or an index that
  names it is there, for it may have been deleted since; and read, for registries name what they have lost.
* GET of each other manifest that an index names: whether it is there, and its blobs. The source is then not asked.
* HEAD of each blob, once a repository: whether it is there in its whole length. A registry takes a manifest only when
  it has what that names, but blobs get lost: by a garbage collection at the wrong moment, or with a restored backup.
* GET of an attachment's tag, HEAD where the image is not there yet, and GET of an index of referrers: what the
  destination has added of its own. A manifest that was read by its tag is not read again.
* GET of an attestation of ours, and HEAD of its blobs: whether it can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._common.commands import PROVISION_REGISTRY
from .._errors import DependencyError, FastbreakError, OperationError, UnavailableError
from .._oci.names import Address
from .._oci.parse import is_foreign
from .._oci.referrers import fallback_tag
from .attestation import is_attestation
from .session import is_named
from .values import DestinationState, SourceImage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._ecr.values import RepositorySettings
    from .._oci.model import Descriptor, Manifest, RawManifest
    from .._release.promotion import Promotion
    from .read import Library
    from .session import Session


class StateReader:
    """Reads the destination, each piece of it once a run."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.destination = session.ports.destination
        self.settings: dict[str, RepositorySettings] = {}
        self._heads: dict[Address, str | None] = {}
        self._present: dict[Address, bool] = {}
        self._blobs: dict[Address, bool] = {}
        self._held: dict[Address, Manifest | None] = {}
        self._referrers: dict[Address, tuple[Descriptor, ...] | None] = {}
        self._unlisted: dict[str, str] = {}
        self._recorded: dict[str, frozenset[str]] = {}
        self._attestations: dict[Address, Manifest | None] = {}

    def read_settings(self) -> None:
        """The repositories' settings. Raises DependencyError when a repository is missing and has to be made first."""
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

    def look(self, library: Library, images: Iterable[SourceImage]) -> None:
        """Look for the images' tags and manifests. What was not read of the source and is here goes into *library*."""
        wanted = list(images)
        tagged = [image.request for image in wanted if image.request.destination_tag]
        self._read_tags(request.destination(request.destination_tag) for request in tagged)
        self._read_manifests(
            image.request.destination(manifest.digest) for image in wanted for manifest in image.manifests
        )
        unread = {
            image.request.destination(child.digest): (image.request.repository, child)
            for image in wanted
            for manifest in image.manifests
            for child in manifest.children
            if Address(image.request.repository, child.digest) not in library.held
        }
        read = self.session.each(lambda address: self.session.read(self.destination, address), unread)
        for (address, (repository, child)), manifest in zip(unread.items(), read, strict=True):
            self._present[address] = manifest is not None
            if manifest and is_named(manifest, child):
                library.put(repository, manifest)

    def read(self, images: Iterable[SourceImage]) -> tuple[DestinationState, ...]:
        """What the destination holds of each image, and of what is attached to it."""
        wanted = list(images)
        manifests, subjects = [], []
        for image in wanted:
            destination = image.request.destination
            manifests += [destination(digest) for digest in image.named]
            manifests += [destination(manifest.digest) for manifest in image.attached]
            subjects += [destination(attachment.subject) for attachment in image.attachments if not attachment.tag]
            subjects.append(destination(image.digest))
        self._look_at_attachment_tags(wanted)
        self._read_manifests(manifests)
        self._list_referrers(wanted)
        self._read_held(
            Address(subject.repository, fallback_tag(subject.reference))
            for subject in subjects
            if not self._has_api(subject.repository)
        )
        self._read_held(address for image in wanted for address in self._changed_tags(image))
        self._read_attestations(wanted)
        self._find_blobs(wanted)
        self._find_records(wanted)
        return tuple(self._state(image) for image in wanted)

    def _read_tags(self, tags: Iterable[Address]) -> None:
        """Look what images' tags name. A manifest that could be read by its tag need not be asked for again."""
        asked = [tag for tag in dict.fromkeys(tags) if tag not in self._heads]
        read = self.session.each(self._read_raw, asked)
        for tag, found in zip(asked, read, strict=True):
            if found:
                self._heads[tag] = found.digest
                self._present[Address(tag.repository, found.digest)] = True
        self._find(asked)

    def _look_at_attachment_tags(self, images: list[SourceImage]) -> None:
        """Look what the tags of attachments name. Where the image is, they are as a rule too, and are read at once."""
        tags = [
            (image.request.destination(each.tag), self._present.get(image.request.destination(image.digest)))
            for image in images
            for each in image.attachments
            if each.tag
        ]
        self._read_tags(tag for tag, likely in tags if likely)
        self._find(tag for tag, _likely in tags)

    def _read_raw(self, address: Address) -> RawManifest | None:
        """The manifest; None as well when its bytes are not those that its digest names."""
        try:
            return self.destination.read_manifest(address)
        except OperationError:
            return None

    def _find(self, addresses: Iterable[Address]) -> None:
        """Look what tags and digests name."""
        asked = [address for address in dict.fromkeys(addresses) if address not in self._heads]
        self._heads.update(zip(asked, self.session.each(self.destination.find_manifest, asked), strict=True))

    def _read_manifests(self, addresses: Iterable[Address]) -> None:
        """Look which manifests are there, as who pulls them does."""
        asked = [address for address in dict.fromkeys(addresses) if address not in self._present]
        read = self.session.each(self._read_raw, asked)
        for address, found in zip(asked, read, strict=True):
            self._present[address] = found is not None and found.digest == address.reference

    def _list_referrers(self, images: list[SourceImage]) -> None:
        roots = dict.fromkeys(image.request.destination(image.digest) for image in images)
        asked = [root for root in roots if root not in self._referrers]
        found = self.session.each(self._list, asked)
        self._referrers.update(zip(asked, found, strict=True))

    def _list(self, root: Address) -> tuple[Descriptor, ...] | None:
        """The referrers of *root*; None when there is no API for them, or none that answers us."""
        try:
            return self.destination.list_referrers(root)
        except (OperationError, UnavailableError) as error:
            self._unlisted[root.repository] = error.message
            return None

    def _has_api(self, repository: str) -> bool:
        return repository not in self._unlisted and any(
            root.repository == repository and found is not None for root, found in self._referrers.items()
        )

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
        """Look for all blobs of the images, of their attachments, and of the attestations that are there."""
        wanted: dict[Address, int] = {}
        for image in images:
            attested = [self._attestations[address] for address in self._attested(image)]
            manifests = (*image.manifests, *image.attached, *filter(None, attested))
            blobs = [blob for manifest in manifests for blob in manifest.blobs]
            wanted |= {image.request.destination(blob.digest): blob.size for blob in blobs}
        asked = [(blob, size) for blob, size in wanted.items() if blob not in self._blobs]
        found = self.session.each(lambda item: self.destination.has_blob(item[0], size=item[1]), asked)
        self._blobs.update((blob, there) for (blob, _size), there in zip(asked, found, strict=True))

    def absent_at_source(self, image: SourceImage) -> frozenset[str]:
        """Non-distributable layers that neither side has: the source is asked for those the destination lacks."""
        blobs = {blob.digest: blob for manifest in (*image.manifests, *image.attached) for blob in manifest.blobs}
        asked = [
            blob
            for blob in blobs.values()
            if is_foreign(blob) and not self._blobs[image.request.destination(blob.digest)]
        ]
        source, repository = self.session.ports.source, image.request.repository
        found = self.session.each(lambda blob: source.has_blob(Address(repository, blob.digest), size=blob.size), asked)
        return frozenset(blob.digest for blob, there in zip(asked, found, strict=True) if not there)

    def _find_records(self, images: list[SourceImage]) -> None:
        service = self.session.request.service
        if not service:
            return
        digests = dict.fromkeys(image.digest for image in images)
        asked = [digest for digest in digests if digest not in self._recorded]
        found = self.session.each(lambda digest: self._lines(service, digest), asked)
        self._recorded.update(
            (digest, frozenset(line.signature for line in lines)) for digest, lines in zip(asked, found, strict=True)
        )

    def _lines(self, service: str, digest: str) -> tuple[Promotion, ...]:
        """The lines of a digest. Where nothing is signed, the newest is enough to know that there is one."""
        promotions = self.session.ports.promotions
        if self.session.signer:
            return promotions.find_promotions(service, digest)
        newest = promotions.find_promotion(service, digest)
        return (newest,) if newest else ()

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
            manifests=frozenset(digest for digest in digests if self._present.get(destination(digest))),
            tags=tuple(sorted(tags.items())),
            attestation=self._attestation(image),
            recorded=self._recorded.get(image.digest, frozenset()),
            held=tuple(sorted(held.items(), key=lambda item: item[0])),
            referrers_api=self._has_api(image.request.destination_repository),
            unlisted=self._unlisted.get(image.request.destination_repository, ""),
        )

    def _attested(self, image: SourceImage) -> list[Address]:
        """What is listed as an attestation of the image's promotion: by the API, or under a tag where there is none."""
        destination = image.request.destination
        referrers = self._referrers.get(destination(image.digest))
        index = self._held.get(destination(fallback_tag(image.digest)))
        listed = (*(referrers or ()), *(index.children if index else ()))
        carried = set() if self._is_source(image) else {each.manifest.digest for each in image.attachments}
        found = sorted(each.digest for each in listed if is_attestation(each) and each.digest not in carried)
        return [destination(digest) for digest in found]

    def _read_attestations(self, images: list[SourceImage]) -> None:
        wanted = dict.fromkeys(address for image in images for address in self._attested(image))
        asked = [address for address in wanted if address not in self._attestations]
        read = self.session.each(lambda address: self.session.read_foreign(self.destination, address), asked)
        usable = (None if isinstance(found, FastbreakError) else found for found in read)
        self._attestations.update(zip(asked, usable, strict=True))

    def _attestation(self, image: SourceImage) -> str:
        """The digest of our attestation of the image. One that is listed and cannot be read is none."""
        for address in self._attested(image):
            manifest = self._attestations[address]
            if manifest and all(self._blobs[image.request.destination(blob.digest)] for blob in manifest.blobs):
                return address.reference
        return ""

    def _is_source(self, image: SourceImage) -> bool:
        """Whether both sides are the same place. Else an attestation at the source tells of an earlier promotion."""
        same_registry = self.session.ports.source.host == self.destination.host
        return same_registry and image.request.repository == image.request.destination_repository
