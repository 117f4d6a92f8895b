# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copying a blob in one piece: one POST, one PUT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import FastbreakError
from ..remote.wire import BrokenConnectionError
from .copy import BusyError, Copied, LostUploadError

if TYPE_CHECKING:
    from .copy import CopyJob
    from .uploads import Session


class SingleCopy:
    """A blob of at most one chunk."""

    def __init__(self, job: CopyJob) -> None:
        self._job = job

    def run(self) -> Copied:
        """Copy it."""
        try:
            self._until_done()
        finally:
            self._job.source.close()
        return Copied(self._job.bytes_sent)

    def _until_done(self) -> None:
        while True:
            try:
                self._attempt()
            except (BrokenConnectionError, BusyError) as error:
                self._job.failed(error)
            except LostUploadError as error:
                self._job.restarted(error)
            else:
                return
            if self._job.has_arrived():
                self._job.tell(self._job.descriptor.size)
                return

    def _attempt(self) -> None:
        job = self._job
        job.source.begin()
        # The source answers while this request is under way.
        session = job.uploads.begun(job.expect(job.uploads.begin().response(), 202))
        call = job.uploads.finish(session, job.descriptor.digest, job.descriptor.size)
        try:
            job.stream(call, job.descriptor.size)
        except FastbreakError:
            call.abandon()
            self._cancel(session)
            raise
        except BaseException:
            call.abandon()
            raise
        job.expect(call.response(), 200, 201, 204).finish()

    def _cancel(self, session: Session) -> None:
        """Leave no upload behind that nobody will end; why there is one is the news, not how this goes."""
        try:
            self._job.uploads.cancel(self._job.attempted, session)
        except FastbreakError:
            return
