# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Around every request: an id, the release's header, one log line, the counters, and no traceback for the caller."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders

from fastbreak_service import metrics
from fastbreak_service.api.connection import UNSENT_SECONDS
from fastbreak_service.api.errors import answer, internal, stopping
from fastbreak_service.api.requests import in_origin_form, refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=;-]{1,128}")
_QUIET = {"healthz", "readyz", "metrics"}
_EXPECTED = {200, 503}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
log = structlog.get_logger()


class Envelope:
    """The ASGI middleware."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self._app = app
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and account for it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = in_origin_form(scope)
        request_id = _request_id(Headers(scope=scope))
        started = time.perf_counter()
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-fastbreak-version"] = self._version
                headers["x-request-id"] = request_id
                headers["cache-control"] = "no-store"
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                wrong = refusal(scope)
                await (answer(wrong) if wrong else self._app)(scope, receive, send_marked)
            except asyncio.CancelledError:
                # Of a server that has waited for its requests and stops. There is still time for an answer.
                log.warning("request cut off")
                if status == 0:
                    await _say_farewell(scope, receive, send_marked)
            except Exception:
                log.exception("request broke off")
                if status == 0:
                    await answer(internal())(scope, receive, send_marked)
            finally:
                _account(scope, status, time.perf_counter() - started)


async def _say_farewell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that the service stops, and read on for a moment: closing within a body would reset the answer."""

    async def send_unended(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await answer(stopping())(scope, receive, send_unended)
    with suppress(TimeoutError):
        async with asyncio.timeout(UNSENT_SECONDS):
            while (await receive()).get("more_body"):
                pass
    await send({"type": "http.response.body"})


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id") or headers.get("x-amzn-trace-id") or ""
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _account(scope: Scope, status: int, seconds: float) -> None:
    endpoint = scope.get("endpoint")
    route = getattr(endpoint, "__name__", "unmatched")
    # Whatever a caller makes up must not become a series of its own.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.REQUESTS.labels(method=method, route=route, status=str(status)).inc()
    metrics.REQUEST_SECONDS.labels(method=method, route=route).observe(seconds)
    # Load balancers ask every few seconds, and their answer is seen in the metrics; readiness logs when it changes.
    line = log.debug if route in _QUIET and status in _EXPECTED else log.info
    line("request", method=scope["method"][:40], path=scope["path"][:500], status=status, seconds=round(seconds, 4))
