# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one registry: authenticated, sent again when that may help, redirected only where it is safe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..._errors import OperationError
from .answers import clean, read_refusal, refused
from .origin import Origin, join, origin_of
from .told_time import ToldTime
from .wire import BrokenConnectionError, Exchange, Request, Response

if TYPE_CHECKING:
    from .answers import Retrier
    from .auth import Authorizer
    from .connections import Connections

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5


class Call:
    """A request under way: what is to be sent of its body, then its answer.

    A 401 is answered with new credentials, once. When the body cannot be sent a second time from here, that is told
    as a `BrokenConnectionError`, so that the caller looks where the upload stands and goes on.
    """

    def __init__(self, http: RegistryHttp, request: Request, repository: str) -> None:
        self._http, self._request, self._repository = http, request, repository
        self._used = http.authorization(request.url, repository)
        self._exchange = self._start(request)

    def send(self, view: memoryview) -> bool:
        """Send a piece of the body. False when the registry has answered already and wants no more."""
        return self._exchange.send(view)

    def abandon(self) -> None:
        """Close the connection."""
        self._exchange.abandon()

    def response(self) -> Response:
        """The answer, after redirects of a GET or HEAD."""
        response = self._heard(self._exchange)
        if self._http.wants_other_credentials(response) and self._renew(response):
            response.finish()
            if not self._request.can_be_repeated:
                raise BrokenConnectionError("the credentials had expired and were renewed")
            self._used = self._http.authorization(self._request.url, self._repository)
            response = self._heard(self._start(self._request))
        if self._request.method in {"GET", "HEAD"}:
            return self._follow(response)
        return response

    def _start(self, request: Request) -> Exchange:
        if self._used:
            request = replace(request, headers={**request.headers, "Authorization": self._used})
        return Exchange(self._http.connections, request)

    def _heard(self, exchange: Exchange) -> Response:
        response = exchange.response()
        if self._http.owns(response.url):
            self._http.told_time.hear(response)
        return response

    def _renew(self, response: Response) -> bool:
        return self._http.renew(self._repository, self._used, response)

    def _follow(self, response: Response) -> Response:
        """Follow redirects. Another origin gets neither credentials nor cookies; https never becomes http."""
        for _hop in range(_HOPS):
            location = response.header("Location")
            if response.status not in _REDIRECTS or not location:
                return response
            url = join(response.url, location)
            target, current = origin_of(url), origin_of(response.url)
            response.finish()
            if target is None or current is None or (current.scheme == "https" and target.scheme != "https"):
                raise self._unsafe(url)
            headers = dict(self._request.headers)
            if self._http.owns(url) and self._used:
                headers["Authorization"] = self._used
            response = Exchange(self._http.connections, Request(self._request.method, url, headers)).response()
        if response.status in _REDIRECTS:
            response.finish()
            raise OperationError(
                f"{self._http.host} redirects more than {_HOPS} times. Check the registry, then run again."
            )
        return response

    def _unsafe(self, url: str) -> OperationError:
        shown = clean(url.partition("?")[0].rpartition("@")[2])
        return OperationError(
            f"{self._http.host} redirects to {shown}, which is not followed: only http and https addresses are, and "
            "never from https to http. Check the registry."
        )


class RegistryHttp:
    """One registry. ``host`` is how it is called in references and messages, *origin* where it is reached."""

    def __init__(  # noqa: PLR0913 (the parts of a side, put together in one place)
        self,
        host: str,
        origin: Origin,
        connections: Connections,
        authorizer: Authorizer,
        retrier: Retrier,
        *,
        actions: str = "pull,push",
    ) -> None:
        self.host, self._origin, self.connections = host, origin, connections
        self._authorizer, self._actions = authorizer, actions
        self.retrier = retrier
        self.told_time = ToldTime(retrier.clock)

    @property
    def origin(self) -> Origin:
        """Where it is reached."""
        return self._origin

    def url(self, path: str) -> str:
        """The absolute URL of a path."""
        return f"{self._origin}{path}"

    def resolve(self, location: str, base: str) -> str:
        """The absolute URL of a ``Location`` or ``Link``; empty when it cannot be used.

        A URL of another origin is given back as it is: what is sent there carries no credentials, see `authorization`.
        http on the host of an https registry is a proxy's mistake about itself, and means this registry.
        """
        url = join(base, location)
        target = origin_of(url)
        if target is None:
            return ""
        if target.scheme == "http" and self._origin.scheme == "https":
            if target.host != self._origin.host:
                return ""
            parts = urlsplit(url)
            return f"{self._origin}{parts.path}{f'?{parts.query}' if parts.query else ''}"
        return url

    def owns(self, url: str) -> bool:
        """Whether an URL is of this registry's own origin."""
        return origin_of(url) == self._origin

    def authorization(self, url: str, repository: str) -> str:
        """The ``Authorization`` header to send; always empty for another origin."""
        return self._authorizer.header(repository, self._actions) if self.owns(url) else ""

    def wants_other_credentials(self, response: Response) -> bool:
        """Whether an answer of this registry says that the credentials are missing or expired."""
        if not self.owns(response.url):
            return False
        # ECR answers 403 to a password that expired, and to who may not.
        expired = response.status == 403 and "expired" in read_refusal(response).text.lower()
        return response.status == 401 or expired

    def renew(self, repository: str, used: str, response: Response) -> bool:
        """Get new credentials after a refusal; whether there are any."""
        asked = ", ".join(response.values("WWW-Authenticate"))
        return self._authorizer.renew(repository, self._actions, used, asked)

    def begin(self, request: Request, repository: str) -> Call:
        """Send a request, or its head. Raises `BrokenConnectionError`."""
        return Call(self, request, repository)

    def ask(self, attempted: str, request: Request, repository: str) -> Response:
        """Send a request that may be sent twice, and again while the registry is busy or out of reach.

        Raises `CredentialsError` and `UnavailableError`; every other answer is the caller's to judge.
        *attempted* completes the sentence "Tried to ...".
        """
        return self.permitted(attempted, self.answer(attempted, request, repository))

    def answer(self, attempted: str, request: Request, repository: str) -> Response:
        """Like `ask`, with refused credentials among the answers that the caller judges."""
        return self.retrier.answer(attempted, self.host, lambda: self.begin(request, repository).response())

    def permitted(self, attempted: str, response: Response) -> Response:
        """*response*, unless it refuses our credentials."""
        if response.status in {401, 403}:
            raise refused(attempted, self.host, read_refusal(response))
        return response
