# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Callers that are slow, and what is no HTTP, against the connection's own protocol."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import TYPE_CHECKING

import h11
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from uvicorn.server import ServerState

from fastbreak_service.api import connection, upload
from fastbreak_service.api.middleware import Envelope
from fastbreak_service.api.requests import in_origin_form

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]

LARGE = "x" * 20_000_000
MEDIUM = "x" * 60_000


async def _small(_: Request) -> JSONResponse:
    return JSONResponse({"size": "small"})


async def _slow(_: Request) -> JSONResponse:
    await asyncio.sleep(0.2)
    return JSONResponse({"size": "small"})


async def _large(_: Request) -> JSONResponse:
    return JSONResponse({"size": LARGE})


async def heard_by(reader: asyncio.StreamReader) -> bytes:
    """All that came until the server closed; who still sends at that moment gets a reset, after the answer."""
    heard = b""
    try:
        while block := await reader.read(65_536):
            heard += block
    except ConnectionResetError:
        return heard
    return heard


async def _medium(_: Request) -> JSONResponse:
    return JSONResponse({"size": MEDIUM})


def _narrow(made: type[connection.BoundedConnection], *, narrow: bool) -> type[connection.BoundedConnection]:
    """The protocol with hardly any of the system's buffers, so that what is unread stays with the server."""

    class Narrow(made):  # type: ignore[misc, valid-type] # made when it runs
        def connection_made(self, transport: asyncio.Transport) -> None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            super().connection_made(transport)

    return Narrow if narrow else made


