# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""From a bearer token to a caller: signature, issuer, audience, time, team and roles (RFC 7519, RFC 9068)."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from fastbreak_service.identity.caller import Caller, Role
from fastbreak_service.identity.keys import ALGORITHMS, UnknownKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jwt import PyJWK

    from fastbreak_service.identity.issuer import IssuerSettings
    from fastbreak_service.identity.keys import Keys

_MOST_CHARACTERS = 8192
_CLOCKS_APART_SECONDS = 30
_MOST_ACCEPTED = 10_000
_NEEDED = ["exp", "iat", "iss", "aud", "sub"]
_MOST_SUBJECT_CHARACTERS = 255
_TEAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class TokenError(Exception):
    """A token that is not accepted; the message says why, in words for whoever sent it."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What a token came to: its caller, until when in seconds since 1970, and the key that signed it by its id."""

    caller: Caller
    until: int
    key_id: str | None
    key: PyJWK


class Tokens:
    """Checks the tokens of one issuer. `now` gives seconds since 1970, as the times in tokens are."""

    def __init__(self, settings: IssuerSettings, keys: Keys, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = keys
        self._now = now
        self._accepted: dict[bytes, _Accepted] = {}

    def known(self, token: str) -> Caller | None:
        """Whose token it is that was accepted before; None where that has to be found out, now or again.

        It counts until it expires, or until its issuer was asked for the keys once more.
        """
        found = self._accepted.get(_digest(token))
        if found is None or self._now() >= found.until or self._keys.at_hand(found.key_id) is not found.key:
            return None
        return found.caller

    def needs_issuer(self, token: str) -> bool:
        """Whether the issuer may have to be asked before `caller` can tell."""
        try:
            return self._keys.at_hand(_key_id(token)) is None
        except TokenError:
            return False

    def caller(self, token: str) -> Caller:
        """Whose token it is. Raises TokenError, and IssuerError where the issuer's keys cannot be had."""
        key_id = _key_id(token)
        try:
            key = self._keys.get(key_id)
        except UnknownKeyError as error:
            raise TokenError("its issuer has no key of that id") from error
        settings = self._settings
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=_CLOCKS_APART_SECONDS,
                options={"require": _NEEDED},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenError("it has expired") from error
        except jwt.InvalidAudienceError as error:
            raise TokenError("it is for another audience") from error
        except jwt.InvalidIssuerError as error:
            raise TokenError("it is of another issuer") from error
        except jwt.MissingRequiredClaimError as error:
            raise TokenError(f"it has no {error.claim}") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise TokenError("it is not signed by its issuer, or not valid now") from error
        caller = Caller(_team(claims, settings.team_claim), _roles(claims, settings.roles_claim), _subject(claims))
        if len(self._accepted) >= _MOST_ACCEPTED:
            self._accepted.clear()
        until = int(claims["exp"]) + _CLOCKS_APART_SECONDS
        self._accepted[_digest(token)] = _Accepted(caller, until, key_id, key)
        return caller


def _digest(token: str) -> bytes:
    """What a token is known by: the token itself is not kept."""
    return hashlib.sha256(token.encode()).digest()


def _key_id(token: str) -> str | None:
    if len(token) > _MOST_CHARACTERS:
        raise TokenError(f"it has more than {_MOST_CHARACTERS} characters")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise TokenError("it is no JSON Web Token") from error
    if header.get("alg") not in ALGORITHMS:
        raise TokenError("it is not signed by a key pair")
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise TokenError("its key id is no text")
    return key_id


def _team(claims: Mapping[str, Any], name: str) -> str:
    team = claims.get(name)
    if not isinstance(team, str) or not _TEAM.fullmatch(team):
        raise TokenError(f"its claim {name} names no team")
    return team


def _subject(claims: Mapping[str, Any]) -> str:
    """Whom the issuer means: at most 255 characters (OpenID Connect Core 1.0, 2), which are shown to the team."""
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT_CHARACTERS or not subject.isprintable():
        raise TokenError("its sub is no text of 1 to 255 printable characters")
    return subject


def _roles(claims: Mapping[str, Any], name: str) -> frozenset[Role]:
    """Those that are known here; others are another service's."""
    given = claims.get(name)
    texts = [role for role in given if isinstance(role, str)] if isinstance(given, list) else []
    return frozenset(Role(role) for role in texts if role in set(Role))
