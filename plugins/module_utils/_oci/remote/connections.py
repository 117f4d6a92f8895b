# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to registries: kept alive and shared by threads, through proxies of the environment, with TLS.

The transport is the standard library's. urllib3 was measured beside it, on a blob of 500 MB of a local registry, hashed
on the way: it took 12 % more of the process's time (every piece is a new object, where `readinto` fills the same
buffer), and it cannot send a request while the answer to another is awaited, which hides a round trip for each blob.
"""

from __future__ import annotations

import http.client
import math
import select
import socket
import ssl
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ..._aws.proxy import proxy_for
from ..._errors import RequestError
from .link import Link, Watch

if TYPE_CHECKING:
    from ..._aws.proxy import Proxy
    from ..._common.clock import Clock
    from .origin import Origin


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Timeouts in seconds, how many idle connections are kept for each origin, and how TLS is verified.

    ``read_seconds`` is what the head of an answer may take, and each stretch of a body, in either direction.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    idle: int = 16
    validate_certs: bool = True
    ca_bundle: str = ""


class Connections:
    """Opens connections and keeps idle ones. Safe to use from many threads."""

    def __init__(self, settings: ConnectionSettings, clock: Clock) -> None:
        self._settings, self._clock, self._watch = settings, clock, Watch(clock)
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[Link]] = {}
        self._context: ssl.SSLContext | None = None

    @property
    def read_seconds(self) -> float:
        """What the head of an answer may take, and each stretch of a body."""
        return self._settings.read_seconds

    def take(self, origin: Origin, *, fresh: bool = False) -> Link:
        """An idle connection that still lives, or a new connection. Raises OSError when none can be opened."""
        self._watch.check()
        while not fresh:
            with self._lock:
                kept = self._idle.get(origin)
                link = kept.pop() if kept else None
            if link is None:
                break
            if not _has_ended(link.connection):
                link.reused = True
                return link
            link.close()
        return self._open(origin)

    def give_back(self, link: Link) -> None:
        """Keep a connection whose answer was read to the end."""
        with self._lock:
            kept = self._idle.setdefault(link.origin, [])
            if len(kept) < self._settings.idle:
                kept.append(link)
                return
        link.close()

    def cut(self) -> None:
        """End all that is under way, from any thread; what is asked from now on fails at once."""
        self._watch.cut_all()

    def close(self) -> None:
        """Close the idle connections, and cut those in use: whoever uses them closes them."""
        self.cut()
        with self._lock:
            links = [link for kept in self._idle.values() for link in kept]
            self._idle.clear()
        for link in links:
            link.close()

    def _open(self, origin: Origin) -> Link:
        proxy = proxy_for(str(origin))
        link = self._through(origin, proxy) if proxy else Link(origin, self._direct(origin), self._clock)
        # Where the standard library makes its socket, before a proxy or TLS may keep it waiting.
        link.connection._create_connection = partial(self._connect, link)  # type: ignore[attr-defined] # noqa: SLF001
        try:
            with link.within(math.inf):
                link.connection.connect()
        except BaseException as error:
            link.close()
            if link.overdue:
                raise TimeoutError from error
            raise
        link.connection.sock.settimeout(self._settings.read_seconds)
        return link

    def _connect(self, link: Link, *address: Any) -> socket.socket:
        made = socket.create_connection(*address)
        link.end_in(self._settings.connect_seconds)
        link.watch(made, self._watch)
        return made

    def _direct(self, origin: Origin) -> http.client.HTTPConnection:
        timeout = self._settings.connect_seconds
        if origin.scheme == "http":
            return http.client.HTTPConnection(origin.host, origin.port, timeout=timeout)
        return http.client.HTTPSConnection(origin.host, origin.port, timeout=timeout, context=self._tls())

    def _through(self, origin: Origin, proxy: Proxy) -> Link:
        host, port, timeout = proxy.host, proxy.port, self._settings.connect_seconds
        if origin.scheme == "http":
            made = http.client.HTTPConnection(host, port, timeout=timeout)
            return Link(origin, made, self._clock, prefix=str(origin), headers=proxy.headers)
        tunnel = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls())
        tunnel.set_tunnel(origin.host, origin.port, headers=dict(proxy.headers))
        return Link(origin, tunnel, self._clock)

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = _context(self._settings)
            return self._context


def _context(settings: ConnectionSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_bundle:
        try:
            # Besides the machine's own: what a registry redirects to has a public certificate.
            context.load_verify_locations(cafile=settings.ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise RequestError(
                f"Tried to read the certificates of ca_bundle {settings.ca_bundle!r}, but: {error}. Name a file of "
                "certificates in PEM form."
            ) from error
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _has_ended(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side closed an idle connection: nothing else makes it readable."""
    sock = cast("socket.socket | None", connection.sock)
    if sock is None:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
