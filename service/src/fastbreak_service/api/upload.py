"""Taking in a video: streamed to a file, counted, and given up as soon as it is too much."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from fastbreak_service import metrics
from fastbreak_service.api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

_SILENCE_SECONDS = 30
_DISCARD_SECONDS = 5


def check_headers(request: Request, limit: int) -> None:
    """Refuse by the headers alone what need not be read. Raises ApiError."""
    kind = request.headers.get("content-type", "application/octet-stream").split(";")[0].strip().lower()
    if not (kind.startswith("video/") or kind == "application/octet-stream"):
        raise ApiError(
            415,
            "unsupported_media_type",
            f"The content type is {kind[:100]!r}. Send the video's bytes as video/* or application/octet-stream.",
        )
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> ApiError:
    """The answer to a body over the limit."""
    return ApiError(
        413,
        "too_large",
        f"The video is over the limit of {limit} bytes. Cut it to the part of interest or compress it.",
    )


async def receive(request: Request, target: Path, limit: int) -> int:
    """Write the body to `target`; its size in bytes. Raises ApiError, and ClientDisconnect."""
    size = 0
    with target.open("wb") as file:
        async for chunk in _chunks(request):
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            file.write(chunk)
    metrics.UPLOAD_BYTES.inc(size)
    return size


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise ApiError(
                408, "upload_stalled", f"No byte arrived for {_SILENCE_SECONDS} seconds. Send the video again."
            ) from error
        yield chunk


async def discard(request: Request) -> None:
    """Read on for a while after a refusal: a sender in the middle of its body hears no answer before it has sent it.

    Not for one that waits for our leave to send (`Expect: 100-continue`).
    """
    if "100-continue" in request.headers.get("expect", "").lower():
        return
    deadline = time.monotonic() + _DISCARD_SECONDS
    with suppress(ClientDisconnect, TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while time.monotonic() < deadline:
                message = await request.receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
