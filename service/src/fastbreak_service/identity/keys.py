# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""An issuer's public keys (RFC 7517), found by OpenID Connect Discovery 1.0 and asked for again when they change."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException, IncompleteRead
from typing import TYPE_CHECKING, Any

import structlog
from jwt import PyJWK, PyJWTError

from fastbreak_service.identity.issuer import is_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key alone: whoever can check one can make none."""
FRESH_SECONDS = 600.0
"""How often the issuer is asked whether it has taken a key back."""
# A token may name any key; the issuer is not asked for each.
_BETWEEN_TRIES_SECONDS = 10.0
# An issuer that does not answer may have taken a key back.
_LONGEST_SECONDS = 86_400.0
_ANSWER_SECONDS = 5.0
_MOST_BYTES = 1 << 20
_MOST_KEYS = 100
log = structlog.get_logger()


class IssuerError(Exception):
    """The issuer does not say what its keys are; the message says how it failed."""


class UnknownKeyError(Exception):
    """The issuer has no such key."""


class Keys:
    """The keys of one issuer, for many threads. `now` gives seconds, `fetch` the keys by their ids."""

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], Mapping[str, PyJWK]] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch or fetched
        self._now = now
        self._asking = threading.Lock()
        self._known: Mapping[str, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")

    @property
    def known(self) -> bool:
        """Whether there are keys by which tokens can be checked."""
        return self._now() - self._fetched_at < _LONGEST_SECONDS

    def at_hand(self, key_id: str | None) -> PyJWK | None:
        """The key without asking anybody; None where the issuer has to be asked first."""
        return _one(self._known, key_id) if self.known else None

    def get(self, key_id: str | None) -> PyJWK:
        """The key of a token; without an id, the only one there is. Raises IssuerError and UnknownKeyError."""
        found = self.at_hand(key_id)
        if found is None:
            self.refresh(_BETWEEN_TRIES_SECONDS)
            found = self.at_hand(key_id)
        if not self.known:
            raise IssuerError("its keys are not known")
        if found is None:
            raise UnknownKeyError
        return found

    def refresh(self, pause: float = 0.0) -> None:
        """Ask the issuer, unless somebody did within the last `pause` seconds. Without an answer all stays as it is."""
        with self._asking:
            if self._now() - self._tried_at >= pause:
                self._ask()

    def _ask(self) -> None:
        self._tried_at = self._now()
        try:
            self._known = self._fetch(self._issuer)
        except IssuerError as error:
            log.warning("issuer not asked", issuer=self._issuer, reason=str(error))
            return
        self._fetched_at = self._now()


def _one(keys: Mapping[str, PyJWK], key_id: str | None) -> PyJWK | None:
    if key_id is None:
        return next(iter(keys.values())) if len(keys) == 1 else None
    return keys.get(key_id)


def fetched(issuer: str) -> Mapping[str, PyJWK]:
    """The issuer's keys for signatures, by their ids. Raises IssuerError."""
    described = _document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if described.get("issuer") != issuer:
        raise IssuerError(f"it calls itself {str(described.get('issuer'))[:200]!r}")
    place = described.get("jwks_uri")
    if not isinstance(place, str) or not is_safe(place):
        raise IssuerError("its jwks_uri is no https address")
    return read_keys(_document(place))


def read_keys(document: Mapping[str, Any]) -> Mapping[str, PyJWK]:
    """The keys of a key set that can check signatures. Raises IssuerError where there is none."""
    listed = document.get("keys")
    keys: dict[str, PyJWK] = {}
    for number, entry in enumerate(listed[:_MOST_KEYS] if isinstance(listed, list) else []):
        if not isinstance(entry, dict) or entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
            continue
        try:
            key = PyJWK.from_dict(entry)
        except (PyJWTError, ValueError, TypeError, KeyError):
            # Of a kind that is not known here; the issuer may have others.
            continue
        if key.algorithm_name in ALGORITHMS:
            keys[str(entry.get("kid", f"without id {number}"))] = key
    if not keys:
        raise IssuerError("its key set has no key that checks signatures")
    return keys


def _read(answer: HTTPResponse) -> bytes:
    """One byte more than there may be at most; TimeoutError where it drips for longer than an issuer is waited for."""
    content, deadline = bytearray(), time.monotonic() + _ANSWER_SECONDS
    while len(content) <= _MOST_BYTES and (piece := answer.read1(_MOST_BYTES + 1 - len(content))):
        content += piece
        if time.monotonic() > deadline:
            raise TimeoutError("it takes too long")
    if answer.length:
        raise IncompleteRead(bytes(content), answer.length)
    return bytes(content)


def _document(address: str) -> Mapping[str, Any]:
    try:
        with urllib.request.urlopen(address, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - is_safe before and after
            if not is_safe(answer.url):
                raise IssuerError(f"{address} leads to an address that is not https")
            content = _read(answer)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise IssuerError(f"{address} could not be read: {error}") from error
    if len(content) > _MOST_BYTES:
        raise IssuerError(f"{address} has more than {_MOST_BYTES} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IssuerError(f"{address} is no JSON") from error
    if not isinstance(document, dict):
        raise IssuerError(f"{address} is no JSON object")
    return document
