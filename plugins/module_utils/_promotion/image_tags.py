# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the images' tags, which come last: whatever they name is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import OperationError, RefusedError
from .._oci.names import Address
from .patience import write_manifest
from .plan import moved_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .progress import ImageProgress
    from .session import Session
    from .values import SourceImage, TagStep


class ImageTags:
    """The tags of all images; ``written`` are those that are there now."""

    def __init__(self, session: Session, images: Sequence[ImageProgress]) -> None:
        self.session = session
        self.planned = [(image.plan.source, image.plan.tag) for image in images if image.plan.tag]
        self.written: list[TagStep] = []

    def write(self) -> None:
        """Write them, unless a source's tag was moved since it was read."""
        self.session.each(self._check_source, [source for source, _tag in self.planned])
        self.session.each(self._write, [tag for _source, tag in self.planned])

    def _check_source(self, image: SourceImage) -> None:
        request, source = image.request, self.session.ports.source
        if not request.tag:
            return
        planned = image.rewritten_from or image.digest
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
        self.written.append(step)

    def _is_there(self, step: TagStep) -> bool:
        """Whether the tag names the image. Raises RefusedError when it names another."""
        there = self.session.ports.destination.find_manifest(step.address)
        if there is not None and there != step.manifest.digest:
            text = moved_tag(step.address, there=there, wanted=step.manifest.digest)
            raise RefusedError(f"{text} It was not there when this run began.", seen=there)
        return there is not None
