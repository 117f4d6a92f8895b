"""Taking in a video: streamed to a file, counted, and given up as soon as it is too much."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from fastbreak_service import metrics
from fastbreak_service.api.errors import ApiError

if TYPE_CHECKING:
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


class Body:
    """A request's body, read once, wholly or not."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._waits = "100-continue" in request.headers.get("expect", "").lower()
        self._begun = False
        self._ended = False

    async def save(self, target: Path, limit: int) -> int:
        """Write the body to `target`; its size in bytes. Raises ApiError, and ClientDisconnect."""
        size = 0
        with target.open("wb") as file:
            while chunk := await self._next():
                size += len(chunk)
                if size > limit:
                    raise too_large(limit)
                file.write(chunk)
        metrics.UPLOAD_BYTES.inc(size)
        return size

    async def discard(self) -> None:
        """Read on for a while after a refusal: a sender in the middle of its body hears no answer before its end.

        Not for one that waits for our leave to send (`Expect: 100-continue`) and has not had it.
        """
        if self._waits and not self._begun:
            return
        with suppress(ClientDisconnect, TimeoutError, ApiError):
            async with asyncio.timeout(_DISCARD_SECONDS):
                while await self._next():
                    pass

    async def _next(self) -> bytes:
        """The next piece, empty at the end."""
        self._begun = True
        while not self._ended:
            try:
                async with asyncio.timeout(_SILENCE_SECONDS):
                    chunk: bytes = await anext(self._stream)
            except StopAsyncIteration:
                self._ended = True
            except TimeoutError as error:
                raise ApiError(
                    408, "upload_stalled", f"No byte arrived for {_SILENCE_SECONDS} seconds. Send the video again."
                ) from error
            else:
                if chunk:
                    return chunk
        return b""
