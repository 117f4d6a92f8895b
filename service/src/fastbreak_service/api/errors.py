# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Errors as answers: problem details, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.responses import JSONResponse
from starlette.routing import Route

from fastbreak_service.api.problem import MEDIA_TYPE, problem
from fastbreak_service.errors import NotCheckedError, RejectedVideoError, Rejection
from fastbreak_service.store.failures import is_away, is_full, is_shut, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

log = structlog.get_logger()
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


class ApiError(Exception):
    """An answer other than success. Each is made anew: one that is raised again still holds what it held before."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def rejected(error: RejectedVideoError) -> ApiError:
    """The answer to a video that cannot be analysed."""
    return ApiError(415 if error.code == Rejection.NOT_A_VIDEO else 422, error.code, error.message)


def not_checked(error: NotCheckedError) -> ApiError:
    """The answer to a video that could not be checked."""
    return ApiError(503, error.code, error.message, {"retry-after": "60"})


def database_away() -> ApiError:
    """The answer while the database cannot be reached."""
    return ApiError(
        503,
        "database_unavailable",
        "The database cannot be reached at the moment. Try again in a few seconds.",
        {"retry-after": "5"},
    )


def database_full() -> ApiError:
    """The answer while the database has no connection left."""
    return ApiError(
        503,
        "database_full",
        "All connections that this service may have to the database are in use at the moment. Try again in a few "
        "seconds; when it lasts, more of its tasks run than the database has room for.",
        {"retry-after": "5"},
    )


def not_reached(error: Exception) -> ApiError:
    """The answer when the database could not be asked."""
    if is_full(error):
        return database_full()
    return database_away() if is_away(error) else database_refused()


def answer(error: ApiError) -> JSONResponse:
    """An error as a response."""
    body = problem(error.status, error.code, error.message)
    return JSONResponse(body, status_code=error.status, headers=error.headers, media_type=MEDIA_TYPE)


async def on_api_error(_: Request, error: Exception) -> Response:
    """Answer an ApiError."""
    assert isinstance(error, ApiError)  # noqa: S101 - the framework calls this for ApiError alone
    return answer(error)


def database_refused() -> ApiError:
    """The answer when the database does not let the service in, which trying again does not change."""
    return ApiError(
        503,
        "database_refused",
        "The database refuses the service; the service's log has the reason. Trying again does not help before its "
        "settings or rights are mended.",
    )


async def on_database_error(_: Request, error: Exception) -> Response:
    """Answer when the database is away, when it refuses the service, or when it refuses what the service asked."""
    if is_full(error):
        log.warning("database full", reason=reason(error))
    if is_away(error):
        return answer(not_reached(error))
    log.error("database refused", reason=reason(error))
    return answer(database_refused() if is_shut(error) else internal())


def stopping() -> ApiError:
    """The answer to what a stop cuts off."""
    return ApiError(
        503,
        "stopping",
        "The service is being stopped before the request was done. Send it again; another replica takes it.",
        {"retry-after": "5", "connection": "close"},
    )


def internal() -> ApiError:
    """The answer after an error of our own."""
    said = "The service failed on this request; its log has the cause under this x-request-id."
    return ApiError(500, "internal_error", said)


def _words(text: str) -> str:
    """What a caller wrote, fit for a message: printable and short."""
    return "".join(c if c.isprintable() else "?" for c in text)[:100]


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: an unknown path, a wrong method."""
    status = getattr(error, "status_code", 500)
    code = _HTTP_CODES.get(status, "bad_request")
    message = {
        404: f"There is nothing at {_words(request.url.path)}. Analyses are at /v1/analyses.",
        405: f"{_words(request.url.path)} does not take {_words(request.method)}.",
    }.get(status, "The request cannot be answered as it is.")
    headers = {"allow": ", ".join(_methods(request))} if status == 405 else getattr(error, "headers", None)
    return answer(ApiError(status, code, message, headers))


def _methods(request: Request) -> list[str]:
    """All methods that the path takes: the framework names those of the first route that fits (RFC 9110, 15.5.6)."""
    path = request.scope["path"]
    routes = [route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(path)]
    return sorted({method for route in routes for method in route.methods or ()})