def talk(conversation: Talk, *, narrow: bool = False) -> bytes:
    """What a caller hears. A conversation that the server does not end is an error after 20 s."""

    async def run() -> bytes:
        routes = [
            Route("/", _small, methods=["GET", "POST"]),
            Route("/large", _large),
            Route("/medium", _medium),
            Route("/slow", _slow),
        ]
        application = Starlette(routes=routes, middleware=[Middleware(Envelope, version="1.2.3")])
        config = uvicorn.Config(application, log_config=None, ws="none", lifespan="off")
        config.load()
        state = ServerState()
        made = _narrow(connection.bounded("1.2.3"), narrow=narrow)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: made(config, state, {}), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        caller = socket.socket()
        caller.setblocking(False)
        if narrow:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        await loop.sock_connect(caller, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=caller, limit=1024)
        try:
            async with asyncio.timeout(20):
                return await conversation(reader, writer)
        finally:
            writer.transport.abort()
            server.close()

    return asyncio.run(run())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test can wait for."""
    for name in ("HEADER_SECONDS", "UNREAD_SECONDS", "UNSENT_SECONDS"):
        monkeypatch.setattr(connection, name, 0.4)


def error_code(answer: bytes) -> str:
    """The code of an error; its form is checked on the way."""
    head, _, body = answer.partition(b"\r\n\r\n")
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert {b"x-fastbreak-version", b"x-request-id", b"content-length"} <= names
    assert b"application/problem+json" in head
    error = json.loads(body)["error"]
    assert set(error) == {"code", "message"}
    code: str = error["code"]
    return code


@pytest.mark.parametrize("begin", [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nx-a: "])
@pytest.mark.parametrize("dribble", [b"", b"a"])
def test_headers_that_do_not_come_are_not_waited_for(begin: bytes, dribble: bytes) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(begin)
        reading = asyncio.create_task(heard_by(reader))
        while not reading.done():
            writer.write(dribble)
            await asyncio.sleep(0.05)
        return await reading

    answer = talk(slow)
    if begin or not dribble:
        assert answer.startswith(b"HTTP/1.1 4")
        assert error_code(answer) in {"request_timeout", "bad_request"}


def test_the_second_requests_headers_are_not_waited_for_either() -> None:
    async def second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"small")
        writer.write(b"GET / HT")
        return await heard_by(reader)

    answer = talk(second)
    assert b" 408 " in answer


def test_an_idle_connection_outlives_the_headers_limit() -> None:
    async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(b"small")
            await asyncio.sleep(0.6)
        return b"heard"

    assert talk(patient) == b"heard"


def test_an_answer_that_is_not_read_is_given_up() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.sleep(2)
        return await heard_by(reader)

    assert len(talk(deaf)) < len(LARGE)


def test_the_rest_of_an_answer_is_given_up_too_after_the_connection_was_closed() -> None:
    """A rest that is small enough stops no writing; a closed connection holds it until somebody reads it."""

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET /medium HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        await asyncio.sleep(2)
        return await heard_by(reader)

    assert len(talk(deaf, narrow=True)) < len(MEDIUM)


def test_a_body_that_nobody_wants_is_not_waited_for() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
        reading = asyncio.create_task(heard_by(reader))
        while not reading.done():
            writer.write(b"a")
            await asyncio.sleep(0.05)
        return await reading

    answer = talk(endless)
    assert b" 200 " in answer


def test_a_body_that_nobody_wanted_and_that_came_to_its_end_does_not_end_the_connection() -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n")
        await reader.readuntil(b"small")
        writer.write(b"a" * 10)
        for _ in range(3):
            await asyncio.sleep(0.3)
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(b"small")
        return b"heard"

    assert talk(late) == b"heard"


NO_HTTP = [
    b"hello\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
]
OTHERWISE = [
    (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 400_000, 431, "headers_too_large"),
    (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 70_000 + b"\r\n\r\n", 431, "headers_too_large"),
    (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, "uri_too_long"),
    (b"GET /?" + b"a" * 10_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, "uri_too_long"),
    (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n", 501, "not_implemented"),
    (b"GET / HTTP/2.0\r\nhost: x\r\n\r\n", 505, "http_version_not_supported"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported"),
    (
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
]


@pytest.mark.parametrize(("sent", "status", "code"), OTHERWISE, ids=range(len(OTHERWISE)))
def test_what_is_not_served_is_answered_with_its_status_and_ends_the_connection(
    sent: bytes, status: int, code: str
) -> None:
    async def wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        return await heard_by(reader)

    answer = talk(wrong)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert len(re.findall(rb"HTTP/1\.1 \d", answer)) == 1
    assert error_code(answer) == code


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n", 200),
        (b"GET /slow HTTP/1.0\r\n\r\n", 200),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx", 200),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx", None),
        (b"GET /slow HT", None),
        (b"", None),
    ],
)
def test_who_has_said_all_is_answered_though_it_sends_no_more(sent: bytes, status: int | None) -> None:
    async def shut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        writer.write_eof()
        return await heard_by(reader)

    answer = talk(shut)
    assert (b" %d " % status in answer) if status else not answer.startswith(b"HTTP/1.1 2") or b"POST" in sent


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://x/large/a%20b", "/large/a b"),
        (b"HTTPS://x:1/", "/"),
        (b"http://x", "/"),
        (b"http://", "/"),
        (b"/http://x/y", "/http://x/y"),
        (b"*", "*"),
    ],
)
def test_a_whole_url_is_read_as_its_path(target: bytes, path: str) -> None:
    assert in_origin_form({"raw_path": target, "path": target.decode()})["path"] == path


def test_a_request_as_to_a_proxy_is_answered() -> None:
    async def absolute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET http://x/?a=b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return await heard_by(reader)

    assert b"small" in talk(absolute)


@pytest.mark.parametrize("sent", NO_HTTP, ids=range(len(NO_HTTP)))
def test_what_is_no_http_is_answered_in_the_contracts_form(sent: bytes) -> None:
    async def wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        return await heard_by(reader)

    answer = talk(wrong)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert error_code(answer) == "bad_request"


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 100_000)), max_size=300))
def test_a_body_is_waited_for_only_while_it_keeps_its_pace(pieces: list[tuple[float, int]]) -> None:
    """Whoever is waited for has brought the least rate since the beginning, but for one window."""
    pace, now, arrived = upload.Pace(0.0), 0.0, 0
    for wait, size in pieces:
        if wait >= pace.patience(now):
            return
        now += wait
        arrived += size
        if not pace.keeps(now, size):
            return
        assert now < upload.DEADLINE_SECONDS
        assert arrived >= upload.WINDOW_BYTES * (int(now / upload.WINDOW_SECONDS) - 1)


def test_a_byte_now_and_then_is_not_waited_for() -> None:
    pace = upload.Pace(0.0)
    kept = [pace.keeps(float(second), 1) for second in range(1, 20)]
    assert kept.index(False) == upload.WINDOW_SECONDS - 1


def test_h11_names_the_states_that_are_relied_on() -> None:
    assert h11.Connection(h11.SERVER).their_state is h11.IDLE
