# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who may do what: the bearer token of a request (RFC 6750), or nobody's where the service is open."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.api.errors import ApiError
from fastbreak_service.identity.caller import ANYBODY, Role
from fastbreak_service.identity.keys import FRESH_SECONDS, IssuerError, Keys
from fastbreak_service.identity.tokens import TokenError, Tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.identity.issuer import IssuerSettings

_BEARER = re.compile(r"bearer +([!-~]+) *", re.IGNORECASE)
_ISSUER_PAUSE_SECONDS = 5.0
log = structlog.get_logger()


class Admission:
    """Admits callers; anybody without settings of an issuer."""

    def __init__(self, settings: IssuerSettings | None, keys: Keys | None = None) -> None:
        self._keys = keys or Keys(settings.issuer) if settings else None
        self._tokens = Tokens(settings, self._keys) if settings and self._keys else None
        # Whoever waits for the issuer waits here, and not in one of the few threads that ask the database.
        self._asking = asyncio.Lock()

    async def admit(self, request: Request, *needed: Role) -> Caller:
        """The caller of a request, who has one of the needed roles. Raises ApiError."""
        if self._tokens is None:
            return ANYBODY
        token = _token(request)
        caller = self._tokens.known(token) or await self._checked(self._tokens, token)
        structlog.contextvars.bind_contextvars(team=caller.team)
        if not any(map(caller.may, needed)):
            enough = " or ".join(dict.fromkeys((*needed, Role.ADMINISTRATOR)))
            raise ApiError(
                403,
                "forbidden",
                f"This needs the role {enough}, which the token does not give. Ask whoever manages "
                "your team's accounts for it.",
                {"www-authenticate": 'Bearer error="insufficient_scope"'},
            )
        return caller

    async def _checked(self, tokens: Tokens, token: str) -> Caller:
        """Whose token it is. Raises ApiError."""
        try:
            if tokens.needs_issuer(token):
                async with self._asking:
                    return await asyncio.to_thread(tokens.caller, token)
            return tokens.caller(token)
        except TokenError as error:
            raise _unauthenticated(f"The token is not accepted: {error}. Log in again.", "invalid_token") from error
        except IssuerError as error:
            raise _issuer_away() from error

    def check(self) -> None:
        """Raise ApiError where no token can be checked."""
        if self._keys is not None and not self._keys.known:
            raise _issuer_away()

    async def keep_up(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Ask the issuer now and then, until this is cancelled, so that a key it took back is not accepted for long."""
        while self._keys is not None:
            async with self._asking:
                await asyncio.to_thread(self._keys.refresh)
            await sleep(FRESH_SECONDS if self._keys.known else _ISSUER_PAUSE_SECONDS)


def _token(request: Request) -> str:
    given = request.headers.getlist("authorization")
    if not given:
        raise _unauthenticated("Send a token of your issuer: Authorization: Bearer TOKEN.")
    found = _BEARER.fullmatch(given[0])
    if len(given) > 1 or found is None:
        raise _unauthenticated("Send one header Authorization, of the form Bearer TOKEN.", "invalid_request")
    return found[1]


def _issuer_away() -> ApiError:
    return ApiError(
        503,
        "identity_unavailable",
        "The keys of the issuer of tokens cannot be had at the moment. Try again in a minute.",
        {"retry-after": "60"},
    )


def _unauthenticated(message: str, error: str = "") -> ApiError:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    return ApiError(401, "unauthenticated", message, {"www-authenticate": challenge})
