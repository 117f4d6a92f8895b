# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Taking in a video: streamed to a file, counted, and given up as soon as it is too much."""

from __future__ import annotations

import asyncio
import errno
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import structlog
from starlette.requests import ClientDisconnect

from fastbreak_service import metrics
from fastbreak_service.api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from starlette.requests import Request

# A sender must bring this much in every window but the last, and everything by the deadline. What is slower than a
# telephone's worst connection is not waited for.
WINDOW_SECONDS = 10.0
WINDOW_BYTES = 32_768
DEADLINE_SECONDS = 900.0
_DISCARD_SECONDS = 5
_CHECK_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
log = structlog.get_logger()


def check_headers(request: Request, limit: int) -> None:
    """Refuse by the headers alone what need not be read. Raises ApiError."""
    kind = request.headers.get("content-type", "application/octet-stream").split(";")[0].strip().lower()
    if not (kind.startswith("video/") or kind == "application/octet-stream"):
        raise ApiError(
            415,
            "unsupported_media_type",
            f"The content type is {kind[:100]!r}. Send the video's bytes as video/* or application/octet-stream.",
        )
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        raise ApiError(
            415,
            "unsupported_media_type",
            f"The content encoding is {coding[:100]!r}. Send the video's bytes as they are.",
            {"accept-encoding": "identity"},
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


def too_slow() -> ApiError:
    """The answer to a body that does not arrive at the least rate, or not by the deadline."""
    return ApiError(
        408,
        "upload_stalled",
        f"The video arrives too slowly: at least {WINDOW_BYTES} bytes in every {WINDOW_SECONDS:g} seconds, and all of "
        f"it within {DEADLINE_SECONDS:g}, are waited for. Send it again over a better connection, or send less.",
        {"connection": "close"},
    )


def check_room(directory: Path, room: int, coming: int = 0, name: str = "") -> None:
    """Raise ApiError when the files that arrive and wait are as large as all of them may be.

    `coming`: with so many bytes more, of a video whose files begin with this name: those are not counted twice.
    """
    used = coming
    for path in directory.iterdir():
        if name and path.name.startswith(name):
            continue
        with suppress(FileNotFoundError):
            used += path.stat().st_size
    if used > room:
        raise ApiError(
            429, "uploads_full", "Too many videos arrive at once. Try again in a minute.", {"retry-after": "60"}
        )


@contextmanager
def storing() -> Iterator[None]:
    """Raise ApiError where the disk refuses what the block writes to it: full, too many open files, broken."""
    try:
        yield
    except OSError as error:
        log.error("video not stored", reason=error.strerror)  # noqa: TRY400 - the reason says it all
        what = "has no room for the video" if error.errno in _FULL else "cannot store the video"
        raise not_stored(what) from error


def not_stored(what: str) -> ApiError:
    """The answer to a video that could not be stored, for no fault of its own; `what` goes on after "The service"."""
    return ApiError(
        503,
        "storage_unavailable",
        f"The service {what} at the moment. Send it again in a minute.",
        {"retry-after": "60"},
    )


def write_all(file: FileIO, content: bytes) -> None:
    """Write everything: a disk that fills up takes a part before it refuses. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


class Digest(Protocol):
    """What takes in bytes, such as a hash."""

    def update(self, data: bytes, /) -> None:
        """Take some in."""


class Pace:
    """Whether a body arrives fast enough. Times in seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._deadline = now + DEADLINE_SECONDS
        self._window_ends = now + WINDOW_SECONDS
        self._in_window = 0

    def patience(self, now: float) -> float:
        """How many seconds the next bytes may take."""
        return max(0.0, min(self._window_ends, self._deadline) - now)

    def keeps(self, now: float, arrived: int) -> bool:
        """Account for bytes that arrived; False when they are too few or too late."""
        self._in_window += arrived
        if now >= self._deadline:
            return False
        if self._in_window >= WINDOW_BYTES:
            self._window_ends = now + WINDOW_SECONDS
            self._in_window = 0
        return now < self._window_ends


class Body:
    """A request's body, read once, wholly or not."""

    def __init__(self, request: Request, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = request.stream()
        self._clock = clock
        self._waits = "100-continue" in request.headers.get("expect", "").lower()
        self._begun = False
        self._ended = False

    async def save(
        self,
        target: Path,
        limit: int,
        room: int,
        digest: Digest | None = None,
        *,
        refuse: Callable[[int], ApiError] = too_large,
    ) -> int:
        """Write the body to `target`, and into `digest`; its size in bytes. Raises ApiError, and ClientDisconnect.

        `limit` is the most that one body may have, or `refuse` says what the answer is; `room` the most that all files
        beside `target` may have together.
        """
        size = checked = 0
        pace = Pace(self._clock())
        with storing():
            check_room(target.parent, room)
            file = target.open("wb", buffering=0)
        with file:
            while chunk := await self._next(pace):
                size += len(chunk)
                if size > limit:
                    raise refuse(limit)
                with storing():
                    write_all(file, chunk)
                if digest is not None:
                    digest.update(chunk)
                if size - checked >= _CHECK_BYTES:
                    checked = size
                    check_room(target.parent, room)
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

    async def _next(self, pace: Pace | None = None) -> bytes:
        """The next piece, empty at the end. Raises ApiError when it does not come at the pace that is due."""
        self._begun = True
        while not self._ended:
            try:
                async with asyncio.timeout(pace.patience(self._clock()) if pace else None):
                    chunk: bytes = await anext(self._stream)
            except StopAsyncIteration:
                self._ended = True
            except TimeoutError as error:
                raise too_slow() from error
            else:
                if pace is not None and not pace.keeps(self._clock(), len(chunk)):
                    raise too_slow()
                if chunk:
                    return chunk
        return b""
