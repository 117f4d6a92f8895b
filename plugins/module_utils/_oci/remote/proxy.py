# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The proxy that the environment names for a registry. What is said of it never shows its user or password."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ..._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from .origin import Origin


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; ``headers`` are for it alone."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_for(origin: Origin) -> Proxy | None:
    """The proxy on the way to *origin*; None when there is none. Raises RequestError for one that cannot be used."""
    if proxy_bypass(f"{origin.host}:{origin.port}") or proxy_bypass(origin.host):
        return None
    proxies = getproxies()
    name = next((name for name in (origin.scheme, "all") if proxies.get(name)), "")
    return read_proxy(f"{name.upper()}_PROXY", proxies[name], origin) if name else None


def read_proxy(variable: str, value: str, origin: Origin) -> Proxy:
    """The proxy that the environment's *variable* names with *value*. Raises RequestError that does not repeat it."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = 80 if parts.port is None else parts.port
    except ValueError:
        raise _unusable(origin, variable, "its value is no URL") from None
    # A '/', '?' or '#' in the password ends the host there, and what is taken for one then is the user's name.
    if parts.path not in {"", "/"} or parts.query or parts.fragment or not parts.hostname or not port:
        raise _unusable(origin, variable, "its value is no URL of a host with an optional port")
    if parts.scheme != "http":
        raise _unusable(origin, variable, "only http:// proxies are known")
    return Proxy(parts.hostname, port, _login(parts))


def _login(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(login).decode()}"}


def _unusable(origin: Origin, variable: str, seen: str) -> RequestError:
    return RequestError(
        f"Cannot reach {origin} through the proxy that the environment's {variable} names: {seen} (it is not shown: "
        "it may hold a password). Set it to http://[user:password@]host:port, with '/', '?', '#', '@', ':' and '%' in "
        "the user's name and password percent-encoded ('/' is %2F), or set NO_PROXY to leave this host out."
    )
