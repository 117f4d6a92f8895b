# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange: the request is sent, and its answer awaited only when it is asked for."""

from __future__ import annotations

import http.client
import ssl
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .gzip_body import GzipBody
from .link import CutError
from .origin import Origin, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from .connections import Connections
    from .link import Link

USER_AGENT = "fastbreak-image-promotion"
_DRAIN_BYTES = 1 << 16
_DRAIN_SECONDS = 1.0
#: A body may take as long for each of these as for its head.
STRETCH_BYTES = 256 << 10


class BrokenConnectionError(Exception):
    """The connection could not be opened, broke, or carried no HTTP. ``final``: trying again cannot help."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


class TooLongError(Exception):
    """A body is longer than its reader allows."""


@dataclass(frozen=True, slots=True)
class Request:
    """``url`` is absolute. ``length`` is that of a body which the caller sends; ``body`` is sent with the head."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    length: int | None = None

    @property
    def can_be_repeated(self) -> bool:
        """Whether all of it is known here, so that it can be sent once more."""
        return self.length is None


class Response:
    """An answer whose body is still to be read. End it with `read`, `finish` or `abandon`.

    The other side has a time for each stretch of the body, see `STRETCH_BYTES`.
    """

    def __init__(self, raw: http.client.HTTPResponse, link: Link, connections: Connections, url: str) -> None:
        self._raw, self._link, self._connections = raw, link, connections
        self.url = url
        self.status = raw.status
        self.headers: Message = raw.headers
        #: The body of an error, once it was read to see what it says.
        self.said: bytes | None = None
        self._unpacked: GzipBody | None = None

    def header(self, name: str) -> str:
        """A header's value, empty without it."""
        return str(self.headers.get(name, ""))

    def values(self, name: str) -> list[str]:
        """The values of a header that may be there more than once."""
        return [str(value) for value in self.headers.get_all(name, [])]

    @property
    def length(self) -> int | None:
        """Bytes of the content that are still to come; None when the answer does not say, or says it of its coding."""
        return None if self.coding else self._raw.length

    @property
    def coding(self) -> str:
        """How the body is coded; empty for not at all."""
        coding = self.header("Content-Encoding").strip().lower()
        return "" if coding == "identity" else coding

    def readinto(self, view: memoryview) -> int:
        """Fill *view* as far as the body goes, unpacked. 0 is the end. Raises `BrokenConnectionError`."""
        try:
            if not self.coding:
                return self._readinto(view)
            self._unpacked = self._unpacked or GzipBody(self.coding, self._readinto)
            return self._unpacked.readinto(view)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._broken(error) from error

    def _readinto(self, view: memoryview) -> int:
        with self._link.within(self._connections.read_seconds):
            count = self._raw.readinto(view[:STRETCH_BYTES])
        self._check_end()
        return count

    def read(self, limit_bytes: int) -> bytes:
        """The whole body, without its gzip coding. Takes at most a byte over the limit; then raises `TooLongError`.

        No coding is asked for; gzip is what servers and proxies send all the same.
        """
        try:
            body = self._read(limit_bytes)
            return _decoded(body, self.coding, limit_bytes) if self.coding else body
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._broken(error) from error

    def _read(self, limit_bytes: int) -> bytes:
        promised = self._raw.length
        if promised is not None and promised > limit_bytes:
            self.abandon()
            raise TooLongError(f"{promised} bytes are announced")
        parts, left = [], limit_bytes + 1
        while left > 0 and (piece := self._stretch(min(left, STRETCH_BYTES))):
            parts.append(piece)
            left -= len(piece)
        if left == 0:
            self.abandon()
            raise TooLongError(f"more than {limit_bytes} bytes")
        if self._raw.length:
            self.abandon()
            raise BrokenConnectionError(f"the answer ended {self._raw.length} bytes before its end")
        self.finish()
        return b"".join(parts)

    def _stretch(self, length: int) -> bytes:
        with self._link.within(self._connections.read_seconds):
            piece = self._raw.read(length)
        self._check_end()
        return piece

    def _check_end(self) -> None:
        """What is cut off ends like a body that is complete."""
        if self._link.was_cut:
            raise self._broken(CutError())

    def finish(self) -> None:
        """Read a short rest, so that the connection can be used again; close it when there is more."""
        try:
            if self._raw.length is None or self._raw.length <= _DRAIN_BYTES:
                with self._link.within(min(_DRAIN_SECONDS, self._connections.read_seconds)):
                    self._raw.read(_DRAIN_BYTES)
        except (OSError, http.client.HTTPException, ValueError):
            self.abandon()
            return
        if self._raw.isclosed() and not self._raw.will_close and not self._link.was_cut:
            self._connections.give_back(self._link)
        else:
            self.abandon()

    def abandon(self) -> None:
        """Close the connection."""
        self._raw.close()
        self._link.close()

    def _broken(self, error: Exception) -> BrokenConnectionError:
        self.abandon()
        return _broken(error, self._link, self._connections)


