# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The sandbox's own routes under ``/_sandbox/ecr/``: what AWS decides by itself and a test must be able to decide.

``POST scan-findings`` sets what scans find, ``POST token-lifetime`` how long passwords are good; README.md says more.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from sandbox.host import AsgiApp, Sandbox
from sandbox.services.ecr.model import findings
from sandbox.services.ecr.model.blobs import DIGEST
from sandbox.services.ecr.model.scans import BASIC, ENHANCED, NONE, Preparations, Prepared
from sandbox.services.ecr.model.tokens import Tokens
from sandbox.services.ecr.runtime.http import Response, answer, request_of

_PREFIX = "/_sandbox/ecr/"
_LIMIT_BYTES = 64 << 20
_REPOSITORY = re.compile(r"\*|[a-z0-9]+(?:[._/-][a-z0-9]+)*")
_STATUSES = frozenset(
    {
        *("IN_PROGRESS", "COMPLETE", "FAILED", "UNSUPPORTED_IMAGE", "ACTIVE", "PENDING", "SCAN_ELIGIBILITY_EXPIRED"),
        *("FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED", "IMAGE_ARCHIVED", NONE),
    }
)


class InvalidSettingError(ValueError):
    """What was asked for cannot be; the text says why."""


class Control:
    """Answers the routes."""

    def __init__(self, sandbox: Sandbox, preparations: Preparations, tokens: Tokens) -> None:
        self._accounts = sandbox.accounts
        self._preparations, self._tokens = preparations, tokens
        self._routes: dict[str, Callable[[dict[str, Any]], None]] = {
            "scan-findings": self._set_findings,
            "token-lifetime": self._set_lifetime,
        }

    def middleware(self, app: AsgiApp) -> AsgiApp:
        """`app`, which does not see the routes."""

        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"].startswith(_PREFIX):
                await self._serve(scope, receive, send)
            else:
                await app(scope, receive, send)

        return wrapped

    async def _serve(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = request_of(scope, receive)
        setter = self._routes.get(request.path.removeprefix(_PREFIX))
        body = await request.body(limit=_LIMIT_BYTES)
        if setter is None or request.method != "POST":
            known = ", ".join(f"POST {_PREFIX}{name}" for name in self._routes)
            response = _refused(404, f"no such route: there are {known}")
        elif body is None:
            response = _refused(413, f"the body may have {_LIMIT_BYTES} bytes")
        else:
            response = _applied(setter, body)
        await answer(response, send, head=False)

    def _set_findings(self, asked: dict[str, Any]) -> None:
        _only(asked, {"account", "repository", "digest", "findings", "kind", "status", "description", "delay_seconds",
                      "in_describe_images"})  # fmt: skip
        repository, digest = str(asked.get("repository", "*")), str(asked.get("digest", "*"))
        if not _REPOSITORY.fullmatch(repository):
            raise InvalidSettingError(f"repository is {repository!r}: it must be a name or *")
        if digest != "*" and not DIGEST.fullmatch(digest):
            raise InvalidSettingError(f"digest is {digest!r}: it must be sha256:… or *")
        prepared = _prepared(asked)
        for account in self._accounts_of(asked):
            self._preparations.put(account, repository, digest, prepared)

    def _set_lifetime(self, asked: dict[str, Any]) -> None:
        _only(asked, {"account", "seconds"})
        seconds = _seconds(asked, "seconds")
        for account in self._accounts_of(asked):
            self._tokens.limit(account, seconds)

    def _accounts_of(self, asked: dict[str, Any]) -> list[str]:
        """The account that is asked for by name or id; all of them when none is."""
        account = str(asked.get("account", "*"))
        if account == "*":
            return list(self._accounts.values())
        found = self._accounts.get(account, account)
        if found not in self._accounts.values():
            raise InvalidSettingError(f"account is {account!r}: there are {self._accounts}")
        return [found]


def _prepared(asked: dict[str, Any]) -> Prepared:
    wanted = asked.get("findings", [])
    if not isinstance(wanted, list):
        raise InvalidSettingError("findings must be a list")
    for place, finding in enumerate(wanted):
        if wrong := findings.problem(finding):
            raise InvalidSettingError(f"findings[{place}]: {wrong}")
    kind, status = str(asked.get("kind") or "").upper(), str(asked.get("status") or "").upper()
    if kind not in {"", BASIC, ENHANCED}:
        raise InvalidSettingError(f"kind is {asked['kind']!r}: it must be basic or enhanced")
    if status not in {"", *_STATUSES}:
        raise InvalidSettingError(f"status is {asked['status']!r}: it must be one of {', '.join(sorted(_STATUSES))}")
    return Prepared(
        findings=tuple(wanted),
        kind=kind,
        status=status,
        description=str(asked.get("description") or ""),
        delay_seconds=_seconds(asked, "delay_seconds", default=0.0),
        in_describe_images=bool(asked.get("in_describe_images", False)),
    )


def _seconds(asked: dict[str, Any], name: str, default: float | None = None) -> float:
    given = asked.get(name, default)
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < math.inf:
        raise InvalidSettingError(f"{name} is {given!r}: it must be a number of seconds, 0 or more")
    return float(given)


def _only(asked: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(asked) - known):
        raise InvalidSettingError(f"unknown: {', '.join(unknown)}; there are {', '.join(sorted(known))}")


def _applied(setter: Callable[[dict[str, Any]], None], body: bytes) -> Response:
    try:
        asked = json.loads(body)
        if not isinstance(asked, dict):
            raise InvalidSettingError("the body must be a JSON object")
        setter(asked)
    except ValueError as error:
        return _refused(400, str(error))
    return Response(status=200, headers={"Content-Type": "application/json"}, body=b"{}")


def _refused(status: int, message: str) -> Response:
    return Response(
        status=status, headers={"Content-Type": "application/json"}, body=json.dumps({"message": message}).encode()
    )
