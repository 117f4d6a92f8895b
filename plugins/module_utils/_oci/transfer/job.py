# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One blob on its way: what is the same whether it goes in one piece, in chunks or in parts."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..._common.amount import amount
from ..._errors import CredentialsError, FastbreakError, OperationError, UnavailableError
from ..remote.answers import BUSY, asked_seconds, read_refusal, refused, unavailable
from ..remote.uploads import Uploads
from ..remote.wire import BrokenConnectionError, Request, Response
from .source import BlobSource, wrong_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..model import Descriptor
    from ..remote.http import Call, RegistryHttp
    from ..remote.uploads import Session
    from .state import Claim, UploadStates

#: Answers to bytes of an upload after which the blob begins again: it is forgotten, or in disorder.
_LOST = frozenset({400, 404, 409, 410})
_RESTARTS = 3
#: How many times its size a blob is sent at most, whatever the registry says of what it has.
_MOST_SENDS = 9


class LostUploadError(Exception):
    """The registry does not know the upload any more, or not as it should be."""

    def __init__(self, response: Response) -> None:
        self.refusal = read_refusal(response)
        super().__init__(str(self.refusal))


class TooLargeError(Exception):
    """The registry does not take as many bytes in one request."""

    def __init__(self, response: Response) -> None:
        self.refusal = read_refusal(response)
        super().__init__(str(self.refusal))


class BusyError(Exception):
    """The registry cannot now."""

    def __init__(self, response: Response) -> None:
        self.asked_seconds = asked_seconds(response)
        super().__init__(f"it answered {read_refusal(response)}")


class CopyJob:
    """One blob to copy: where from and where to, how far it is, and how many failures there were."""

    def __init__(  # noqa: PLR0913, PLR0917 (made in one place)
        self,
        source: RegistryHttp,
        destination: RegistryHttp,
        source_repository: str,
        destination_repository: str,
        descriptor: Descriptor,
        on_bytes: Callable[[int], None],
        buffer: memoryview,
    ) -> None:
        self.destination, self.repository, self.descriptor = destination, destination_repository, descriptor
        self.source = BlobSource(source, source_repository, descriptor)
        self.uploads = Uploads(destination, destination_repository)
        self.buffer = buffer
        self.attempted = f"copy the blob {descriptor.digest} to {destination.host}/{destination_repository}"
        self.bytes_sent = 0
        self._on_bytes, self._told = on_bytes, 0
        self._failures = self._restarts = self._furthest = 0

    @contextmanager
    def claimed(self, states: UploadStates) -> Iterator[Claim]:
        """What is kept of the upload while it goes on: left to the next run when it fails, dropped when it is done."""
        size = self.descriptor.size
        claim = states.claim(str(self.destination.origin), self.repository, self.descriptor.digest, size)
        try:
            yield claim
            claim.drop()
        finally:
            self.source.close()
            claim.release()

    def stream(self, call: Call, length: int) -> bool:
        """Send the source's next *length* bytes. False when the destination answered before it had them all."""
        left = length
        while left > 0:
            count = self.source.readinto(self.buffer[:left])
            left -= count
            if self.source.position == self.descriptor.size:
                # Before the last piece leaves: without it nothing can be committed.
                self.check_digest()
            if not call.send(self.buffer[:count]):
                return False
            self.count(count)
            self.tell(self.source.position)
        return True

    def count(self, sent: int) -> None:
        """Count bytes that were sent; raises when the blob was sent so often that it will never be taken."""
        self.bytes_sent += sent
        if self.bytes_sent > _MOST_SENDS * self.descriptor.size:
            raise OperationError(
                f"Tried to {self.attempted}, but after {self.bytes_sent} bytes were sent the registry still says that "
                f"bytes of the {self.descriptor.size} are missing. Nothing was committed. Check the registry."
            )

    def tell(self, position: int) -> None:
        """Report bytes that arrived; what is sent a second time is not reported again."""
        if position > self._told:
            self._on_bytes(position - self._told)
            self._told = position

    def check_digest(self) -> None:
        """Raise when the source's bytes were seen and are others than they should be."""
        if self.source.matches() is False:
            raise wrong_bytes(self.attempted, self.source.host, f"their digest is not {self.descriptor.digest}")

    def expect(self, response: Response, *statuses: int) -> Response:
        """*response*, if its status is one of these; else the error that says what is to be done."""
        if response.status in statuses:
            return response
        if response.status in BUSY:
            raise BusyError(response)
        self.destination.permitted(self.attempted, response)
        if response.status == 413:
            raise TooLargeError(response)
        if response.status in _LOST:
            raise LostUploadError(response)
        raise refused(self.attempted, self.destination.host, read_refusal(response))

    def progressed(self, offset: int) -> None:
        """Bytes up to *offset* were taken. Further than ever before, that lets failures be counted again."""
        if offset > self._furthest:
            self._furthest, self._failures = offset, 0

    def failed(self, error: BrokenConnectionError | BusyError) -> None:
        """Wait before another attempt; raises when there were too many without progress."""
        self._failures += 1
        final = isinstance(error, BrokenConnectionError) and error.final
        if final or self.destination.retrier.is_last(self._failures):
            raise unavailable(
                self.attempted, self.destination.host, f"{error}, to the end of {amount(self._failures, 'attempt')}"
            )
        asked = error.asked_seconds if isinstance(error, BusyError) else None
        self.destination.retrier.wait(self._failures, asked)

    def too_large(self, error: TooLargeError) -> FastbreakError:
        """Our error for a registry that does not even take the smallest chunk."""
        return refused(self.attempted, self.destination.host, error.refusal)

    def restarted(self, error: LostUploadError) -> None:
        """Count that the blob begins again; raises when it did too often."""
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise refused(self.attempted, self.destination.host, error.refusal)
        self.destination.retrier.wait(self._restarts)

    def cancel(self, session: Session) -> None:
        """Leave no upload behind that nobody will end. That it fails is no news beside why it is cancelled."""
        with suppress(FastbreakError):
            self.uploads.cancel(self.attempted, session)

    def has_arrived(self) -> bool:
        """Whether the destination has the blob: a commit whose answer was lost."""
        digest = self.descriptor.digest
        url = self.destination.url(f"/v2/{self.repository}/blobs/{digest}")
        try:
            response = self.destination.answer(self.attempted, Request("HEAD", url), self.repository)
        except CredentialsError:
            raise
        except (OperationError, UnavailableError):
            # Who does not say has it sent again, as often as any other failure allows.
            return False
        response.finish()
        return response.status == 200 and response.header("Content-Length") in {"", str(self.descriptor.size)}
