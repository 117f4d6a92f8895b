# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Headers whose values lie in AWS Secrets Manager: a value itself, or a client's credentials.

By credentials bearer tokens are asked for (RFC 6749, section 4.4). Neither they nor a token are in a command, a log or
a message: what is told of a failure names the secret, and what to do.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from fastbreak_service.identity.issuer import is_safe
from fastbreak_service.probing import HeldHeaderError
from fastbreak_service.timely import TimelyConnection, whole_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NEEDED = ("token_endpoint", "client_id", "client_secret")
_ASKED = ("audience", "scope")
_ANSWER_SECONDS, _MOST_BYTES = 10.0, 1 << 16
# Of a token only the first part of its life is used, and of one that does not say how long it lives this much.
_USED_SHARE, _UNTOLD_SECONDS = 0.8, 300.0
_SENDABLE = re.compile(r"[\t\x20-\x7e]+")
# How JSON begins that may hold credentials, and never a header's value.
_JSON_BEGINS = ("{", "[", '"', "'")


class HeldHeaders:
    """The *names* of headers with the secret of each. *read* gives a secret's text, *now* seconds."""

    def __init__(
        self,
        names: tuple[tuple[str, str], ...],
        read: Callable[[str], str] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = names
        self._read = read or _secret_text
        self._now = now
        self._kept: dict[str, tuple[str, float]] = {}

    def sent(self) -> Mapping[str, str]:
        """The headers as they are sent. Raises HeldHeaderError."""
        return {name: self._value(secret) for name, secret in self._names}

    def _value(self, secret: str) -> str:
        value, until = self._kept.get(secret, ("", 0.0))
        if not value or self._now() >= until:
            began = self._now()
            value, seconds = _value_of(secret, self._read(secret).strip())
            self._kept[secret] = (value, began + seconds)
        return value


def _secret_text(name: str) -> str:
    from fastbreak_service.store.credentials import CURRENT  # noqa: PLC0415 - other requests need no AWS
    from fastbreak_service.store.failures import SecretError  # noqa: PLC0415
    from fastbreak_service.store.secret import Secret  # noqa: PLC0415

    try:
        return Secret(name).version(CURRENT).document
    except SecretError as error:
        raise HeldHeaderError(
            f"{error}. Check that the secret is there, and that this task's role may read it."
        ) from None


def _value_of(secret: str, text: str) -> tuple[str, float]:
    """A value, and for how many seconds it is used."""
    held = _object(text)
    if held is not None:
        token, seconds = _token(secret, held)
        return f"Bearer {token}", seconds * _USED_SHARE
    # Credentials that were mistyped must not become a header.
    if text.startswith(_JSON_BEGINS) or any(name in text for name in _NEEDED):
        raise HeldHeaderError(
            f"Secret {secret} holds what looks like JSON and is no JSON object. Correct it to an object with "
            f"{', '.join(_NEEDED)}, each a text, or put the header's value there as plain text."
        )
    if not _SENDABLE.fullmatch(text):
        raise HeldHeaderError(f"Secret {secret} holds no text that a header can have. Put one there in plain ASCII.")
    return text, float("inf")


def _object(text: str | bytes) -> Mapping[str, Any] | None:
    """The JSON object that *text* is; None for every other text."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def _token(secret: str, held: Mapping[str, Any]) -> tuple[str, float]:
    """A bearer token for the client that a secret tells of, and how long it lasts."""
    endpoint, client, password = (held.get(name) for name in _NEEDED)
    if not all(isinstance(text, str) and text for text in (endpoint, client, password)):
        raise HeldHeaderError(
            f"Secret {secret} holds a JSON object without {', '.join(_NEEDED)}, each a text. Put them there, or the "
            "header's value as plain text."
        )
    form = {"grant_type": "client_credentials", **{name: str(held[name]) for name in _ASKED if held.get(name)}}
    pair = f"{quote(str(client), safe='')}:{quote(str(password), safe='')}"
    answered = _post(secret, str(endpoint), urlencode(form), base64.b64encode(pair.encode()).decode())
    token, seconds = answered.get("access_token"), answered.get("expires_in", _UNTOLD_SECONDS)
    if not (isinstance(token, str) and _SENDABLE.fullmatch(token) and isinstance(seconds, int | float)):
        raise HeldHeaderError(f"The token endpoint of secret {secret} answered without an access_token to send.")
    return token, float(seconds)


def _post(secret: str, endpoint: str, form: str, pair: str) -> Mapping[str, Any]:
    """What a token endpoint answers. No redirect is followed: credentials go to whom the secret names alone."""
    parts = urlsplit(endpoint) if is_safe(endpoint) else None
    if parts is None:
        raise HeldHeaderError(f"The token_endpoint in secret {secret} is no https address. Correct it.")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"}
    try:
        connection = TimelyConnection(parts, seconds=_ANSWER_SECONDS, now=time.monotonic)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=form, headers={**headers, "Connection": "close"})
        with connection.getresponse() as answer:
            status, body = answer.status, whole_body(answer, _MOST_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise HeldHeaderError(
            f"The token endpoint of secret {secret} at {parts.hostname} gave no answer to this task: "
            f"{type(error).__name__}. Check the way there from the network of the tasks."
        ) from None
    told = _object(body) if status == http.client.OK else None
    if told is None:
        raise HeldHeaderError(
            f"The token endpoint of secret {secret} at {parts.hostname} answered {status} without a token. Check the "
            "client's id and secret there."
        )
    return told
