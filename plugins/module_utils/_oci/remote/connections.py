# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections to registries: kept alive and shared by threads, through proxies of the environment, with TLS.

The transport is the standard library's. urllib3 was measured beside it, on a blob of 500 MB of a local registry, hashed
on the way: it took 12 % more of the process's time (every piece is a new object, where `readinto` fills the same
buffer), and it cannot send one request while another one's answer is awaited, which hides a round trip for each blob.
"""

from __future__ import annotations

import base64
import http.client
import math
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..._errors import RequestError
from .link import Link, Watch

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what credentials are bound to. ``str()`` leaves the scheme's own port out."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and, unless it is the scheme's own, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def origin_of(url: str) -> Origin | None:
    """The origin of an absolute http or https URL without user information; None for any other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or port == 0:
        return None
    return Origin(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])


def join(base: str, location: str) -> str:
    """The absolute URL of a ``Location``; empty when it is garbled."""
    try:
        return urljoin(base, location)
    except ValueError:
        return ""


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

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings, self._watch = settings, Watch()
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[Link]] = {}
        self._context: ssl.SSLContext | None = None

    @property
    def read_seconds(self) -> float:
        """What the head of an answer may take, and each stretch of a body."""
        return self._settings.read_seconds

    def take(self, origin: Origin, *, fresh: bool = False) -> Link:
        """An idle connection that still lives, or a new one. Raises OSError when none can be opened."""
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
        proxy = _proxy_for(origin)
        link = self._through(origin, proxy) if proxy else Link(origin, self._direct(origin))
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
        link.ends_at = time.monotonic() + self._settings.connect_seconds
        link.watch(made, self._watch)
        return made

    def _direct(self, origin: Origin) -> http.client.HTTPConnection:
        timeout = self._settings.connect_seconds
        if origin.scheme == "http":
            return http.client.HTTPConnection(origin.host, origin.port, timeout=timeout)
        return http.client.HTTPSConnection(origin.host, origin.port, timeout=timeout, context=self._tls())

    def _through(self, origin: Origin, proxy: str) -> Link:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.scheme != "http" or not parts.hostname:
            raise RequestError(
                f"Cannot reach {origin} through the proxy that the environment names: only http:// proxies are known. "
                "Set HTTPS_PROXY or HTTP_PROXY to one, or NO_PROXY to leave this host out."
            )
        headers = _proxy_login(parts.username, parts.password)
        host, port, timeout = parts.hostname, parts.port or 80, self._settings.connect_seconds
        if origin.scheme == "http":
            return Link(origin, http.client.HTTPConnection(host, port, timeout=timeout), False, str(origin), headers)
        tunnel = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls())
        tunnel.set_tunnel(origin.host, origin.port, headers=headers)
        return Link(origin, tunnel)

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


def _proxy_for(origin: Origin) -> str:
    if proxy_bypass(f"{origin.host}:{origin.port}") or proxy_bypass(origin.host):
        return ""
    proxies = getproxies()
    return proxies.get(origin.scheme) or proxies.get("all", "")


def _proxy_login(username: str | None, password: str | None) -> dict[str, str]:
    if username is None:
        return {}
    login = f"{unquote(username)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}


def _has_ended(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side closed an idle connection: nothing else makes it readable."""
    sock = cast("socket.socket | None", connection.sock)
    if sock is None:
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
