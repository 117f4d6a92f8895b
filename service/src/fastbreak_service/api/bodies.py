# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Small bodies in JSON."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from fastbreak_service.api.errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BYTES = 32_768
_SECONDS = 20.0


async def json_object(request: Request) -> dict[str, Any]:
    """The object that a body holds. Raises ApiError, and ClientDisconnect."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "unsupported_media_type", "Send the body as application/json.")
    content = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise ApiError(413, "too_large", f"The body may have {MOST_BYTES} bytes.", {"connection": "close"})
    except TimeoutError as error:
        raise ApiError(
            408, "body_stalled", f"The body did not arrive within {_SECONDS:g} seconds.", {"connection": "close"}
        ) from error
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise bad_body("it is no JSON") from error
    if not isinstance(found, dict):
        raise bad_body("it is no object")
    return found


def bad_body(what: str) -> ApiError:
    """The answer to a body that does not have the form that is described."""
    return ApiError(400, "bad_body", f"The body is not what this takes: {what}. /v1/openapi.json describes it.")
