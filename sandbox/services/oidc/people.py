# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Signing in with a browser: who asks for it, who may, and the codes that are changed for tokens once.

RFC 6749, section 4.1 (authorization code); RFC 7636 (PKCE, S256 alone); RFC 9207 (`iss` in the answer); OpenID Connect
Core 1.0, section 3.1. There is no implicit flow, no refresh and no session: every sign-in asks who it is.
"""

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.services.oidc.model import OWN_CLAIMS, Client, Issuer, Refused

CODE_SECONDS = 60
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in; `claims`, such as team and roles, are in their tokens."""

    claims: Mapping[str, Any]

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Person":
        """A person as a request describes them; ValueError says what is wrong."""
        claims = given.get("claims", {})
        if not isinstance(claims, dict) or (OWN_CLAIMS | {"sub"}) & set(claims):
            raise ValueError(f"claims have to be an object without {', '.join(sorted(OWN_CLAIMS | {'sub'}))}")
        return cls(claims)


@dataclass(frozen=True)
class Asked:
    """A site's request that somebody signs in."""

    client_id: str
    redirect_uri: str
    challenge: str
    state: str
    nonce: str

    def answer(self, issuer: str, **told: str) -> str:
        """Where the browser goes with the answer."""
        kept = {"state": self.state} if self.state else {}
        joint = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{joint}{urlencode({**told, **kept, 'iss': issuer})}"


class Redirected(Exception):  # noqa: N818 - it is an answer, not a fault
    """What is wrong with a request is told to the site, by way of the browser."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True)
class _Code:
    asked: Asked
    person: str
    until: float


class Desk:
    """Where people sign in. For many threads."""

    def __init__(self, issuer: Issuer, now: Callable[[], float] = time.monotonic) -> None:
        self._issuer, self._now = issuer, now
        self._lock = threading.Lock()
        self._people: dict[str, Person] = {}
        self._codes: dict[str, _Code] = {}

    def register(self, name: str, person: Person) -> None:
        """Add somebody, or replace whoever has the name."""
        with self._lock:
            self._people[name] = person

    def forget(self) -> None:
        """Everybody."""
        with self._lock:
            self._people.clear()
            self._codes.clear()

    def people(self) -> dict[str, Person]:
        """Who may sign in, by name."""
        with self._lock:
            return dict(self._people)

    def asked(self, form: Mapping[str, str]) -> Asked:
        """A request to sign in. Refused is for whoever looks at the page: the site may be another than it says."""
        name, target = form.get("client_id", ""), form.get("redirect_uri", "")
        client = self._issuer.client(name)
        if client is None or not client.redirect_uris:
            raise Refused("invalid_request", f"{name or 'nobody'} is no site that people sign in to")
        if target not in client.redirect_uris:
            raise Refused("invalid_request", f"{target or 'no address'} is none of the addresses of {name}")
        asked = Asked(name, target, form.get("code_challenge", ""), form.get("state", ""), form.get("nonce", ""))
        for wrong, code in (
            (form.get("response_type") != "code", "unsupported_response_type"),
            ("openid" not in form.get("scope", "").split(), "invalid_scope"),
            (form.get("code_challenge_method") != "S256", "invalid_request"),
            (not CHALLENGE.fullmatch(asked.challenge), "invalid_request"),
        ):
            if wrong:
                raise Redirected(asked.answer(self._issuer.url, error=code))
        return asked

    def sign_in(self, asked: Asked, person: str) -> str:
        """Where the browser goes, with a code, when it is `person`."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            if person not in self._people:
                raise Redirected(asked.answer(self._issuer.url, error="access_denied"))
            self._codes = {name: held for name, held in self._codes.items() if held.until > self._now()}
            self._codes[code] = _Code(asked, person, self._now() + CODE_SECONDS)
        return asked.answer(self._issuer.url, code=code)

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Tokens for a code, once; whatever is wrong, the code is used up. Raises Refused."""
        with self._lock:
            held = self._codes.pop(form.get("code", ""), None)
            person = self._people.get(held.person) if held else None
        if held is None or person is None or held.until <= self._now():
            raise Refused("invalid_grant", "there is no such code, or it was used, or it is too old")
        client = self._issuer.client(form.get("client_id", ""))
        if client is None or form.get("client_id") != held.asked.client_id:
            raise Refused("invalid_client", "the code is another site's")
        if form.get("redirect_uri") != held.asked.redirect_uri:
            raise Refused("invalid_grant", "redirect_uri is another than the one that was asked with")
        if not _proves(form.get("code_verifier", ""), held.asked.challenge):
            raise Refused("invalid_grant", "code_verifier does not belong to the code_challenge")
        return self._tokens(client, held, person)

    def _tokens(self, client: Client, held: _Code, person: Person) -> dict[str, Any]:
        claims = {**person.claims, "sub": held.person}
        nonce = {"nonce": held.asked.nonce} if held.asked.nonce else {}
        name = held.asked.client_id
        return {
            "access_token": self._issuer.signed(
                {**claims, "aud": client.audiences[0], "client_id": name}, client.seconds
            ),
            "id_token": self._issuer.signed({"sub": held.person, "aud": name, **nonce}, client.seconds),
            "token_type": "Bearer",
            "expires_in": client.seconds,
        }

    def lets(self, origin: str) -> bool:
        """Whether pages of an origin may read answers: sites that people sign in to (Fetch, CORS protocol)."""
        return any(origin == origin_of(target) for target in self._issuer.redirect_uris())


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _proves(verifier: str, challenge: str) -> bool:
    if not VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())
