# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads back what was written, and compares: tags by digest, manifests byte for byte, blobs by their being there.

Tags of attachments are shared with others: `shared_tags` sees to them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._errors import OperationError
from .patience import patiently

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._oci.model import Manifest
    from .._oci.names import Address
    from .session import Session
    from .values import ManifestStep, TagStep
    from .write import ManifestWriter


def read_back(session: Session, blobs: Iterable[Address], writer: ManifestWriter, tags: Iterable[TagStep]) -> None:
    """Compare *blobs*, what *writer* wrote, and the images' *tags*. Raises OperationError for what is not the same."""
    comparison = _Comparison(session)
    manifests = [partial(comparison.manifest, step) for step in writer.written]
    found = [partial(comparison.blob, blob) for blob in dict.fromkeys(blobs)]
    session.each(lambda compare: compare(), [*manifests, *found])
    # The later the tags are looked at, the surer another run that writes them at the same time is seen.
    session.each(lambda step: comparison.tag(step.address, step.manifest), list(tags))


class _Comparison:
    """Compares one piece after another, each with patience."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.registry = session.ports.destination

    def tag(self, address: Address, manifest: Manifest) -> None:
        """The tag names *manifest*."""
        patiently(
            self.session,
            lambda: self.registry.find_manifest(address),
            lambda seen: seen == manifest.digest,
            otherwise=lambda seen: self._differs(
                address.repository,
                f"tag {address.reference} names {seen or 'nothing'}, where {manifest.digest} was written. Another run "
                "may have moved it at the same time",
                seen=seen or "",
                expected=manifest.digest,
            ),
        )

    def manifest(self, step: ManifestStep) -> None:
        """The manifest is there, with the same bytes."""
        patiently(
            self.session,
            lambda: self.registry.read_manifest(step.address),
            lambda raw: raw is not None and raw.content == step.manifest.raw.content,
            otherwise=lambda _raw: self._differs(
                step.destination_repository, f"manifest {step.manifest.digest} is not there, or has other bytes"
            ),
        )

    def blob(self, blob: Address) -> None:
        """The blob is there."""
        patiently(
            self.session,
            lambda: self.registry.has_blob(blob),
            bool,
            otherwise=lambda _there: self._differs(blob.repository, f"blob {blob.reference} is not there"),
        )

    def _differs(self, repository: str, found: str, **details: str) -> OperationError:
        return OperationError(
            f"What was promoted to {self.registry.host}/{repository} was read back and is not what was written: "
            f"{found}. Do not deploy it. Look who else writes there, then run again.",
            **details,
        )
