# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the gate ``http`` sends requests, and with which headers. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit, urlunsplit

from ..._common.given import value_problem
from ..._common.http_token import is_token
from ..._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._release.image import ReleaseImage
    from ..service.requests import Aim

# A value of a header that http.client sends as it is.
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# A value that lies in Secrets Manager, by the name or the ARN of its secret.
_SECRET = re.compile(r"secretsmanager:([A-Za-z0-9/_+=.@:!-]+)")
# What was meant to be one; sent as it stands it would tell the name of a secret to whoever reads requests.
_MEANT = re.compile(r"\s*(secrets?[-_ ]?manager\s*:|arn:[\w-]*:secretsmanager:)", re.IGNORECASE)
# What urlsplit leaves out in silence, or http.client does not send.
_UNSENT = re.compile(r"[\x00-\x20\x7f]")


def below(url: str, path: str) -> str:
    """The address of *path* below *url*."""
    return urljoin(url.rstrip("/") + "/", path.lstrip("/"))


def at_listener(listener_url: str, path: str, sent: Aim) -> tuple[str, Aim]:
    """The address of *path* at another listener, and what is *sent* there: what a rule asks for besides is the same."""
    there = urlsplit(below(listener_url, path))
    return there.geturl(), replace(sent, url=urlunsplit(there._replace(query=urlsplit(sent.url).query)))


def parts_to_ask(url: str) -> SplitResult | None:
    """The parts of an http or https address that a request can be sent to; None for every other text."""
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").encode("idna"), parts.port
    except ValueError:
        return None
    whole = parts.scheme in ("http", "https") and host and f"{parts.path}{parts.query}".isascii()
    return parts if whole and not _UNSENT.search(url) else None


def address_problems(url: str, sent: Aim) -> Iterator[str]:
    """Why no request can be sent to *url*, or not the one that has to be *sent*."""
    if parts_to_ask(url) is None:
        yield f"{url!r} is no http or https address that can be asked; set 'url'."
    if sent.problem:
        yield f"it {sent.problem}; set its method, or take that condition out of a rule."


def header_problems(headers: tuple[tuple[str, str], ...], *, called: str = "its header") -> Iterator[str]:
    """Which of *headers* cannot be sent. *called* is what one of them is called."""
    for name, value in headers:
        if not (is_token(name) and _VALUE.fullmatch(value)):
            yield f"{called} {name!r} cannot be sent: write plain ASCII, and the name without spaces."
        elif _MEANT.match(value) and not referred_secret(value):
            yield (
                f"{called} {name!r} seems to refer to a secret, and would be sent as it stands: write "
                "secretsmanager:NAME, in small letters, without spaces, and with the secret's name or ARN."
            )


def is_sendable(value: str) -> bool:
    """Whether a header can have it."""
    return bool(_VALUE.fullmatch(value))


def referred_secret(value: str) -> str:
    """The name or ARN of the secret that a header's *value* refers to; empty for a value of its own."""
    found = _SECRET.fullmatch(value)
    return found[1] if found else ""


def header_options(name: str, value: str) -> tuple[str, str]:
    """A header for the service's commands. Of a value that lies in a secret they are told where, and read it.

    Two options, so that a command that knows no secrets sends none of their names.
    """
    secret = referred_secret(value)
    return ("--header-secret", f"{name}={secret}") if secret else ("--header", f"{name}={value}")


def untold_problems(version_header: str, release: ReleaseImage) -> Iterator[str]:
    """That answers cannot name the *release* in *version_header*: they name it by its tag."""
    if version_header and not release.tag:
        yield (
            f"tells releases apart by header {version_header}, but no release tag points to {release.digest}. Tag the "
            "image <semver>-<commit>, or set the gate's version_header to ''."
        )


def secrets_of(sent: Aim) -> Iterator[str]:
    """A password or the values of a query in the address, and the values of headers; no reference to a secret."""
    parts = urlsplit(sent.url)
    yield from filter(None, (parts.username, parts.password))
    headers = ((name, value) for name, value in sent.headers if not referred_secret(value))
    yield from (value for name, value in (*parse_qsl(parts.query), *headers) if name.lower() != "host")


def read_headers(place: str, headers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headers that the option at *place* gives. Raises RequestError for a value that is no text."""
    for header, value in headers.items():
        if problem := value_problem(value):
            raise RequestError(f"{place}.{header} {problem}.")
    return tuple((str(header), str(value)) for header, value in headers.items())
