# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who we are to a registry: nobody, a user and a password, or a token that the password gets us."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from ..._errors import UnavailableError
from ..challenge import Challenge, choose_challenge, needed_scopes, parse_challenges
from .answers import Retrier, clean, read_refusal, refused, unavailable
from .origin import Origin, origin_of
from .wire import BrokenConnectionError, Exchange, Request, Response, TooLongError

if TYPE_CHECKING:
    from ..login import Login
    from .connections import Connections

_TOKEN_BYTES = 1 << 20
_TOKEN_SECONDS = 60.0
_SPARE_SECONDS = 20.0
#: What reading a token server's JSON may raise, whatever it sends: nested without end, or of the wrong types.
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
#: How we are called where a token server wants to know that.
_CLIENT = "fastbreak"


class Logins(Protocol):
    """Where user and password come from."""

    def login(self, refused: Login | None = None) -> Login | None:
        """The login to use, which is not *refused*. None when there is none, or no other."""


class FixedLogin:
    """A login that was given, or none."""

    def __init__(self, login: Login | None = None) -> None:
        self._login = login

    def login(self, refused: Login | None = None) -> Login | None:
        """The login that was given."""
        return None if refused is not None else self._login


@dataclass(frozen=True, slots=True)
class _Token:
    header: str
    good_until: float


class Authorizer:
    """Makes ``Authorization`` headers for one registry, and new ones when the registry no longer takes them.

    How to authenticate is learned from the registry's first 401; with *basic*, user and password are sent at once.
    Tokens are kept for each repository and set of actions. A token server is asked by https when the registry is.
    """

    def __init__(
        self,
        origin: Origin,
        connections: Connections,
        logins: Logins,
        retrier: Retrier,
        *,
        basic: bool = False,
    ) -> None:
        self._origin, self._connections, self._logins = origin, connections, logins
        self._challenge = Challenge("basic") if basic else None
        self._only_basic = basic
        self._retrier = retrier
        self._lock = threading.RLock()
        self._login: Login | None = None
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._scopes: dict[tuple[str, str], tuple[str, ...]] = {}

    def header(self, repository: str, actions: str) -> str:
        """The header for *actions* (``pull`` or ``pull,push``) on a repository; empty for none."""
        with self._lock:
            if self._challenge is None:
                return ""
            if self._challenge.scheme == "basic":
                self._login = self._login or self._logins.login()
                return _basic(self._login) if self._login else ""
            kept = self._tokens.get((repository, actions))
            if kept is None or kept.good_until < self._retrier.clock.monotonic():
                kept = self._tokens[repository, actions] = self._fetch(repository, actions, self._challenge)
            return kept.header

    def renew(self, repository: str, actions: str, used: str, asked: str) -> bool:
        """Learn from a refusal of the header *used*. *asked* is ``WWW-Authenticate``. Whether to try once more."""
        with self._lock:
            if used and self.header(repository, actions) != used:
                return True
            challenge = choose_challenge(parse_challenges(asked))
            if self._only_basic:
                challenge = Challenge("basic")
            if challenge is None:
                return False
            # What it asks for besides is remembered for this repository alone.
            kept = tuple(pair for pair in challenge.parameters if pair[0] != "scope")
            self._challenge = Challenge(challenge.scheme, kept)
            if challenge.scheme == "bearer":
                self._tokens.pop((repository, actions), None)
                self._scopes[repository, actions] = needed_scopes(repository, actions, challenge)
                return True
            if used:
                self._login = self._logins.login(self._login)
            return bool(self.header(repository, actions)) and self.header(repository, actions) != used

    def _fetch(self, repository: str, actions: str, challenge: Challenge) -> _Token:
        attempted = f"get a token for {repository or 'the registry'} from {self._origin.netloc}'s token server"
        realm, query = self._token_query(attempted, repository, actions, challenge)
        response = self._ask(attempted, realm, query)
        if response.status == 401 and self._login and (login := self._logins.login(self._login)):
            response.finish()
            self._login = login
            response = self._ask(attempted, realm, query)
        if response.status != 200:
            raise refused(attempted, response.url.partition("?")[0], read_refusal(response))
        return self._read(attempted, response)

    def _token_query(
        self, attempted: str, repository: str, actions: str, challenge: Challenge
    ) -> tuple[str, list[tuple[str, str]]]:
        """Where to ask for a token, and what for."""
        realm = challenge.parameter("realm")
        origin = origin_of(realm)
        if origin is None or (self._origin.scheme == "https" and origin.scheme != "https"):
            raise UnavailableError(
                f"Tried to {attempted}, but it names {clean(realm)!r}, where no password may be sent. Check the host."
            )
        known = self._scopes.get((repository, actions)) or needed_scopes(repository, actions, challenge)
        query = [("scope", scope) for scope in known]
        if service := challenge.parameter("service"):
            query.insert(0, ("service", service))
        return realm.partition("#")[0], query

    def _ask(self, attempted: str, realm: str, query: list[tuple[str, str]]) -> Response:
        self._login = self._login or self._logins.login()
        request = _token_request(realm, query, self._login)
        return self._retrier.answer(
            attempted, self._origin.netloc, lambda: Exchange(self._connections, request).response()
        )

    def _read(self, attempted: str, response: Response) -> _Token:
        try:
            document = json.loads(response.read(_TOKEN_BYTES))
            token = document.get("token") or document["access_token"]
            seconds = float(document.get("expires_in") or _TOKEN_SECONDS)
            header = f"Bearer {_plain(token)}"
        except (BrokenConnectionError, TooLongError, *_UNREADABLE) as error:
            raise unavailable(
                attempted, self._origin.netloc, f"no token in the answer ({type(error).__name__})"
            ) from None
        return _Token(header, self._retrier.clock.monotonic() + max(seconds - _SPARE_SECONDS, seconds / 2, 1.0))


def _token_request(realm: str, query: list[tuple[str, str]], login: Login | None) -> Request:
    """The distribution specification's request for a token: of a user, or as OAuth 2 for who has an identity token."""
    if login and login.identity_token:
        scopes = " ".join(value for name, value in query if name == "scope")
        form = [(name, value) for name, value in query if name != "scope"]
        form += [("scope", scopes), ("grant_type", "refresh_token"), ("client_id", _CLIENT)]
        form.append(("refresh_token", login.identity_token))
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", realm, headers, urlencode(form).encode())
    url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
    return Request("GET", url, {"Authorization": _basic(login)} if login else {})


def _plain(token: object) -> str:
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise ValueError("the token is no text")
    return token


def _basic(login: Login) -> str:
    if login.identity_token:
        return ""
    pair = f"{login.username}:{login.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
