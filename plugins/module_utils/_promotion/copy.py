# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copying blobs: those of all images at once, the largest first, so that the end is short."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .._errors import OperationError
from .._oci.names import Address
from .report import progress_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .progress import ImageProgress
    from .session import Session
    from .values import BlobStep, PromotionPlan


_NAMED = 5


def check_source(session: Session, planned: PromotionPlan) -> None:
    """Raise OperationError unless the source holds each blob that is to be copied, in its whole length.

    This is for check mode: whatever copies a blob sees for itself that the source lacks it.
    """
    source = session.ports.source
    steps = {
        (Address(step.source_repository, step.descriptor.digest), step.descriptor.size)
        for image in planned.images
        for step in image.blobs
        if not step.mount_from
    }
    asked = sorted(steps, key=str)
    found = session.each(lambda step: source.has_blob(step[0], size=step[1]), asked)
    lacking = [f"{source.host}/{blob}" for (blob, _size), there in zip(asked, found, strict=True) if not there]
    if lacking:
        named = ", ".join(lacking[:_NAMED]) + (f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else "")
        raise OperationError(
            f"The promotion would fail: neither side holds {named}. Nothing was changed. Push the image to the source "
            "again, then run again.",
            missing=lacking,
        )


class BlobCopy:
    """The blobs to copy, and how far copying them is."""

    def __init__(self, session: Session, images: Sequence[ImageProgress]) -> None:
        self.session = session
        self.steps = [(image, step) for image in images for step in image.plan.blobs]
        self.done = 0
        self._total_bytes = sum(image.plan.bytes_to_copy for image in images)
        self._bytes = 0
        self._lock = threading.Lock()
        self._began = session.ports.clock.monotonic()

    def run(self) -> None:
        """Copy them all. The first failure stops the rest."""
        if not self.steps:
            return
        self._began = self.session.ports.clock.monotonic()
        ordered = sorted(self.steps, key=lambda item: item[1].descriptor.size, reverse=True)
        self.session.each(lambda item: self._copy(*item), ordered, tick=self._say)

    def _copy(self, image: ImageProgress, step: BlobStep) -> None:
        if step.mount_from and self._mount(step):
            with self._lock:
                image.mounted += 1
                self.done += 1
            return
        transferred = self.session.ports.transfer.copy_blob(
            step.source_repository, step.descriptor, step.destination_repository, self._count
        )
        with self._lock:
            image.copied += 1
            image.bytes_sent += transferred.bytes_sent
            image.bytes_resumed += transferred.resumed_at
            self.done += 1

    def _mount(self, step: BlobStep) -> bool:
        """Whether it is there by mounting: a registry that says so may be wrong."""
        registry = self.session.ports.destination
        mounted = registry.mount_blob(step.address, from_repository=step.mount_from)
        return mounted and registry.has_blob(step.address, size=step.descriptor.size)

    def _count(self, sent: int) -> None:
        """Called while a blob is on its way, so that this is where it can be given up."""
        self.session.check()
        with self._lock:
            self._bytes += sent

    def _say(self) -> None:
        seconds = self.session.ports.clock.monotonic() - self._began
        sent = (min(self._bytes, self._total_bytes), self._total_bytes)
        self.session.ports.progress.say(progress_line(blobs=(self.done, len(self.steps)), sent=sent, seconds=seconds))
