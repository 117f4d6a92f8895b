# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The little of HTTP that the registry needs over ASGI."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

_RANGE = re.compile(r"bytes=(?=.*\d)(\d*)-(\d*)")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request; the body comes in pieces."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    receive: Any

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives; ConnectionError when the client goes away in the middle."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError("the client closed the connection in the middle of its request")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return

    async def body(self, limit: int) -> bytes | None:
        """The whole body; None when it has more than `limit` bytes, all of which are read and none kept."""
        kept = bytearray()
        async for piece in self.pieces():
            kept += piece[: limit + 1 - len(kept)]
        return bytes(kept) if len(kept) <= limit else None


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer; `stream` takes the place of `body` for a file."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Iterator[bytes] | None = None


def request_of(scope: dict[str, Any], receive: Any) -> Request:
    """The ASGI scope as a request."""
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query={name: values[0] for name, values in query.items()},
        headers={name.decode().lower(): text.decode("latin-1") for name, text in scope["headers"]},
        receive=receive,
    )


def range_of(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for; None when there are none of these.

    RFC 9110, 14.2: all of them, when there is no header, or it is not understood or asks for several ranges.
    """
    found = _RANGE.fullmatch(header)
    if not found or (found[1] and found[2] and int(found[1]) > int(found[2])):
        return range(size)
    if not found[1]:
        chosen = range(max(size - int(found[2]), 0), size)
    else:
        chosen = range(int(found[1]), min(int(found[2]) + 1, size) if found[2] else size)
    return chosen or None


def error(status: int, code: str, message: str, **headers: str) -> Response:
    """An error as the distribution specification words it."""
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Response(status=status, headers={"Content-Type": "application/json", **headers}, body=body)


async def answer(response: Response, send: Any, *, head: bool) -> None:
    """Send `response`; a HEAD request gets the headers alone."""
    headers = {"Docker-Distribution-Api-Version": "registry/2.0", **response.headers}
    if response.stream is None:
        headers.setdefault("Content-Length", str(len(response.body)))
    encoded = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    if response.stream is not None and not head:
        for piece in response.stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if head else response.body})