class Exchange:
    """A request on its way. A connection that had been kept and turns out dead is replaced once, unseen."""

    def __init__(self, connections: Connections, request: Request) -> None:
        self._connections, self._request = connections, request
        origin = origin_of(request.url)
        if origin is None:
            raise BrokenConnectionError(f"{request.url[:200]!r} is no http or https address", final=True)
        self._origin = origin
        self._early: Response | None = None
        self._link = self._start(fresh=False)

    def send(self, view: memoryview) -> bool:
        """Send a piece of the body. False when the server has answered already and wants no more."""
        try:
            with self._link.within(self._connections.read_seconds):
                self._link.connection.send(view)
        except (BrokenPipeError, ConnectionResetError) as error:
            self._early = self._early_answer(error)
            return False
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(error) from error
        return True

    def response(self) -> Response:
        """Wait for the answer's head."""
        if self._early:
            return self._early
        try:
            return self._head()
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self._may_start_anew(error):
                raise self._broken(error) from error
            self._link.close()
            self._link = self._start(fresh=True)
            return self.response()

    def abandon(self) -> None:
        """Close the connection."""
        self._link.close()

    def _head(self) -> Response:
        with self._link.within(self._connections.read_seconds):
            raw = self._link.connection.getresponse()
        if self._link.was_cut:
            raise CutError
        return Response(raw, self._link, self._connections, self._request.url)

    def _early_answer(self, broken: Exception) -> Response:
        try:
            return self._head()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._broken(broken) from error

    def _may_start_anew(self, error: Exception) -> bool:
        again = self._link.reused and self._request.can_be_repeated and not self._link.was_cut
        return again and isinstance(error, ConnectionError)

    def _start(self, *, fresh: bool) -> Link:
        link = self._take(self._origin, fresh=fresh)
        stretches = 1 + len(self._request.body or b"") // STRETCH_BYTES
        try:
            with link.within(stretches * self._connections.read_seconds):
                self._send_head(link)
        except (OSError, http.client.HTTPException, ValueError) as error:
            link.close()
            if link.reused and not link.was_cut:
                return self._start(fresh=True)
            raise _broken(error, link, self._connections) from error
        return link

    def _take(self, origin: Origin, *, fresh: bool) -> Link:
        try:
            return self._connections.take(origin, fresh=fresh)
        except ssl.SSLCertVerificationError as error:
            text = f"the certificate of {origin.netloc} is not trusted: {error.verify_message}"
            raise BrokenConnectionError(text, final=True) from error
        except CutError as error:
            raise BrokenConnectionError(str(error), final=True) from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise BrokenConnectionError(_text(error)) from error

    def _send_head(self, link: Link) -> None:
        request, connection = self._request, link.connection
        connection.putrequest(request.method, f"{link.prefix}{_target(request.url)}", skip_host=True)
        body_length = request.length if request.body is None else len(request.body)
        if body_length is None and request.method in {"POST", "PUT", "PATCH"}:
            body_length = 0
        headers = {"Host": self._origin.netloc, "User-Agent": USER_AGENT, **link.headers, **request.headers}
        if body_length is not None:
            headers["Content-Length"] = str(body_length)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(request.body)

    def _broken(self, error: Exception) -> BrokenConnectionError:
        self.abandon()
        return _broken(error, self._link, self._connections)


def _broken(error: Exception, link: Link, connections: Connections) -> BrokenConnectionError:
    if link.overdue:
        return BrokenConnectionError(
            f"it did not answer in time: {connections.read_seconds:g} s are enough for the head of an answer and for "
            f"each {STRETCH_BYTES >> 10} KiB of a body"
        )
    return BrokenConnectionError(_text(error))


def _decoded(body: bytes, coding: str, limit_bytes: int) -> bytes:
    if coding not in {"gzip", "x-gzip"}:
        raise BrokenConnectionError(f"the answer has the Content-Encoding {coding[:40]!r}, which nobody asked for")
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise BrokenConnectionError("the answer has the Content-Encoding gzip and is none") from error
    if len(content) > limit_bytes:
        raise TooLongError(f"more than {limit_bytes} bytes in gzip")
    if not unpacker.eof or unpacker.unused_data:
        raise BrokenConnectionError("the answer has the Content-Encoding gzip and is not whole")
    return content


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def _text(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return str(error)[:300] or type(error).__name__
