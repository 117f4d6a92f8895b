# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads back what was written and what was there, and compares: manifests byte for byte, blobs by their size.

That comes before any tag is written, so that no tag names what is not all there; the tags are compared after. Tags of
attachments are shared with others: `shared_tags` sees to them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._errors import OperationError
from .patience import patiently, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Manifest
    from .._oci.names import Address
    from .progress import ImageProgress
    from .session import Session
    from .values import TagStep
    from .write import ManifestWriter


def read_back(session: Session, images: Iterable[ImageProgress], writer: ManifestWriter) -> None:
    """Compare all that the images' tags will name, written in this run or before, and the attachments of this run.

    Raises OperationError for what is not the same.
    """
    comparison = _Comparison(session)
    blobs: dict[Address, int] = {}
    manifests = {step.address: step.manifest for step in writer.written}
    for plan in (image.plan for image in images if image.plan.changed):
        destination = plan.source.request.destination
        blobs |= {destination(blob.digest): blob.size for blob in plan.present_blobs}
        blobs |= {step.address: step.descriptor.size for step in plan.blobs}
        manifests |= {destination(manifest.digest): manifest for manifest in plan.source.manifests}
    named = [partial(comparison.manifest, address, manifest) for address, manifest in manifests.items()]
    held = [partial(comparison.blob, address, size) for address, size in blobs.items()]
    session.each(lambda compare: compare(), [*named, *held])


def read_back_tags(session: Session, images: Iterable[ImageProgress], tags: Iterable[TagStep]) -> None:
    """Compare the images' tags, and look for what was made and attached to them. Raises OperationError.

    The later the tags are looked at, the surer another run that writes them at the same time is seen.
    """
    comparison = _Comparison(session)
    made = [
        (image.plan.source.request.destination(digest), digest)
        for image in images
        for digest in (image.attestation if image.plan.attest else "", image.signature if image.signed else "")
        if digest
    ]
    looks = [partial(comparison.name, address, digest) for address, digest in made]
    looks += [partial(comparison.tag, step.address, step.manifest) for step in tags]
    session.each(lambda compare: compare(), looks)


class _Comparison:
    """Compares piece by piece, each with patience."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.registry = session.ports.destination

    def tag(self, address: Address, manifest: Manifest) -> None:
        """The tag names *manifest*."""
        patiently(
            self.session,
            lambda: self.registry.read_manifest(address),
            lambda raw: raw is not None and raw.digest == manifest.digest,
            otherwise=lambda raw: self._moved(address, manifest, raw.digest if raw else ""),
        )

    def _moved(self, address: Address, manifest: Manifest, seen: str) -> OperationError:
        return self._differs(
            address.repository,
            f"tag {address.reference} names {seen or 'nothing'}, where {manifest.digest} was written. Another run "
            "may have moved it at the same time",
            seen=seen,
            expected=manifest.digest,
        )

    def manifest(self, address: Address, manifest: Manifest) -> None:
        """The manifest is there, with the same bytes; it is sent once more when it is not."""
        try:
            self._same(address, manifest)
        except OperationError:
            write_manifest(self.session, address, manifest)
            self._same(address, manifest)

    def _same(self, address: Address, manifest: Manifest) -> None:
        patiently(
            self.session,
            lambda: self.registry.read_manifest(address),
            lambda raw: raw is not None and raw.content == manifest.raw.content,
            otherwise=lambda _raw: self._differs(
                address.repository,
                f"manifest {manifest.digest} is not there, or has other bytes, and was sent twice. Some registries "
                "keep a broken manifest under its digest whatever is sent: have it deleted there",
            ),
        )

    def name(self, address: Address, digest: str) -> None:
        """A manifest of that digest is there."""
        patiently(
            self.session,
            lambda: self.registry.find_manifest(address),
            lambda seen: seen == digest,
            otherwise=lambda _seen: self._differs(address.repository, f"manifest {digest} is not there"),
        )

    def blob(self, blob: Address, size: int) -> None:
        """The blob is there in its whole length."""
        patiently(
            self.session,
            lambda: self.registry.has_blob(blob, size=size),
            bool,
            otherwise=lambda _there: self._differs(
                blob.repository,
                f"blob {blob.reference} is not there with its {size} bytes. Some registries keep a broken blob under "
                "its digest whatever is sent: have it deleted there",
            ),
        )

    def _differs(self, repository: str, found: str, **details: str) -> OperationError:
        return OperationError(
            f"What was promoted to {self.registry.host}/{repository} was read back and is not what was written: "
            f"{found}. Do not deploy it. Look who else writes there, then run again.",
            **details,
        )
