# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Connections of HTTP on which an exchange as a whole has to be done in time: connecting, TLS, headers and body.

A socket's own timeout begins again with each byte: who sends one now and then would hold a thread for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

# How much is handed to the network before the time is looked at again.
_PIECE_BYTES = 1 << 16


class TimelyConnection(http.client.HTTPConnection):
    """A connection to *parts*, an address, for one exchange: all of it within *seconds*, else TimeoutError is raised.

    Time counts from here, as *now* tells it. *trusted* is for https.
    """

    def __init__(
        self, parts: SplitResult, *, seconds: float, now: Callable[[], float], trusted: ssl.SSLContext | None = None
    ) -> None:
        self._is_tls = parts.scheme == "https"
        self.default_port = http.client.HTTPS_PORT if self._is_tls else http.client.HTTP_PORT
        super().__init__(parts.hostname or "", parts.port)
        self._trusted, self._seconds, self._now = trusted, seconds, now
        self._ends_at = now() + seconds

    def connect(self) -> None:
        """Connect to the first of the host's addresses that can be reached in time."""
        made = _connected(self.host, self.port, self._left)
        self.sock: Any = made
        if self._is_tls:
            made.settimeout(self._left())
            trusted = self._trusted or ssl.create_default_context()
            made = self.sock = trusted.wrap_socket(made, server_hostname=self.host)
        self.sock = _TimelySocket(made, self._left)

    def _left(self) -> float:
        left = self._ends_at - self._now()
        if left <= 0:
            raise TimeoutError(f"not whole within {self._seconds:g} s")
        return left


class _TimelySocket:
    """As much of a socket as `http.client` uses; *left* says how many seconds there are, or raises TimeoutError."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock, self._left = sock, left

    def sendall(self, data: bytes) -> None:
        """Send all of *data*."""
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._left())
            try:
                rest = rest[self._sock.send(rest[:_PIECE_BYTES]) :]
            except TimeoutError:
                self._left()
                raise

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes, to be read."""
        return io.BufferedReader(_TimelyReader(self._sock, self._left))

    def close(self) -> None:
        """Close it, once what `makefile` gave is closed, too."""
        self._sock.close()


class _TimelyReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock, self._left = sock, left
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._left())
        try:
            read: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            self._left()
            raise
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


def _connected(host: str, port: int, left: Callable[[], float]) -> socket.socket:
    """Each address has as much of the time that is left as those after it. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host") from error
    problem = OSError(f"{host!r} has no address")
    for place, (family, kind, protocol, _name, address) in enumerate(found):
        sock = None
        try:
            # A machine without IPv6 cannot even make a socket for such an address.
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(left() / (len(found) - place))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            if sock:
                sock.close()
            problem = error
        else:
            return sock
    raise problem


def whole_body(answer: http.client.HTTPResponse, most_bytes: int) -> bytes:
    """The body, or as much of it as is read. Raises OSError and HTTPException where it breaks off before that."""
    body = answer.read(most_bytes)
    # Of a body whose length was told, reading a part of it is no error to http.client, wherever it ends.
    if answer.length and len(body) < most_bytes:
        raise http.client.IncompleteRead(body, answer.length)
    return body
