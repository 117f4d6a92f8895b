# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing manifests and attachments: each after all that it names and refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError
from .._oci.names import Address
from .._oci.parse import parse_manifest
from .attachment_tags import fallback_tag, without
from .patience import write_manifest
from .values import AttachmentsMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .._oci.model import RawManifest
    from .session import Session
    from .values import ManifestStep, PromotionPlan, TagStep

#: Refusals of an attachment that one can go on without, if asked to.
_REFUSALS = frozenset({"unsupported", "missing", "immutable"})


class Writing:
    """The manifests of a plan, and how far writing them is. ``tags`` are the attachments' tags as they were written."""

    def __init__(self, session: Session, planned: PromotionPlan) -> None:
        self.session = session
        self.planned = planned
        self.written: list[ManifestStep] = []
        self.tags: dict[Address, RawManifest] = {}
        self.refused: set[Address] = set()
        self.listed: set[Address] = set()
        self.warnings: dict[int, list[str]] = {number: [] for number, _image in enumerate(planned.images)}

    @property
    def total(self) -> int:
        """How many manifests there are to write."""
        return sum(len(image.manifests) + len(image.referrers) for image in self.planned.images)

    def manifests(self) -> None:
        """The images' own, by digest."""
        self._in_order((image.manifests for image in self.planned.images), self._write)

    def referrers(self) -> None:
        """What belongs to them, by digest."""
        self._in_order((image.referrers for image in self.planned.images), self._write_referrer)

    def _in_order(self, steps: Iterable[tuple[ManifestStep, ...]], write: Callable[[int, ManifestStep], None]) -> None:
        """Level by level: a manifest's level is one above all that it names or refers to."""
        levels: list[list[tuple[int, ManifestStep]]] = []
        level_of: dict[Address, int] = {}
        for number, some in enumerate(steps):
            for step in some:
                repository = step.destination_repository
                named = parse_manifest(step.manifest)
                below = [*(one.digest for one in named.children), named.subject.digest if named.subject else ""]
                level = 1 + max(level_of.get(Address(repository, digest), -1) for digest in below)
                level_of[step.address] = level
                if level == len(levels):
                    levels.append([])
                levels[level].append((number, step))
        for one in levels:
            self.session.each(lambda item: write(*item), one)

    def _write(self, _number: int, step: ManifestStep) -> None:
        if write_manifest(self.session, step.address, step.manifest):
            self.listed.add(step.address)
        self.written.append(step)

    def _write_referrer(self, number: int, step: ManifestStep) -> None:
        what = f"{step.role} {step.manifest.digest}"
        if not self.lenient(number, what, lambda: self._write(number, step)):
            self.refused.add(step.address)

    def lenient(self, number: int, what: str, write: Callable[[], None]) -> bool:
        """*write* an attachment; one that the destination refuses fails the run or is warned of. False: it was."""
        try:
            write()
        except OperationError as error:
            refusal = error.details.get("refusal")
            if self.session.request.attachments is not AttachmentsMode.WARN or refusal not in _REFUSALS:
                raise
            self.warnings[number].append(f"the destination refused {what} and is without it: {error.message}")
            return False
        return True

    def attachment_tags(self) -> None:
        """The attachments' tags, save the index that an attestation is to be added to: it is written once, with that."""
        steps: dict[Address, tuple[int, TagStep]] = {}
        for number, image in enumerate(self.planned.images):
            for step in image.attachment_tags:
                if not (image.attest and step.tag == fallback_tag(image.source.digest)):
                    steps[step.address] = (number, step)
        self.session.each(lambda item: self._write_tag(*item), steps.values())

    def _write_tag(self, number: int, step: TagStep) -> None:
        manifest = self.remaining(step)
        if manifest is None:
            return

        def write() -> None:
            write_manifest(self.session, step.address, manifest)
            self.tags[step.address] = manifest

        self.lenient(number, f"tag {step.tag}", write)

    def remaining(self, step: TagStep) -> RawManifest | None:
        """What to write under an attachment's tag now that some may be refused or listed by the registry itself."""
        repository = step.destination_repository
        left_out = {one.reference for one in self.refused | self.listed if one.repository == repository}
        index = parse_manifest(step.manifest)
        if not index.is_index or not left_out & {one.digest for one in index.children}:
            return step.manifest
        if all(one.digest in left_out for one in index.children):
            return None
        return without(step.manifest, {one.reference for one in self.refused if one.repository == repository})
