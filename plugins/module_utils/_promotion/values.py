# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A promotion as values: what was asked for, what both registries hold, and the plan between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from .._oci.names import Address

if TYPE_CHECKING:
    from .._ecr.values import RepositorySettings
    from .._oci.model import Descriptor, Manifest
    from .._release.promotion import GateResult


class AttachmentsMode(Enum):
    """What to do about attachments that the destination refuses: fail, or report them; ``OFF``: none is looked for."""

    REQUIRED = "required"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image to promote. ``tag`` or ``digest`` or both name the source; with both, the tag must name the digest.

    ``platforms`` empty means all. ``destination_tag`` empty: the image is addressed by its digest alone.
    """

    repository: str
    destination_repository: str
    tag: str = ""
    digest: str = ""
    destination_tag: str = ""
    platforms: tuple[str, ...] = ()

    def destination(self, reference: str) -> Address:
        """Where *reference*, a tag or digest, lies at the destination."""
        return Address(self.destination_repository, reference)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A manifest that is attached to an image: found through the referrers API, or under a tag of its own.

    ``parts`` are the manifests that it names itself when it is an index, each after those that it names.
    """

    kind: str
    subject: str
    manifest: Manifest
    tag: str = ""
    parts: tuple[Manifest, ...] = ()

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Its parts and itself, each after what it names."""
        return (*self.parts, self.manifest)

    def as_data(self) -> dict[str, str]:
        """What reports and attestations say of it."""
        return {"kind": self.kind, "digest": self.manifest.digest, "subject": self.subject, "tag": self.tag}


@dataclass(frozen=True, slots=True)
class SourceImage:
    """All that the source holds of an image: manifests by digest, each after those that it names; the root is last.

    ``fallbacks`` are the source's referrers indexes by the digest of their subject; ``absent_blobs`` are
    non-distributable layers that the source lacks; ``warnings`` say what was found and is not carried.
    """

    request: ImageRequest
    root: Manifest
    manifests: tuple[Manifest, ...]
    attachments: tuple[Attachment, ...] = ()
    rewritten_from: str = ""
    fallbacks: tuple[tuple[str, Manifest], ...] = ()
    absent_blobs: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The image's identity."""
        return self.root.digest

    @property
    def named(self) -> tuple[str, ...]:
        """The digests of its manifests, read or only named by an index; the root is last."""
        read = dict.fromkeys(manifest.digest for manifest in self.manifests)
        children = dict.fromkeys(child.digest for manifest in self.manifests for child in manifest.children)
        return (*(digest for digest in children if digest not in read), *read)

    @property
    def attached(self) -> tuple[Manifest, ...]:
        """The manifests of all its attachments, each after what it names."""
        return tuple(manifest for attachment in self.attachments for manifest in attachment.manifests)


@dataclass(frozen=True, slots=True)
class DestinationState:
    """What the destination holds of an image already: digests of blobs and manifests, and what the tags name.

    ``held`` are manifests under attachments' tags that are not the source's: the destination may have added to them.
    ``referrers_api`` tells that it keeps referrers itself, so that no tag is needed for them; ``unlisted`` why it does
    not say which it keeps, empty when it does. ``attestation`` is the digest of the attestation that it has of the
    promotion, ``signature`` that of a signature by whoever is to sign, which it has or is about to get from the source;
    empty when there is none. ``recorded`` are the signatures that the image's lines in the release table name, an empty
    text for a line that names none; no line, no text. ``signature_doubt`` is why there may be a signature although none
    was found. ``predicates`` are the types of the wanted statements that it has, or is about to get from the source.
    """

    settings: RepositorySettings
    blobs: frozenset[str] = frozenset()
    manifests: frozenset[str] = frozenset()
    tags: tuple[tuple[str, str], ...] = ()
    recorded: frozenset[str] = frozenset()
    held: tuple[tuple[str, Manifest], ...] = ()
    referrers_api: bool = False
    unlisted: str = ""
    attestation: str = ""
    signature: str = ""
    signature_doubt: str = ""
    predicates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BlobStep:
    """A blob that the destination lacks. ``mount_from`` names a repository of the same registry that has it."""

    descriptor: Descriptor
    source_repository: str
    destination_repository: str
    mount_from: str = ""

    @property
    def address(self) -> Address:
        """Where it goes."""
        return Address(self.destination_repository, self.descriptor.digest)


@dataclass(frozen=True, slots=True)
class ManifestStep:
    """A manifest to write, by digest."""

    manifest: Manifest
    destination_repository: str
    role: str

    @property
    def address(self) -> Address:
        """Where it goes."""
        return Address(self.destination_repository, self.manifest.digest)


@dataclass(frozen=True, slots=True)
class TagStep:
    """A tag to write: the same bytes again, under the tag's name. ``is_index``: an index of referrers."""

    address: Address
    manifest: Manifest
    is_index: bool = False

    @property
    def tag(self) -> str:
        """The tag's name."""
        return self.address.reference


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What promoting one image takes, in the order in which it is done. Nothing to do is an empty plan.

    ``attachments`` are the manifests of what is attached, by digest; ``attachment_tags`` the tags that it has.
    ``unlisted``: the destination's own list of referrers cannot be read, so that tags list them in any case.
    ``predicates`` are the types of the statements to attach.
    """

    source: SourceImage
    blobs: tuple[BlobStep, ...] = ()
    present_blobs: tuple[Descriptor, ...] = ()
    manifests: tuple[ManifestStep, ...] = ()
    attachments: tuple[ManifestStep, ...] = ()
    attachment_tags: tuple[TagStep, ...] = ()
    tag: TagStep | None = None
    attest: bool = False
    attestation: str = ""
    sign: bool = False
    signature: str = ""
    predicates: tuple[str, ...] = ()
    unlisted: bool = False
    record: bool = False
    gates: tuple[GateResult, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether carrying it out would write anything."""
        steps = (self.blobs, self.manifests, self.attachments, self.attachment_tags, self.predicates)
        return any(steps) or self.tag is not None or self.attest or self.sign or self.record

    @property
    def bytes_to_copy(self) -> int:
        """Bytes that the blobs to copy hold together, those to mount aside."""
        return sum(step.descriptor.size for step in self.blobs if not step.mount_from)


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """The plans of all images of a request."""

    images: tuple[ImagePlan, ...] = field(default_factory=tuple)

    @property
    def changed(self) -> bool:
        """Whether carrying it out would write anything."""
        return any(image.changed for image in self.images)
