# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is kept of a promotion: the attestation beside the image, and the line in the release table."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .._errors import OperationError
from .._oci.names import Address
from .._oci.parse import parse_manifest
from .._release.image import parse_release_tag
from .._release.promotion import RECORD_PREFIX, Promotion
from .._release.record import timestamp
from .attachment_tags import descriptor_of, extend_index, fallback_tag
from .attestation import Attestation, artifact, statement
from .patience import write_manifest

if TYPE_CHECKING:
    from .._oci.model import Manifest
    from .copy import Copied
    from .report import Hosts
    from .session import Session
    from .values import ImagePlan
    from .write import Writing

#: How often an index of referrers is written again because another run wrote it at the same time.
_ATTEMPTS = 5
_REVISION = "org.opencontainers.image.revision"


class Keeping:
    """Writes attestations and lines; ``attestations`` are the digests by image."""

    def __init__(self, session: Session, hosts: Hosts, writing: Writing) -> None:
        self.session = session
        self.hosts = hosts
        self.writing = writing
        self.attestations = {number: one.attestation for number, one in enumerate(writing.planned.images)}
        self._caller = ""

    def attest(self, copied: list[Copied]) -> None:
        """The attestations of all images that have none."""
        wanted = [(number, one) for number, one in enumerate(self.writing.planned.images) if one.attest]
        if wanted:
            self._caller = self.session.ports.promotions.caller()
        self.session.each(lambda item: self._attest(item[0], item[1], copied[item[0]]), wanted)

    def record(self, copied: list[Copied]) -> None:
        """The lines of all images that have none."""
        wanted = [(number, one) for number, one in enumerate(self.writing.planned.images) if one.record]
        if wanted and not self._caller:
            self._caller = self.session.ports.promotions.caller()
        promotions = self.session.ports.promotions
        lines = [self._promotion(number, image, copied[number]) for number, image in wanted]
        self.session.each(promotions.write_promotion, lines)

    def _promotion(self, number: int, image: ImagePlan, copied: Copied) -> Promotion:
        now = timestamp(self.session.ports.clock.now())
        source, request = image.source, image.source.request
        tag = request.destination_tag or request.tag
        release = parse_release_tag(tag)
        return Promotion(
            service=self.session.request.service,
            release_id=f"{RECORD_PREFIX}{now}#{secrets.token_hex(4)}",
            version=tag or source.digest,
            digest=source.digest,
            commit=release.commit if release else dict(source.root.annotations).get(_REVISION, ""),
            source=self.hosts.origin(request),
            destination=f"{self.hosts.goal(request)}@{source.digest}",
            promoted_at=now,
            promoted_by=self._caller,
            blobs=copied.blobs + copied.mounted,
            bytes_copied=copied.sent,
            attachments=tuple(f"{one.kind} {one.manifest.digest}" for one in source.attachments),
            gates=image.gates,
            attestation=self.attestations[number],
        )

    def _attest(self, number: int, image: ImagePlan, copied: Copied) -> None:
        promotion = self._promotion(number, image, copied)
        made = artifact(statement(image.source, promotion), image.source.root, created=promotion.promoted_at)

        def write() -> None:
            self._write(image, made)
            self.attestations[number] = made.manifest.digest

        self.writing.lenient(number, "the attestation of this promotion", write)

    def _write(self, image: ImagePlan, made: Attestation) -> None:
        repository = image.source.request.destination_repository
        registry = self.session.ports.destination
        for blob, content in made.blobs:
            address = Address(repository, blob.digest)
            if not registry.has_blob(address):
                registry.write_blob(address, content)
        manifest = parse_manifest(made.manifest)
        if not write_manifest(self.session, Address(repository, made.manifest.digest), made.manifest):
            self._list(image, manifest)

    def _list(self, image: ImagePlan, attestation: Manifest) -> None:
        """List it in the index of referrers, which another run may be writing to as well.

        Registries cannot compare and swap: ours is listed in the end, theirs may be lost from the list when written
        between our reading and our writing. Its manifest stays, and so does its line in the release table.
        """
        repository, tag = image.source.request.destination_repository, fallback_tag(image.source.digest)
        address = Address(repository, tag)
        planned = [self.writing.remaining(step) for step in image.attachment_tags if step.tag == tag]
        wanted = [one for raw in planned if raw for one in parse_manifest(raw).children] + [descriptor_of(attestation)]
        for _attempt in range(_ATTEMPTS):
            held = self.session.read(self.session.ports.destination, address)
            if held and {one.digest for one in wanted} <= {one.digest for one in held.children}:
                self.writing.tags[address] = held.raw
                return
            index = extend_index(held, wanted)
            write_manifest(self.session, address, index)
        raise OperationError(
            f"The attestation {attestation.digest} was written {_ATTEMPTS} times into tag {tag} of {repository}, and "
            "another run wrote over it each time. Run again when no other promotion of this image is at work."
        )
