# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a team has used of its quota, and the answer when that is all of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import views
from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.errors import ApiError
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.usage import QuotaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts


@contextmanager
def within_quota() -> Iterator[None]:
    """Raise ApiError where the block finds that the team's quota is used: 429 until it heals, 403 if it never does."""
    try:
        yield
    except QuotaError as error:
        headers = {"retry-after": str(error.heals_seconds)} if error.heals_seconds else None
        raise ApiError(429 if headers else 403, error.code, str(error), headers) from error


def usage_routes(parts: Parts) -> list[Route]:
    """The route to what the caller's team has used."""

    async def get_usage(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.UPLOADER, Role.REVIEWER)
        usage = parts.usage(caller)
        return JSONResponse(views.usage(await ask(CALLER_SECONDS, usage.now), usage.quota))

    return [Route("/v1/usage", get_usage, methods=["GET"])]
