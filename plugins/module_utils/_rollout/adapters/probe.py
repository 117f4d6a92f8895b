# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP requests that judge: one connection each, no redirect followed, nothing raised."""

from __future__ import annotations

import http.client
import secrets
import socket
import ssl
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..._common.timely import TimelyConnection, whole_body
from ..._errors import FastbreakError, RequestError
from ..values import Answer

if TYPE_CHECKING:
    from ..._common.clock import Clock
    from .header_values import HeaderValues

_AGENT = "fastbreak-rollout"
_BODY_BYTES = 1 << 20
# A load balancer hands it on and writes it into its access log, and a service may answer by what name it logs it.
_TRACE = "X-Amzn-Trace-Id"
_NAMES = ("X-Request-Id", _TRACE)
_LONGEST_NAME = 128


class HttpProbe:
    """Sends requests. TLS is verified with the machine's certificates (``SSL_CERT_FILE`` names others).

    *ca_bundle* is a file of authorities that are trusted as well. Raises `RequestError` when it holds none. Answers are
    timed by *clock*. *values* has what stands for headers that refer to a secret.
    """

    def __init__(self, ca_bundle: str = "", *, clock: Clock, values: HeaderValues | None = None) -> None:
        self._clock = clock
        self._values = values
        self._trusting = _trust(ca_bundle) if ca_bundle else None

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._trusting or ssl.create_default_context()

    def request(  # noqa: PLR0913 - a request of HTTP has as many parts
        self,
        method: str,
        url: str,
        *,
        timeout_seconds: float,
        version_header: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        keep_bytes: int = 0,
    ) -> Answer:
        """Send one request on a new connection, so that the load balancer chooses a target again each time."""
        try:
            given = self._values.of(headers, lambda: self._context) if self._values else dict(headers)
        except FastbreakError as error:
            return Answer(0, problem=f"a header has no value: {error}", unreachable=True)
        parts = urlsplit(url)
        trusted = self._context if parts.scheme == "https" else None
        connection = TimelyConnection(parts, seconds=timeout_seconds, now=self._clock.monotonic, trusted=trusted)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(0, problem=f"cannot connect to {parts.netloc}: {error}", unreachable=True)
        trace = self._trace()
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        every = {"User-Agent": _AGENT, _TRACE: trace, **given, "Connection": "close"}
        try:
            began = self._clock.monotonic()
            connection.request(method, target, body=body or None, headers=every)
            answer = self._read(connection.getresponse(), began, version_header, keep_bytes, trace)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, problem=str(error) or type(error).__name__, request_id=trace)
        finally:
            connection.close()
        if answer.status == http.client.UNAUTHORIZED and self._values:
            self._values.forget(headers, given)
        return answer

    def _read(
        self, response: http.client.HTTPResponse, began: float, version_header: str, keep_bytes: int, trace: str
    ) -> Answer:
        """The answer with all of its body. One that breaks off is none, of whichever release its headers name."""
        version = response.getheader(version_header, "") if version_header else ""
        request_id = _name(response) or trace
        try:
            read = whole_body(response, _BODY_BYTES)
        except http.client.IncompleteRead:
            # How much of it came differs from answer to answer, and they are counted by what is told of them.
            return Answer(
                0, version=version, problem=f"{response.status}, and its body broke off", request_id=request_id
            )
        except (OSError, http.client.HTTPException) as error:
            problem = f"{response.status}, and its body broke off: {error or type(error).__name__}"
            return Answer(0, version=version, problem=problem, request_id=request_id)
        return Answer(
            response.status,
            version=version,
            location=_place(response.getheader("Location", "")),
            body=read[:keep_bytes],
            seconds=self._clock.monotonic() - began,
            request_id=request_id,
        )

    def _trace(self) -> str:
        """A name for a request: the time, and what tells requests of that second apart."""
        return f"Root=1-{int(self._clock.now().timestamp()):08x}-{secrets.token_hex(12)}"

    def own_address(self, url: str) -> str:
        """The address of this machine by which it would reach *url*; empty when it cannot be told. Sends nothing."""
        parts = urlsplit(url)
        if not parts.hostname:
            return ""
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)
            family, kind, protocol, _name, place = found[0]
            with socket.socket(family, kind, protocol) as asked:
                # Of a datagram socket this only looks for the way.
                asked.connect(place)
                return str(asked.getsockname()[0])
        except OSError:
            return ""


def _name(response: http.client.HTTPResponse) -> str:
    """What the answer calls the request, if that is a name."""
    found = (response.getheader(header, "") for header in _NAMES)
    return next(
        (name for name in found if name.isascii() and name.isprintable() and 0 < len(name) <= _LONGEST_NAME), ""
    )


def _place(location: str) -> str:
    """Where a redirect points to, without query and login, which may hold secrets; bounded."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return f"{f'{parts.scheme}://{host}' if host else ''}{parts.path}"[:200]


def _trust(ca_bundle: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise RequestError(
            f"Tried to read the certificates of ca_bundle {ca_bundle!r}, but: {error}. Name a file of certificates in "
            "PEM, or leave the option out."
        ) from error
    return context
