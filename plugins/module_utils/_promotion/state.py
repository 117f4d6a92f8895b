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

from .._errors import DependencyError
from .._oci.names import Address
from .._oci.parse import is_foreign
from .attachment_tags import fallback_tag
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
        self._indexes: dict[Address, Manifest | None] = {}
        self._referrers: dict[Address, tuple[Descriptor, ...] | None] = {}
        self._recorded: dict[str, bool] = {}

    def read_settings(self) -> None:
        """The repositories' settings. Raises DependencyError for one that is missing and has to be made first."""
        names = list(dict.fromkeys(one.destination_repository for one in self.session.request.images))
        describe = self.session.ports.destination_repositories.describe_repository
        self.settings.update(zip(names, self.session.each(describe, names), strict=True))
        if missing := [name for name, one in self.settings.items() if one.known and not one.exists]:
            raise DependencyError(
                f"Promoting to {self.destination.host} needs the repository {', '.join(missing)}, which does not exist "
                "there. Nothing was changed. Provision the component ecr of that account first "
                "(site.yml --limit ecr), or name another destination_repository.",
                missing=missing,
            )

    def settled(self, images: Iterable[SourceImage]) -> list[bool]:
        """For each image whether the destination has all its manifests, and the tag, if any, names it."""
        wanted = list(images)
        for_all = [Address(one.request.destination_repository, digest) for one in wanted for digest in one.named]
        tags = [
            Address(one.request.destination_repository, one.request.destination_tag)
            for one in wanted
            if one.request.destination_tag
        ]
        self._find_all(tags)
        self._find_all(one for one in for_all if one not in self._present)
        return [self._is_settled(one) for one in wanted]

    def _is_settled(self, image: SourceImage) -> bool:
        request = image.request
        tag = self._heads.get(Address(request.destination_repository, request.destination_tag))
        named = all(self._has_manifest(request.destination_repository, digest) for digest in image.named)
        return named and (not request.destination_tag or tag == image.digest)

    def _has_manifest(self, repository: str, digest: str) -> bool:
        return Address(repository, digest) in self._present

    def read(self, images: Iterable[SourceImage]) -> tuple[DestinationState, ...]:
        """What the destination holds of each image, and of what belongs to it."""
        wanted = list(images)
        own_tags, manifests, fallbacks = [], [], []
        for one in wanted:
            repository = one.request.destination_repository
            own_tags += [Address(repository, attachment.tag) for attachment in one.attachments if attachment.tag]
            manifests += [Address(repository, digest) for digest in one.named]
            for attachment in one.attachments:
                manifests += [Address(repository, each.digest) for each in (*attachment.parts, attachment.manifest)]
            subjects = [attachment.subject for attachment in one.attachments if not attachment.tag]
            fallbacks += [Address(repository, digest) for digest in dict.fromkeys([*subjects, one.digest])]
        self._find_all(own_tags)
        self._find_all(one for one in manifests if one not in self._present)
        self._read_referrers(wanted)
        self._read_indexes([one for one in fallbacks if not self._has_api(one.repository)])
        self._read_changed(wanted)
        self._find_blobs(wanted)
        self._find_records(wanted)
        return tuple(self._state(one) for one in wanted)

    def _find_all(self, addresses: Iterable[Address]) -> None:
        asked = [one for one in dict.fromkeys(addresses) if one not in self._heads]
        found = self.session.each(self.destination.find_manifest, asked)
        self._heads.update(zip(asked, found, strict=True))
        self._present.update(Address(address.repository, one) for address, one in zip(asked, found, strict=True) if one)

    def _read_referrers(self, images: list[SourceImage]) -> None:
        roots = [Address(one.request.destination_repository, one.digest) for one in images]
        asked = [one for one in dict.fromkeys(roots) if one not in self._referrers]
        found = self.session.each(self.destination.list_referrers, asked)
        self._referrers.update(zip(asked, found, strict=True))

    def _has_api(self, repository: str) -> bool:
        return any(address.repository == repository and found is not None for address, found in self._referrers.items())

    def _read_indexes(self, subjects: list[Address]) -> None:
        """The destination's indexes of referrers, under their tags."""
        self._read_tags([Address(one.repository, fallback_tag(one.reference)) for one in subjects])

    def _read_tags(self, addresses: list[Address]) -> None:
        asked = [one for one in dict.fromkeys(addresses) if one not in self._indexes]
        read = self.session.each(lambda one: self.session.read(self.destination, one), asked)
        self._indexes.update(zip(asked, read, strict=True))

    def _read_changed(self, images: list[SourceImage]) -> None:
        """What the destination has under an attachment's tag, where that is not the source's."""
        self._read_tags(
            [
                Address(one.request.destination_repository, attachment.tag)
                for one in images
                for attachment in one.attachments
                if attachment.tag
                and self._heads[Address(one.request.destination_repository, attachment.tag)]
                not in (None, attachment.manifest.digest)
            ]
        )

    def _find_blobs(self, images: list[SourceImage]) -> None:
        wanted: dict[Address, None] = {}
        for one in images:
            repository = one.request.destination_repository
            for manifest in self._lacking(one):
                wanted.update(dict.fromkeys(Address(repository, blob.digest) for blob in manifest.blobs))
        asked = [address for address in wanted if address not in self._blobs]
        found = self.session.each(self.destination.has_blob, asked)
        self._blobs.update(zip(asked, found, strict=True))

    def _lacking(self, image: SourceImage) -> list[Manifest]:
        """The manifests of *image* and its attachments that the destination does not have."""
        repository = image.request.destination_repository
        attachment = [part for one in image.attachments for part in (*one.parts, one.manifest)]
        return [one for one in (*image.manifests, *attachment) if not self._has_manifest(repository, one.digest)]

    def absent_at_source(self, image: SourceImage) -> frozenset[str]:
        """Non-distributable layers that neither side has: the source is asked for those the destination lacks."""
        repository = image.request.destination_repository
        asked = {
            blob.digest
            for manifest in self._lacking(image)
            for blob in manifest.blobs
            if is_foreign(blob) and not self._blobs[Address(repository, blob.digest)]
        }
        source = self.session.ports.source
        names = sorted(asked)
        found = self.session.each(lambda digest: source.has_blob(Address(image.request.repository, digest)), names)
        return frozenset(digest for digest, there in zip(names, found, strict=True) if not there)

    def _find_records(self, images: list[SourceImage]) -> None:
        service = self.session.request.service
        if not service:
            return
        asked = [one for one in dict.fromkeys(image.digest for image in images) if one not in self._recorded]
        promotions = self.session.ports.promotions
        found = self.session.each(lambda one: promotions.find_promotion(service, one), asked)
        self._recorded.update((one, promotion is not None) for one, promotion in zip(asked, found, strict=True))

    def _state(self, image: SourceImage) -> DestinationState:
        repository = image.request.destination_repository
        names = [image.request.destination_tag, *(one.tag for one in image.attachments)]
        tags = {name: digest for name in names if (digest := self._heads.get(Address(repository, name)))}
        subjects = dict.fromkeys([*(one.subject for one in image.attachments), image.digest])
        indexed = [*names, *(fallback_tag(one) for one in subjects)]
        held = {name: one for name in indexed if (one := self._indexes.get(Address(repository, name)))}
        tags |= {name: one.digest for name, one in held.items()}
        parts = [part for one in image.attachments for part in (*one.parts, one.manifest)]
        blobs = {blob.digest for one in (*image.manifests, *parts) for blob in one.blobs}
        digests = {*image.named, *(one.digest for one in parts)}
        referrers = self._referrers.get(Address(repository, image.digest))
        index = held.get(fallback_tag(image.digest))
        listed = referrers if referrers is not None else index.children if index else ()
        carried = set() if self._is_source(image) else {one.manifest.digest for one in image.attachments}
        attestations = sorted(one.digest for one in listed if is_attestation(one) and one.digest not in carried)
        return DestinationState(
            settings=self.settings[repository],
            blobs=frozenset(one for one in blobs if self._blobs.get(Address(repository, one))),
            manifests=frozenset(one for one in digests if self._has_manifest(repository, one)),
            tags=tuple(sorted(tags.items())),
            attested=bool(attestations),
            attestation=attestations[0] if attestations else "",
            recorded=self._recorded.get(image.digest, False),
            held=tuple(sorted(held.items(), key=lambda item: item[0])),
            referrers_api=self._has_api(repository),
        )

    def _is_source(self, image: SourceImage) -> bool:
        """Whether both sides are one place. Otherwise an attestation of the source's tells of an earlier promotion."""
        same_registry = self.session.ports.source.host == self.destination.host
        return same_registry and image.request.repository == image.request.destination_repository
