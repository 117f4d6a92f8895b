# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of every kind from a real socket, byte for byte, and what a probe has to make of each of them."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that one answer may take, by a clock that moves only where an answer says so.
TIMEOUT = 5.0
VERSION = b"x-version: v2\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + VERSION


@dataclass(frozen=True, slots=True)
class Given:
    """*pieces* are sent one after the other, and before each but the first *pause* seconds pass.

    ``status`` is 0 where the answer is none; ``problem`` is in what is told of it. ``version`` is that of the headers,
    as far as they came.
    """

    name: str
    pieces: tuple[bytes, ...]
    status: int = 200
    body: bytes = b""
    problem: str = ""
    version: str = "v2"
    location: str = ""
    seconds: float = 0.0
    pause: float = 0.0
    method: str = "GET"
    request_id: str = ""


def _of(length: int, body: bytes = b"") -> bytes:
    return OK + b"Content-Length: %d\r\n\r\n" % length + body


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
AWAY = b"HTTP/1.1 302 Found\r\n" + VERSION + b"Content-Length: 0\r\nLocation: "
ANSWERS = (
    Given("whole", (_of(5, b"hello"),), body=b"hello"),
    Given("empty", (_of(0),)),
    Given("no content", (b"HTTP/1.1 204 No Content\r\n" + VERSION + b"\r\n",), status=204),
    Given("head", (_of(5000),), method="HEAD"),
    Given("until the end", (OK + b"\r\nhello",), body=b"hello"),
    Given("in chunks", (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",), body=b"hello"),
    Given("a mebibyte and more", (_of(2 << 20, b"x" * (2 << 20)),), body=b"x" * 4096),
    Given("slow, but well", (_of(8, b"{"), b"      }"), body=b"{      }", seconds=2.0, pause=2.0),
    Given("chunks, slow but well", (CHUNKED + b"1\r\na\r\n", b"0\r\n\r\n"), body=b"a", seconds=2.0, pause=2.0),
    Given("cut off", (_of(100_000, b'{"items": ['),), 0, problem="200, and its body broke off"),
    Given("cut off at once", (_of(100_000),), 0, problem="200, and its body broke off"),
    Given("chunk cut off", (CHUNKED + b"400\r\nabc",), 0, problem="200, and its body broke off"),
    Given("no last chunk", (CHUNKED + b"3\r\nabc\r\n",), 0, problem="200, and its body broke off"),
    Given("no chunk", (CHUNKED + b"what\r\n",), 0, problem="200, and its body broke off"),
    Given("drips", (_of(99), *[b"x"] * 9), 0, problem="200, and its body broke off: not whole within 5 s", pause=1.0),
    Given("events", (OK + b"\r\n", *[b": keep\n\n"] * 9), 0, problem="broke off: not whole within 5 s", pause=1.0),
    Given(
        "headers drip", (b"HTTP/1.1 200 OK\r\n", *[b"x-a: b\r\n"] * 9), 0, b"", "not whole within 5 s", "", pause=1.0
    ),
    Given("never says", (b"HTTP/1.1 100 Continue\r\n\r\n",) * 9, 0, b"", "not whole within 5 s", "", pause=1.0),
    Given("nothing", (b"",), 0, problem="Remote end closed connection", version=""),
    Given("no HTTP", (b"SSH-2.0-OpenSSH\r\n",), 0, problem="SSH-2.0-OpenSSH", version=""),
    Given(
        "too many headers", (OK + b"x-a: b\r\n" * 200 + b"\r\n",), 0, problem="got more than 100 headers", version=""
    ),
    Given(
        "away",
        (AWAY + b"https://me:hunter2@login.example.com/in?state=hunter2\r\n\r\n",),
        302,
        location="https://login.example.com/in",
    ),
    Given("nowhere", (AWAY + b"http://[bad\r\n\r\n",), 302),
    Given("far away", (AWAY + b"/" + b"a" * 900 + b"\r\n\r\n",), 302, location="/" + "a" * 199),
    Given("named", (OK + b"X-Request-Id: r-1\r\nContent-Length: 0\r\n\r\n",), request_id="r-1"),
    Given(
        "named by the balancer",
        (OK + b"X-Amzn-Trace-Id: Root=1-a\r\nContent-Length: 0\r\n\r\n",),
        request_id="Root=1-a",
    ),
    Given("no name", (OK + b"X-Request-Id: " + b"x" * 200 + b"\r\nContent-Length: 0\r\n\r\n",)),
)


class Time:
    """A clock that moves only where it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self._asked = threading.Condition()
        self._times = 0
        self._ended = False

    def monotonic(self) -> float:
        """Seconds. Who reads a socket in time asks before each reading."""
        with self._asked:
            self._times += 1
            self._asked.notify_all()
        return self.seconds

    @contextmanager
    def until_asked(self) -> Iterator[None]:
        """Wait, after what is done in the context, until the time was asked for again, or nobody will any more."""
        before = self._times
        yield
        with self._asked:
            self._asked.wait_for(lambda: self._ended or self._times > before, 60)

    def end(self) -> None:
        """Nobody asks any more."""
        with self._asked:
            self._ended = True
            self._asked.notify_all()

    def now(self) -> datetime:
        """Some day."""
        return datetime(2026, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.seconds += seconds


@contextmanager
def served(given: Given, time: Time) -> Iterator[str]:
    """The address of a server that gives this answer to a single request. It waits for nobody but the one who asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            taken, _from = server.accept()
            with taken, suppress(OSError):
                taken.settimeout(60)
                while not taken.recv(65536).endswith(b"\r\n\r\n"):
                    pass
                for number, piece in enumerate(given.pieces):
                    if number:
                        time.sleep(given.pause)
                    with time.until_asked() if given.pause else nullcontext():
                        taken.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        time.end()
        thread.join(60)
