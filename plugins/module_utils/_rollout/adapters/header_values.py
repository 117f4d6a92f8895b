# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of requests whose values lie in Secrets Manager: read when they are sent, and never part of an option.

A secret holds the value itself, or the credentials by which a client gets bearer tokens (RFC 6749, section 4.4).
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..._aws.api import AwsClient
from ..._common.timely import TimelyConnection, whole_body
from ..._errors import FastbreakError, OperationError
from ..gates.http_address import is_sendable, parts_to_ask, referred_secret

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from ..._common.clock import Clock

_NEEDED = ("token_endpoint", "client_id", "client_secret")
_ASKED = ("audience", "scope")
_ANSWER_SECONDS, _MOST_BYTES = 10.0, 1 << 16
# A secret that was changed is read again after so long. Of a token only the first part of its life is used.
_KEPT_SECONDS, _USED_SHARE, _LONGEST_SECONDS = 300.0, 0.8, 86400.0
# So long nobody asks again for what was not had: else each gate in turn would wait for an endpoint that hangs.
_FAILED_SECONDS = 5.0
# How JSON begins that may hold credentials, and never a header's value.
_JSON_BEGINS = ("{", "[", '"', "'")


class SecretValues(AwsClient):
    """Secrets Manager."""

    label = "Secrets Manager"

    def value(self, name: str) -> str:
        """The text of a secret by its name or ARN. Raises OperationError and UnavailableError."""
        answer = self._call(f"read secret {name}", "get_secret_value", SecretId=name)
        return str(answer.get("SecretString") or "")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value, or why there is none. ``is_anew``: it was read since the one before it was not accepted."""

    value: str
    until: float
    error: FastbreakError | None = None
    is_anew: bool = False


class HeaderValues:
    """What stands for references to secrets. *read* gives a secret's text by its name. For several threads."""

    def __init__(self, read: Callable[[str], str], *, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._refused: set[str] = set()

    def of(self, headers: tuple[tuple[str, str], ...], trust: Callable[[], ssl.SSLContext]) -> dict[str, str]:
        """The *headers* as they are sent. Raises OperationError and UnavailableError where a value cannot be had."""
        return {name: self._value(referred_secret(value), trust) or value for name, value in headers}

    def _value(self, secret: str, trust: Callable[[], ssl.SSLContext]) -> str:
        if not secret:
            return ""
        with self._lock:
            kept = self._kept.get(secret)
            if kept is None or self._clock.monotonic() >= kept.until:
                kept = self._kept[secret] = self._read_anew(secret, trust)
        if kept.error:
            raise kept.error.with_traceback(None)
        return kept.value

    def forget(self, headers: tuple[tuple[str, str], ...], sent: Mapping[str, str]) -> None:
        """Read what stands for *headers* again, for what was *sent* was not accepted: it may have been rotated.

        What is not accepted right after it was read again is kept as long as any other, so that a client without
        rights does not ask for a token with each request.
        """
        with self._lock:
            for name, value in headers:
                secret = referred_secret(value)
                kept = self._kept.get(secret)
                if kept and not kept.error and not kept.is_anew and kept.value == sent.get(name):
                    del self._kept[secret]
                    self._refused.add(secret)

    def _read_anew(self, secret: str, trust: Callable[[], ssl.SSLContext]) -> _Kept:
        try:
            value, seconds = self._read_value(secret, trust)
        except FastbreakError as error:
            return _Kept("", self._clock.monotonic() + _FAILED_SECONDS, error)
        is_anew = secret in self._refused
        self._refused.discard(secret)
        return _Kept(value, self._clock.monotonic() + seconds, is_anew=is_anew)

    def _read_value(self, secret: str, trust: Callable[[], ssl.SSLContext]) -> tuple[str, float]:
        """A value, and for how many seconds it is used."""
        text = self._read(secret).strip()
        held = _object(text)
        if held is not None:
            trusted = trust()

            def connect(parts: SplitResult) -> TimelyConnection:
                return TimelyConnection(parts, seconds=_ANSWER_SECONDS, now=self._clock.monotonic, trusted=trusted)

            token, seconds = _token(secret, held, connect)
            return f"Bearer {token}", seconds * _USED_SHARE
        # Credentials that were mistyped must not become a header.
        if text.startswith(_JSON_BEGINS) or any(name in text for name in _NEEDED):
            raise OperationError(
                f"Secret {secret} holds what looks like JSON and is no JSON object. Correct it to an object with "
                f"{', '.join(_NEEDED)}, each a text, or put the header's value there as plain text."
            )
        if not (text and is_sendable(text)):
            raise OperationError(f"Secret {secret} holds no text that a header can have. Put one there in plain ASCII.")
        return text, _KEPT_SECONDS


def _object(text: str | bytes) -> Mapping[str, Any] | None:
    """The JSON object that *text* is; None for every other text."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def _token(
    secret: str, held: Mapping[str, Any], connect: Callable[[SplitResult], TimelyConnection]
) -> tuple[str, float]:
    """A bearer token for the client that a secret tells of, and how long it lasts."""
    endpoint, client, password = (held.get(name) for name in _NEEDED)
    if not all(isinstance(text, str) and text for text in (endpoint, client, password)):
        raise OperationError(
            f"Secret {secret} holds a JSON object without {', '.join(_NEEDED)}, each a text. Put them there, or the "
            "header's value as plain text."
        )
    form = {"grant_type": "client_credentials", **{name: str(held[name]) for name in _ASKED if held.get(name)}}
    pair = f"{quote(str(client), safe='')}:{quote(str(password), safe='')}"
    answered = _post(secret, str(endpoint), urlencode(form), base64.b64encode(pair.encode()).decode(), connect)
    token, seconds = answered.get("access_token"), answered.get("expires_in", _KEPT_SECONDS)
    # What is not a number (NaN) is not below infinity either.
    lasts = isinstance(seconds, int | float) and seconds <= math.inf
    if not (isinstance(token, str) and token and is_sendable(token) and lasts):
        raise OperationError(
            f"The token endpoint of secret {secret} answered without an access_token that can be sent."
        )
    return token, float(min(max(seconds, 0), _LONGEST_SECONDS))


def _post(
    secret: str, endpoint: str, form: str, pair: str, connect: Callable[[SplitResult], TimelyConnection]
) -> Mapping[str, Any]:
    """What a token endpoint answers. What went wrong is told without anything that was sent or answered."""
    parts = parts_to_ask(endpoint)
    if parts is None or parts.scheme != "https" or not parts.hostname:
        raise OperationError(
            f"The token_endpoint in secret {secret} is no https address that can be asked. Correct it."
        )
    connection = connect(parts)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"}
    try:
        # Its query is kept (RFC 6749, section 3.2).
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request("POST", target, body=form, headers={**headers, "Connection": "close"})
        with connection.getresponse() as answer:
            status, body = answer.status, whole_body(answer, _MOST_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise OperationError(
            f"The token endpoint of secret {secret} at {parts.hostname} gave no answer: {type(error).__name__}. Check "
            "the way there, and ca_bundle where a private authority signs its certificate."
        ) from error
    finally:
        connection.close()
    told = _object(body) if status == http.client.OK else None
    if told is None:
        raise OperationError(
            f"The token endpoint of secret {secret} at {parts.hostname} answered {status} without a token. Check the "
            "client's id and secret there."
        )
    return told
