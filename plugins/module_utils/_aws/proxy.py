# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy that the environment names for an address. What is said of it never shows its user or password."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass  # noqa: TID251 - it reads the environment alone

from .._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; ``headers`` are for it alone."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_for(url: str) -> Proxy | None:
    """The proxy on the way to *url*; None when there is none. Raises RequestError when it cannot be used."""
    variable, value = _named(url)
    return read_proxy(variable, value, url) if variable else None


def check_proxy(url: str) -> None:
    """Raise RequestError when the proxy on the way to *url* cannot be read: others would show what they cannot read."""
    variable, value = _named(url)
    if variable:
        _split(variable, value, url)


def read_proxy(variable: str, value: str, url: str) -> Proxy:
    """The proxy that the environment's *variable* names with *value*. Raises RequestError that does not repeat it."""
    parts = _split(variable, value, url)
    if parts.scheme != "http":
        raise _unusable(url, variable, "only http:// proxies are known")
    return Proxy(parts.hostname or "", parts.port or 80, _login(parts))


def _named(url: str) -> tuple[str, str]:
    """The variable that names a proxy for *url*, and its value; both empty when there is none."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443)
    if proxy_bypass(f"{host}:{port}") or proxy_bypass(host):
        return "", ""
    proxies = getproxies()
    name = next((name for name in (parts.scheme, "all") if proxies.get(name)), "")
    return (f"{name.upper()}_PROXY", proxies[name]) if name else ("", "")


def _split(variable: str, value: str, url: str) -> SplitResult:
    try:
        value.encode()
        parts = urlsplit(value if "://" in value else f"http://{value}")
        no_port = parts.port == 0
    except ValueError:
        raise _unusable(url, variable, "its value is no URL") from None
    # A '/', '?' or '#' in the password ends the host there, and what is taken for the host then is the user's name.
    if parts.path not in {"", "/"} or parts.query or parts.fragment or not _is_host(parts.hostname) or no_port:
        raise _unusable(url, variable, "its value is no URL of a host with an optional port")
    return parts


def _is_host(name: str | None) -> bool:
    """Whether a host can be looked up and asked by that name."""
    if not name or any(sign.isspace() or not sign.isprintable() for sign in name):
        return False
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}


def _unusable(url: str, variable: str, seen: str) -> RequestError:
    return RequestError(
        f"Cannot reach {url} through the proxy that the environment's {variable} names: {seen} (it is not shown: "
        "it may hold a password). Set it to http://[user:password@]host:port, with '/', '?', '#', '@', ':' and '%' in "
        "the user's name and password percent-encoded ('/' is %2F), or set NO_PROXY to leave this host out."
    )
