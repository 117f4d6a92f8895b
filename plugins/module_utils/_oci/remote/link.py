# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that another thread can end, and the watch that ends those that take too long.

A socket's own timeout begins again with each byte: a peer that sends a byte now and then would hold a thread for ever.
Here every step of an exchange has a time of its own, and so has every stretch of a body: who does not manage it is cut
off from outside, whatever its thread waits for. An interruption cuts all of them off in the same way.
"""

from __future__ import annotations

import math
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator, Mapping

    from ..._common.clock import Clock
    from .origin import Origin

_TICK_SECONDS = 0.1


class CutError(ConnectionError):
    """The run has ended: nothing is asked any more."""

    def __init__(self) -> None:
        super().__init__("the run was ended")


@dataclass(slots=True, eq=False)
class Link:
    """A connection in use. ``prefix`` comes before the path of a request, ``headers`` with it, for a proxy.

    ``was_cut``: it was ended from outside, by a thread that does not use it; ``overdue``: since the other side took too
    long. What is read until then looks like an end, and is none.
    """

    origin: Origin
    connection: http.client.HTTPConnection
    clock: Clock
    reused: bool = False
    prefix: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    was_cut: bool = False
    overdue: bool = False
    ends_at: float = math.inf
    _handle: socket.socket | None = None
    _watch: Watch | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What the other side does here must be done in *seconds*."""
        self.end_in(seconds)
        try:
            yield
        finally:
            self.ends_at = math.inf

    def end_in(self, seconds: float) -> None:
        """What the other side does from now on must be done in *seconds*."""
        self.ends_at = self.clock.monotonic() + seconds

    def watch(self, sock: socket.socket, watch: Watch) -> None:
        """Let *watch* cut *sock*, the connection's. Raises `CutError` when the run has ended."""
        # A descriptor of our own: that of the connection belongs to TLS from the handshake on.
        self._handle, self._watch = sock.dup(), watch
        watch.add(self)

    def cut(self) -> None:
        """End it from another thread: whoever waits for it goes on at once."""
        self.was_cut = True
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it."""
        if self._watch is not None:
            self._watch.remove(self)
        if self._handle is not None:
            self._handle.close()
            self._handle = None
        self.connection.close()


class Watch:
    """Looks after links. Its thread is there while there are any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Condition()
        self._links: set[Link] = set()
        self._thread: threading.Thread | None = None
        self._ended = False

    def add(self, link: Link) -> None:
        """Look after *link*. Raises `CutError` after `cut_all`."""
        with self._lock:
            if self._ended:
                raise CutError
            self._links.add(link)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="slow peers", daemon=True)
                self._thread.start()

    def remove(self, link: Link) -> None:
        """Look after it no more."""
        with self._lock:
            self._links.discard(link)

    def cut_all(self) -> None:
        """Cut all links, and let none be added."""
        with self._lock:
            self._ended = True
            for link in self._links:
                link.cut()

    def check(self) -> None:
        """Raise `CutError` after `cut_all`."""
        if self._ended:
            raise CutError

    def _run(self) -> None:
        with self._lock:
            while self._links:
                # Others may add and remove links meanwhile.
                self._lock.wait(_TICK_SECONDS)
                now = self._clock.monotonic()
                for link in self._links:
                    if link.ends_at < now:
                        link.overdue = True
                        link.cut()
            self._thread = None
