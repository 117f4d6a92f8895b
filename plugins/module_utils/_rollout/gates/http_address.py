# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the gate ``http`` sends requests, and with which headers. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from ..._common.given import value_problem
from ..._common.http_token import is_token
from ..._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..service.requests import Aim

# A value of a header that http.client sends as it is.
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# A value that lies in Secrets Manager, by the name or the ARN of its secret.
_SECRET = re.compile(r"secretsmanager:([A-Za-z0-9/_+=.@:!-]+)")


def below(url: str, path: str) -> str:
    """The address of *path* below *url*."""
    return urljoin(url.rstrip("/") + "/", path.lstrip("/"))


def at_listener(listener_url: str, path: str, sent: Aim) -> tuple[str, Aim]:
    """The address of *path* at another listener, and what is *sent* there: what a rule asks for besides is the same."""
    there = urlsplit(below(listener_url, path))
    return there.geturl(), replace(sent, url=urlunsplit(there._replace(query=urlsplit(sent.url).query)))


def address_problems(url: str, sent: Aim) -> Iterator[str]:
    """Why no request can be sent to *url*, or not the one that has to be *sent*."""
    if urlsplit(url).scheme not in ("http", "https"):
        yield f"{url!r} is no http or https address; set 'url'."
    if sent.problem:
        yield f"it {sent.problem}; set its method, or take that condition out of a rule."


def header_problems(headers: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """Which of *headers* cannot be sent."""
    for name, value in headers:
        if not (is_token(name) and _VALUE.fullmatch(value)):
            yield f"its header {name!r} cannot be sent: write plain ASCII, and the name without spaces."


def is_sendable(value: str) -> bool:
    """Whether a header can have it."""
    return bool(_VALUE.fullmatch(value))


def referred_secret(value: str) -> str:
    """The name or ARN of the secret that a header's *value* refers to; empty for a value of its own."""
    found = _SECRET.fullmatch(value)
    return found[1] if found else ""


def secrets_of(sent: Aim) -> Iterator[str]:
    """A password or the values of a query in the address, and the values of headers; no reference to a secret."""
    parts = urlsplit(sent.url)
    yield from filter(None, (parts.username, parts.password))
    headers = ((name, value) for name, value in sent.headers if not referred_secret(value))
    yield from (value for name, value in (*parse_qsl(parts.query), *headers) if name.lower() != "host")


def read_headers(name: str, headers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The headers of the gate *name* as options give them. Raises RequestError for a value that is no text."""
    for header, value in headers.items():
        if problem := value_problem(value):
            raise RequestError(f"Gate {name}: headers.{header} {problem}.")
    return tuple((str(header), str(value)) for header, value in headers.items())
