# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of a promotion: the tags, which name nothing that is not complete, and reading everything back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._errors import OperationError, RefusedError
from .._oci.names import Address
from .._oci.parse import parse_manifest
from .patience import comes_true, write_manifest
from .plan import moved_tag

if TYPE_CHECKING:
    from .._oci.model import RawManifest
    from .session import Session
    from .values import ImagePlan, ManifestStep, TagStep
    from .write import Writing


class Finish:
    """Writes the images' tags, and compares what the destination then holds. ``tagged`` are the tags it wrote."""

    def __init__(self, session: Session, writing: Writing) -> None:
        self.session = session
        self.writing = writing
        self.planned = writing.planned
        self.tagged: list[TagStep] = []

    def tags(self) -> None:
        """Write them, unless a source's tag was moved since it was read."""
        images = [image for image in self.planned.images if image.tag]
        self.session.each(self._check_source, images)
        self.session.each(self._write, [image.tag for image in images if image.tag])

    def _check_source(self, image: ImagePlan) -> None:
        request, source = image.source.request, self.session.ports.source
        if not request.tag:
            return
        planned = image.source.rewritten_from or image.source.digest
        seen = source.find_manifest(Address(request.repository, request.tag))
        if seen != planned:
            raise OperationError(
                f"Promoting {source.host}/{request.repository}:{request.tag} was stopped before its tag was written: "
                f"the source's tag named {planned} when it was read and names {seen or 'nothing'} now. Find out who "
                "moved it, then run again, or promote the digest that is meant.",
                planned=planned,
                seen=seen or "",
            )

    def _write(self, step: TagStep) -> None:
        """Another run may write the same tag at the same time: the same digest is what was wanted, another is not."""
        if not self._is_there(step):
            try:
                write_manifest(self.session, step.address, step.manifest)
            except OperationError as error:
                if error.details.get("refusal") != "immutable" or not self._is_there(step):
                    raise
        self.tagged.append(step)

    def _is_there(self, step: TagStep) -> bool:
        there = self.session.ports.destination.find_manifest(step.address)
        if there is not None and there != step.manifest.digest:
            text = moved_tag(step.destination_repository, step.tag, there=there, wanted=step.manifest.digest)
            raise RefusedError(f"{text} It was not there when this run began.", seen=there)
        return there is not None

    def read_back(self) -> None:
        """Compare tags by digest, manifests byte for byte, and blobs by their being there."""
        blobs = dict.fromkeys(step.address for image in self.planned.images for step in image.blobs)
        manifests = [partial(self._compare_manifest, step) for step in self.writing.written]
        found = [partial(self._compare_blob, blob) for blob in blobs]
        self.session.each(lambda compare: compare(), [*manifests, *found])
        # The later the tags are looked at, the surer another run that writes them at the same time is seen.
        tags = [
            partial(self._compare_tag, address, manifest, may_grow=True)
            for address, manifest in self.writing.tags.items()
        ]
        tags += [partial(self._compare_tag, one.address, one.manifest) for one in self.tagged]
        self.session.each(lambda compare: compare(), tags)

    def _compare_tag(self, address: Address, manifest: RawManifest, *, may_grow: bool = False) -> None:
        """The tag names *manifest*, or, if it *may_grow*, an index that another run has added to meanwhile."""
        seen: list[str | None] = []

        def names_it() -> bool:
            seen.append(self.session.ports.destination.find_manifest(address))
            return seen[-1] == manifest.digest or (may_grow and self._still_lists(address, manifest))

        if not comes_true(self.session, names_it):
            raise self._differs(
                address.repository,
                f"tag {address.reference} names {seen[-1] or 'nothing'}, where {manifest.digest} was written. "
                "Another run may have moved it at the same time",
                seen=seen[-1] or "",
                expected=manifest.digest,
            )

    def _still_lists(self, address: Address, manifest: RawManifest) -> bool:
        wanted = {one.digest for one in parse_manifest(manifest).children}
        held = self.session.read(self.session.ports.destination, address) if wanted else None
        return held is not None and wanted <= {one.digest for one in held.children}

    def _compare_manifest(self, step: ManifestStep) -> None:
        registry = self.session.ports.destination

        def is_as_written() -> bool:
            raw = registry.read_manifest(step.address)
            return raw is not None and raw.content == step.manifest.content

        if not comes_true(self.session, is_as_written):
            raise self._differs(
                step.destination_repository, f"manifest {step.manifest.digest} is not there, or has other bytes"
            )

    def _compare_blob(self, blob: Address) -> None:
        registry = self.session.ports.destination
        if not comes_true(self.session, lambda: registry.has_blob(blob)):
            raise self._differs(blob.repository, f"blob {blob.reference} is not there")

    def _differs(self, repository: str, found: str, **details: str) -> OperationError:
        return OperationError(
            f"What was promoted to {self.session.ports.destination.host}/{repository} was read back and is not what "
            f"was written: {found}. Do not deploy it. Look who else writes there, then run again.",
            **details,
        )
