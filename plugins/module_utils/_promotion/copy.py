# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copying blobs: those of all images at once, the largest first, so that the end is short."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .report import progress_line

if TYPE_CHECKING:
    from .session import Session
    from .values import BlobStep, PromotionPlan


@dataclass(slots=True)
class Copied:
    """What was copied for one image."""

    blobs: int = 0
    mounted: int = 0
    sent: int = 0
    resumed: int = 0


class BlobCopy:
    """The blobs of a plan, and how far copying them is."""

    def __init__(self, session: Session, planned: PromotionPlan) -> None:
        self.session = session
        self.copied = [Copied() for _image in planned.images]
        self.steps = [(number, step) for number, image in enumerate(planned.images) for step in image.blobs]
        self.done = 0
        self._total_bytes = sum(image.bytes_to_copy for image in planned.images)
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

    def _copy(self, number: int, step: BlobStep) -> None:
        copied = self.copied[number]
        registry = self.session.ports.destination
        if step.mount_from and registry.mount_blob(step.address, from_repository=step.mount_from):
            with self._lock:
                copied.mounted += 1
                self.done += 1
            return
        transferred = self.session.ports.transfer.copy_blob(
            step.source_repository, step.descriptor, step.destination_repository, self._count
        )
        with self._lock:
            copied.blobs += 1
            copied.sent += transferred.bytes_sent
            copied.resumed += transferred.resumed_at
            self.done += 1

    def _count(self, sent: int) -> None:
        """Called while a blob is on its way, so that this is where one can be given up."""
        self.session.check()
        with self._lock:
            self._bytes += sent

    def _say(self) -> None:
        seconds = self.session.ports.clock.monotonic() - self._began
        sent = (min(self._bytes, self._total_bytes), self._total_bytes)
        self.session.ports.progress.say(progress_line(blobs=(self.done, len(self.steps)), sent=sent, seconds=seconds))
