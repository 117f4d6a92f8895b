# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A blob as it streams from its registry: hashed on the way, and taken up again where a connection broke."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from ..._errors import OperationError
from ..names import check_digest, check_repository, hash_for
from ..remote.answers import BUSY, asked_seconds, clean, read_refusal, refused, unavailable
from ..remote.wire import BrokenConnectionError, Request, Response

if TYPE_CHECKING:
    from ..model import Descriptor
    from ..remote.http import Call, RegistryHttp

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
#: A connection that brought this much was worth it: the count of failures begins again.
_PROGRESS_BYTES = 1 << 20


class Digester:
    """Hashes a blob's bytes once each, from the first on, however often a stretch of them passes."""

    def __init__(self, digest: str) -> None:
        self._digest, self._hash = digest, hash_for(digest)
        self._next = 0

    def take(self, position: int, view: memoryview) -> None:
        """Bytes that begin at *position*. A stretch behind a gap is left out."""
        known = self._next - position
        if 0 <= known < len(view):
            self._hash.update(view[known:])
            self._next = position + len(view)

    def matches(self, size: int) -> bool | None:
        """Whether all bytes have the digest; None when not all were seen."""
        if self._next != size:
            return None
        return hmac.compare_digest(self._hash.hexdigest(), self._digest.partition(":")[2])


class BlobSource:
    """Reads one blob, from any offset on."""

    def __init__(self, http: RegistryHttp, repository: str, descriptor: Descriptor) -> None:
        self._http, self._descriptor, self._repository = http, descriptor, check_repository(repository)
        self._url = http.url(f"/v2/{repository}/blobs/{check_digest(descriptor.digest)}")
        self._attempted = f"read the blob {http.host}/{repository}@{descriptor.digest}"
        self._digester = Digester(descriptor.digest)
        self._call: Call | None = None
        self._response: Response | None = None
        self._failures, self._good_from = 0, 0
        self._coding, self._ranges = "", True
        self.host, self.position = http.host, 0

    def begin(self, offset: int = 0) -> None:
        """Ask for the bytes from *offset* on, without waiting for the answer. Failures show when it is read."""
        self.close()
        self.position = offset
        if offset == 0:
            self._digester = Digester(self._descriptor.digest)
        if offset == self._descriptor.size:
            return
        try:
            self._call = self._ask()
        except BrokenConnectionError as error:
            self._failed(error)

    def readinto(self, view: memoryview) -> int:
        """Fill *view* with the next bytes, as far as the blob goes. Raises when they cannot be had, or are too many."""
        while True:
            try:
                response = self._response or self._open()
                count = _some(response, view[: self._descriptor.size - self.position])
            except BrokenConnectionError as error:
                self._failed(error)
                continue
            self._digester.take(self.position, view[:count])
            self.position += count
            if self.position == self._descriptor.size:
                self._end(response)
            return count

    def matches(self) -> bool | None:
        """Whether the bytes have the digest; None when this run did not see all of them."""
        return self._digester.matches(self._descriptor.size)

    def close(self) -> None:
        """Let go of the connection."""
        if self._response:
            self._response.abandon()
        elif self._call:
            self._call.abandon()
        self._call = self._response = None

    def _ask(self) -> Call:
        """Ask for the bytes from our position on, or for all where ranges cannot be used."""
        headers = {"Range": f"bytes={self.position}-"} if self.position and self._ranges else {}
        return self._http.begin(Request("GET", self._url, headers), self._repository)

    def _open(self) -> Response:
        if self._call is None:
            self._call = self._ask()
        response, self._call = self._call.response(), None
        if response.status in BUSY:
            self._failed(None, response)
            return self._open()
        self._http.permitted(self._attempted, response)
        if self._wants_all(response):
            response.abandon()
            return self._open()
        if response.status == 404:
            response.finish()
            raise OperationError(
                f"Tried to {self._attempted}, but the repository there does not hold it. Push the image to it again, "
                "then run again."
            )
        if response.status not in {200, 206}:
            raise refused(self._attempted, self._http.host, read_refusal(response))
        self._response = response
        self._skip(response, self._start_of(response))
        return response

    def _wants_all(self, response: Response) -> bool:
        """Note whether ranges are of use. Whether *response* is to one that is not, so that all is to be asked for."""
        ranged = self._ranges and self.position > 0
        if response.status in {200, 206}:
            self._coding = self._coding or response.coding
        if self._coding or (ranged and response.status == 416):
            # Ranges count coded bytes, which cannot be unpacked from their middle and may end before our position.
            self._ranges = False
        return ranged and not self._ranges and response.status in {206, 416}

    def _start_of(self, response: Response) -> int:
        """Where the answer begins; its announced length must fit the descriptor."""
        start = 0
        if response.status == 206:
            said = _RANGE.fullmatch(response.header("Content-Range").strip())
            total = said[3] if said else ""
            start = int(said[1]) if said and len(said[1]) < 20 else -1
            if start != self.position or total not in {"*", str(self._descriptor.size)}:
                asked = f"byte {self.position} on" if self._ranges else "all of it"
                raise self._lie(f"it was asked for {asked} and sends another range")
        if response.length is not None and response.length != self._descriptor.size - start:
            raise self._lie(f"it announces {response.length} bytes from byte {start} on")
        return start

    def _skip(self, response: Response, start: int) -> None:
        """Read on to our position: a registry without ranges sends the blob from its first byte."""
        waste = memoryview(bytearray(min(1 << 18, self.position - start)))
        while start < self.position:
            count = _some(response, waste[: self.position - start])
            self._digester.take(start, waste[:count])
            start += count

    def _end(self, response: Response) -> None:
        self._response = None
        if response.length is None:
            try:
                more = response.readinto(memoryview(bytearray(1)))
            except BrokenConnectionError:
                more = 0  # the bytes were all there; how the connection ends is of no matter
            if more:
                response.abandon()
                raise self._lie("it sends more bytes than that")
        response.finish()

    def _failed(self, error: BrokenConnectionError | None, response: Response | None = None) -> None:
        """Count a failure and wait; raises when there were too many without progress."""
        seen = f"it answered {read_refusal(response)}" if response else str(error)
        if self._coding:
            seen += (
                f"; the blob comes with Content-Encoding {clean(self._coding)[:40]}, so that it begins again at its "
                "first byte: switch that off at the registry, or at the proxy before it"
            )
        self.close()
        if self.position >= self._good_from + _PROGRESS_BYTES:
            self._failures, self._good_from = 0, self.position
        self._failures += 1
        if self._http.retrier.is_last(self._failures) or (error and error.final):
            raise unavailable(self._attempted, self._http.host, f"{seen}; {self.position} bytes had come")
        self._http.retrier.wait(self._failures, asked_seconds(response) if response else None)

    def _lie(self, seen: str) -> OperationError:
        self.close()
        if self._coding:
            seen += (
                f". It codes the blob (Content-Encoding {clean(self._coding)[:40]}), which nobody asked for: switch "
                "that off at the registry, or at the proxy before it"
            )
        return wrong_bytes(self._attempted, self._http.host, f"it has {self._descriptor.size} bytes, but {seen}")


def _some(response: Response, view: memoryview) -> int:
    """Read at least one byte."""
    count = response.readinto(view)
    if count == 0:
        raise BrokenConnectionError("the answer ended too early")
    return count


def wrong_bytes(attempted: str, host: str, seen: str) -> OperationError:
    """The source's bytes are not those of the descriptor."""
    return OperationError(
        f"Tried to {attempted}, but {host} sends other bytes than its manifest names: {seen}. Nothing was committed. "
        "Check the source registry; push the image there again."
    )
