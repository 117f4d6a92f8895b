# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the distribution as users do: HTTP, one connection each, no redirect followed, nothing raised."""

from __future__ import annotations

import hashlib
import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ..._errors import RequestError
from ..values import INDEX

if TYPE_CHECKING:
    from ..values import SiteFile

_HEADERS = {"User-Agent": "fastbreak-site", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
_SECONDS = 30.0


class HttpVisitor:
    """Asks the site at *url*. TLS is verified with the machine's certificates, and those of *ca_bundle*."""

    def __init__(self, url: str, ca_bundle: str = "") -> None:
        self._parts = urlsplit(url)
        self._context = _trust(ca_bundle) if self._parts.scheme == "https" else None

    def problem(self, file: SiteFile) -> str:
        """What is wrong with *file* as it is served; empty when nothing is."""
        address = "/" if file.path == INDEX else f"/{quote(file.path, safe='/~')}"
        connection = self._connection()
        try:
            connection.request("GET", address, headers=_HEADERS)
            answer = connection.getresponse()
            body = answer.read(file.size + 1)
            return _difference(file, answer.status, dict(answer.getheaders()), body)
        except (OSError, http.client.HTTPException) as error:
            return f"cannot be had: {error or type(error).__name__}"
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._context:
            return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=self._context)
        return http.client.HTTPConnection(host, port, timeout=_SECONDS)


def _difference(file: SiteFile, status: int, headers: dict[str, str], body: bytes) -> str:
    if status != http.client.OK:
        return f"is answered with {status}"
    found = {name.lower(): value for name, value in headers.items()}
    if hashlib.sha256(body).hexdigest() != file.sha256:
        return f"has another content (x-cache: {found.get('x-cache', 'none')}, age: {found.get('age', 'none')})"
    for name, wanted in (("content-type", file.media_type), ("cache-control", file.cache_control)):
        if _plain(found.get(name, "")) != _plain(wanted):
            return f"has {name} {found.get(name, '')[:100]!r} and not {wanted!r}"
    return ""


def _plain(value: str) -> str:
    return "".join(value.lower().split())


def _trust(ca_bundle: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not ca_bundle:
        return context
    try:
        context.load_verify_locations(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise RequestError(
            f"Tried to read the certificates of ca_bundle {ca_bundle!r}, but: {error}. Name a "
            "file of certificates in PEM, or leave it out."
        ) from error
    return context
