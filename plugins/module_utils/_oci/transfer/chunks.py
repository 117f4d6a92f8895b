# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copying a blob in one piece, or in chunks, so that an interruption costs a chunk at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._errors import CredentialsError, FastbreakError, OperationError, UnavailableError
from ..model import Transferred
from ..remote.answers import read_refusal
from ..remote.uploads import Session
from ..remote.wire import BrokenConnectionError
from .chunk_size import half
from .job import BusyError, CopyJob, LostUploadError, TooLargeError

if TYPE_CHECKING:
    from ..remote.wire import Response
    from .chunk_size import ChunkSize
    from .state import Claim

#: A 400 with one of these codes is not for the number of bytes.
_OTHER_REASONS = frozenset({"DIGEST_INVALID", "NAME_INVALID"})


class SingleCopy:
    """A blob of at most one chunk."""

    def __init__(self, job: CopyJob, size: ChunkSize) -> None:
        self._job, self._size = job, size

    def run(self) -> Transferred:
        """Copy it. Raises `TooLargeError` when it has to go in chunks."""
        try:
            self._until_done()
        finally:
            self._job.source.close()
        return Transferred(self._job.bytes_sent)

    def _until_done(self) -> None:
        while True:
            try:
                self._attempt()
            except (BrokenConnectionError, BusyError) as error:
                self._job.failed(error)
            except LostUploadError as error:
                self._job.restarted(error)
            else:
                self._size.took(self._job.descriptor.size)
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
            job.cancel(session)
            raise
        except BaseException:
            call.abandon()
            raise
        try:
            _expect(job, call.response(), self._size, job.descriptor.size, 200, 201, 204).finish()
        except TooLargeError:
            job.cancel(session)
            raise


class ChunkedCopy:
    """A blob of more than one chunk. What was sent and taken is what counts; the digest at the commit decides."""

    def __init__(self, job: CopyJob, claim: Claim, size: ChunkSize, chunk_bytes: int = 0) -> None:
        self._job, self._claim, self._size, self._chunk_bytes = job, claim, size, chunk_bytes or size.bytes
        self._session: Session | None = None
        self._resumed_at = self._sent_to = 0
        self._refused_at = -1
        self._tells = True

    def run(self) -> Transferred:
        """Copy it."""
        self._take_up()
        self._until_done()
        return Transferred(self._job.bytes_sent, self._resumed_at)

    def _take_up(self) -> None:
        """Go on with the upload of an earlier run, if the registry still knows it."""
        saved = self._claim.read()
        if saved is None:
            return
        found = None
        # Only this registry's own uploads: the file is not asked where to send an image.
        if self._job.destination.owns(saved.url):
            found = self._found(Session(saved.url, saved.offset))
        if found is None or not 0 < found.offset <= self._job.descriptor.size:
            self._claim.drop()
            return
        self._session, self._resumed_at, self._sent_to = found, found.offset, found.offset
        self._job.tell(found.offset)

    def _until_done(self) -> None:
        while True:
            try:
                self._send_rest()
                self._commit()
            except (BrokenConnectionError, BusyError) as error:
                self._job.failed(error)
                self._look()
            except TooLargeError as error:
                self._halve(error)
            except LostUploadError as error:
                if self._has_arrived():
                    return
                self._job.restarted(error)
                self._begin_again()
            except FastbreakError:
                self._give_up()
                raise
            else:
                return

    def _send_rest(self) -> None:
        job = self._job
        if self._session is None:
            job.source.begin()
            # The source answers while this request is under way.
            self._session = job.uploads.begun(job.expect(job.uploads.begin().response(), 202))
        if job.source.position != self._session.offset:
            job.source.begin(self._session.offset)
        while self._session.offset < job.descriptor.size:
            self._session = self._send_chunk(self._session)
            self._claim.save(self._session.url, self._session.offset)
            job.progressed(self._session.offset)

    def _send_chunk(self, session: Session) -> Session:
        job = self._job
        length = min(max(self._chunk_bytes, session.minimum_chunk_bytes), job.descriptor.size - session.offset)
        self._sent_to = max(self._sent_to, session.offset + length)
        call = job.uploads.send(session, length)
        try:
            complete = job.stream(call, length)
        except BaseException:
            call.abandon()
            raise
        response = call.response()
        if response.status == 416:
            response.finish()
            self._refused_at = session.offset
            raise BrokenConnectionError("it expects other bytes next")
        sent = job.uploads.sent(session, _expect(job, response, self._size, length, 202, 201, 204), length)
        if not complete:
            raise BrokenConnectionError("it answered before it had all that was announced")
        self._size.took(length)
        return sent

    def _commit(self) -> None:
        job = self._job
        job.check_digest()
        if self._session is not None:
            job.expect(job.uploads.commit(job.attempted, self._session, job.descriptor.digest), 201, 200, 204).finish()
        self._size.limit(self._chunk_bytes)

    def _look(self) -> None:
        """Ask the registry how far the upload got; what it has forgotten, or tells wrong, begins again."""
        if self._session is None:
            return
        found = self._found(self._session)
        if found is None or found.offset > self._sent_to or found.offset == self._refused_at:
            self._forget()
        else:
            self._session = found

    def _found(self, session: Session) -> Session | None:
        """How far the registry says that an upload is. Where it cannot say, as far as it had taken bytes before.

        If it has others, it refuses the next ones, or the digest at the commit tells. It is then not asked again.
        """
        if not self._tells:
            return session
        try:
            return self._job.uploads.find(self._job.attempted, session)
        except CredentialsError:
            raise
        except (OperationError, UnavailableError):
            self._tells = False
            return session

    def _halve(self, error: TooLargeError) -> None:
        """Go on with smaller chunks; in another upload when this one has nothing yet."""
        self._chunk_bytes = half(min(self._chunk_bytes, self._job.descriptor.size))
        if not self._chunk_bytes:
            self._give_up()
            raise self._job.too_large(error)
        if self._session is not None and self._session.offset > 0:
            self._look()
        else:
            self._give_up()
            self._forget()

    def _begin_again(self) -> None:
        """After bytes were lost. A registry that acknowledged other bytes than were sent gets all in one request."""
        if self._session is not None and self._session.doubtful:
            self._chunk_bytes = self._job.descriptor.size
        self._forget()

    def _has_arrived(self) -> bool:
        """Whether a commit whose answer was lost had been carried out."""
        complete = self._session is not None and self._session.offset == self._job.descriptor.size
        return complete and self._job.has_arrived()

    def _forget(self) -> None:
        self._session, self._resumed_at, self._sent_to, self._refused_at = None, 0, 0, -1
        self._claim.drop()

    def _give_up(self) -> None:
        """The blob cannot be copied now. An upload that got somewhere waits to be taken up, unless by wrong bytes."""
        if self._session is None or (self._session.offset > 0 and self._job.source.matches() is not False):
            return
        self._claim.drop()
        self._job.cancel(self._session)


def _expect(job: CopyJob, response: Response, size: ChunkSize, sent: int, *statuses: int) -> Response:
    """*response*, if its status is one of these. A 400 to more bytes than were ever taken is for their number."""
    if response.status == 400 and size.may_be_too_large(sent) and not read_refusal(response).codes & _OTHER_REASONS:
        raise TooLargeError(response)
    return job.expect(response, *statuses)
