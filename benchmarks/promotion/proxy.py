# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy before a registry that reads HTTP: it counts requests and bytes, delays answers, and can hold a request.

It stands in the benchmark's own process, so that neither tool pays for it in its own.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from typing import Protocol, Self

_PIECE = 1 << 18
_TLS_RECORD = b"\x16"


@dataclass(frozen=True)
class Head:
    """The first line of a message, its headers by name in lower case, and all of it as it came."""

    first: str
    headers: dict[str, str]
    raw: bytes

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first.split(" ", 1)[0]

    @property
    def path(self) -> str:
        """Of a request, without its query."""
        return self.first.split(" ")[1].split("?", 1)[0]

    def without(self, name: str) -> bytes:
        """All of it as it came, but one header."""
        lines = self.raw.splitlines(keepends=True)
        return b"".join(line for line in lines if not line.lower().startswith(f"{name}:".encode()))

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.first.split(" ")[1])


class Reader(Protocol):
    """What a body is read from."""

    def peek(self, size: int, /) -> bytes:
        """What comes next, at least one byte unless it is the end; it stays to be read."""

    def readline(self) -> bytes:
        """Up to the next line's end."""

    def read1(self, size: int, /) -> bytes:
        """What is there, waiting only when nothing is."""


class BodyWatch:
    """What the proxy tells of a request: the defaults let everything through."""

    def before(self, head: Head) -> None:
        """A request came; nothing of it was passed on."""

    def body(self, sent: int) -> None:
        """So many bytes of a blob were passed on."""

    def answered(self, head: Head, status: int, sent: int) -> None:
        """The registry answered, after so many bytes of the request's body; nothing of it was passed on."""


class Proxy:
    """`with Proxy(upstream_port) as proxy`: it answers at `proxy.host`. ``delay_seconds`` is added to each answer."""

    def __init__(self, upstream_port: int, *, delay_seconds: float = 0.0, watch: BodyWatch | None = None) -> None:
        self._upstream = ("127.0.0.1", upstream_port)
        self._delay = delay_seconds
        self.watch = watch or BodyWatch()
        self.requests: list[tuple[str, str]] = []
        self.uploaded_bytes = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads: list[threading.Thread] = []

    @property
    def host(self) -> str:
        """Where it answers: `127.0.0.1:port`."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # not connected, which is how a listener always is
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def reset(self) -> None:
        """Count anew."""
        with self._lock:
            self.requests.clear()
            self.uploaded_bytes = 0

    def cut(self) -> None:
        """Cut every connection."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)

    def settle(self) -> None:
        """Wait until no connection is open any more."""
        for thread in self._threads[1:]:
            thread.join()

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return  # closed: the end
            self._begin(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._upstream) as server:
            with self._lock:
                self._open |= {client, server}
            for connection in (client, server):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                with (
                    BufferedReader(client.makefile("rb", 0), _PIECE) as asked,
                    BufferedReader(server.makefile("rb", 0), _PIECE) as answered,
                ):
                    while self._exchange(asked, answered, client, server):
                        pass
            except (OSError, EOFError):
                return  # either side went away: the other is closed with it
            finally:
                with self._lock:
                    self._open -= {client, server}

    def _exchange(self, asked: Reader, answered: Reader, client: socket.socket, server: socket.socket) -> bool:
        """One request and its answer. False: the connection is at its end."""
        head = _read_head(asked)
        if head is None:
            return False
        with self._lock:
            self.requests.append((head.method, head.path))
        self.watch.before(head)
        if head.headers.get("expect", "").lower() == "100-continue":
            # boto3 waits for this before it sends a body; the upstream is sent the body at once.
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        server.sendall(head.without("expect"))
        sent = 0

        def count(length: int) -> None:
            nonlocal sent
            sent += length
            if "/blobs/uploads/" in head.path:
                with self._lock:
                    self.uploaded_bytes += length
                self.watch.body(length)

        _relay(head, asked, server, count)
        answer = _read_head(answered)
        if answer is None:
            return False
        self.watch.answered(head, answer.status, sent)
        if self._delay:
            time.sleep(self._delay)
        client.sendall(answer.raw)
        if head.method != "HEAD" and answer.status not in {204, 304}:
            _relay(answer, answered, client, lambda _length: None)
        return "close" not in answer.headers.get("connection", "").lower()


def _read_head(reader: Reader) -> Head | None:
    if reader.peek(1)[:1] in {b"", _TLS_RECORD}:
        return None  # the end, or TLS: skopeo tries that first, and a plain registry hangs up on it too
    first = reader.readline()
    lines = [first]
    headers = {}
    while (line := reader.readline()) not in {b"\r\n", b"\n"}:
        if not line:
            raise EOFError
        lines.append(line)
        name, _colon, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Head(first.decode("latin-1").strip(), headers, b"".join([*lines, line]))


def _relay(head: Head, reader: Reader, target: socket.socket, count: Callable[[int], None]) -> None:
    """Pass a body on, of a known length or in chunks; *count* is told of its bytes."""
    if "chunked" not in head.headers.get("transfer-encoding", "").lower():
        _relay_bytes(int(head.headers.get("content-length", "0")), reader, target, count)
        return
    while True:
        line = reader.readline()
        length = int(line.split(b";")[0], 16)
        target.sendall(line)
        if length == 0:
            break
        _relay_bytes(length, reader, target, count)
        target.sendall(reader.readline())
    while (line := reader.readline()) not in {b"\r\n", b""}:
        target.sendall(line)
    target.sendall(line)


def _relay_bytes(left: int, reader: Reader, target: socket.socket, count: Callable[[int], None]) -> None:
    while left:
        piece = reader.read1(min(left, _PIECE))
        if not piece:
            raise EOFError
        target.sendall(piece)
        left -= len(piece)
        count(len(piece))
