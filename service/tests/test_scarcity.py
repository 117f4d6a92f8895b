# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What a caller hears when the service itself lacks something: room on the disk, processes, time, an answer in time."""

from __future__ import annotations

import asyncio
import errno
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.requests import Request

from fastbreak_service.api.app import Deadline
from fastbreak_service.api.connection import bounded
from fastbreak_service.api.errors import ApiError, not_checked
from fastbreak_service.api.middleware import Envelope
from fastbreak_service.api.server import _Server
from fastbreak_service.api.upload import Body, storing, write_all
from fastbreak_service.errors import NotCheckedError, Rejection
from fastbreak_service.video.limits import Limits
from fastbreak_service.worker import client, process
from fastbreak_service.worker.protocol import Job, parse_event

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

JOB = Job("a", "/v", "/m", Limits())


class _Reluctant:
    """A file that takes a few bytes at a time, as a disk does that fills up."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, content: memoryview) -> int:
        self.content += bytes(content[:3])
        return len(content[:3])


@pytest.mark.parametrize("content", [b"", b"a", b"abc", b"abcd", b"abcdefghij"])
def test_everything_is_written_though_a_write_takes_a_part(content: bytes) -> None:
    file = _Reluctant()
    write_all(file, content)  # type: ignore[arg-type]
    assert file.content == content


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no room"),
        (errno.EDQUOT, "no room"),
        (errno.EFBIG, "no room"),
        (errno.EMFILE, "cannot store"),
        (errno.EIO, "cannot store"),
        (errno.EROFS, "cannot store"),
    ],
)
def test_a_disk_that_refuses_is_no_error_of_the_request(number: int, said: str) -> None:
    with pytest.raises(ApiError, match=said) as caught, storing():
        raise OSError(number, "the reason", "/tmp/secret/place")  # noqa: S108
    assert (caught.value.status, caught.value.code) == (503, "storage_unavailable")
    assert caught.value.headers["retry-after"]
    assert "secret" not in caught.value.message


def _request(*pieces: bytes) -> Request:
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return waiting.pop(0)

    return Request({"type": "http", "headers": []}, receive)


def test_a_video_for_a_full_disk_is_refused_with_the_reason(tmp_path: Path) -> None:
    target = tmp_path / "v.video"
    target.symlink_to("/dev/full")
    with pytest.raises(ApiError, match="no room") as caught:
        asyncio.run(Body(_request(b"a" * 1000)).save(target, 10_000, 100_000))
    assert caught.value.code == "storage_unavailable"


def test_measures_for_a_full_disk_fail_the_analysis_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(process, "run", full)
    event = parse_event(process._answer(JOB, None, lambda *_: 0.0).encode())  # type: ignore[arg-type]
    assert (event["event"], event["code"]) == ("failed", "storage_unavailable")
    assert "room" in event["message"]


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "files"), BlockingIOError(errno.EAGAIN, "processes")])
def test_a_check_that_cannot_be_started_says_nothing_about_the_video(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError
) -> None:
    async def fail(*_: object, **__: object) -> Any:
        raise error

    monkeypatch.setattr(asyncio, "create_subprocess_exec", fail)
    with pytest.raises(NotCheckedError) as caught:
        asyncio.run(client.probe(tmp_path / "v", Limits()))
    answer = not_checked(caught.value)
    assert (answer.status, answer.code) == (503, "not_checked")
    assert answer.headers["retry-after"]


def test_a_check_that_takes_too_long_says_nothing_about_the_video(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 600\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(client, "_PROBE_SECONDS", 0.1)
    with pytest.raises(NotCheckedError):
        asyncio.run(client.probe(tmp_path / "v", Limits()))


@pytest.mark.parametrize(
    ("returncode", "code"),
    [(-signal.SIGXCPU, Rejection.TOO_MUCH_WORK), (-signal.SIGSEGV, Rejection.NOT_A_VIDEO), (1, Rejection.NOT_A_VIDEO)],
)
def test_how_a_check_ended_is_its_verdict(returncode: int, code: Rejection) -> None:
    verdict = client._verdict(returncode, b"")
    assert verdict is not None
    assert verdict[0] == code


def test_a_check_that_the_platform_killed_is_none() -> None:
    with pytest.raises(NotCheckedError):
        client._verdict(-signal.SIGKILL, b"")


def test_too_much_processor_time_is_told_from_being_killed() -> None:
    code = "from fastbreak_service.worker.confine import _limit; import resource; "
    code += "_limit(resource.RLIMIT_CPU, 1, more=5)\nwhile True: pass"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGXCPU


@pytest.mark.parametrize("begun", [False, True])
def test_a_request_that_a_stop_cuts_off_is_answered_if_it_can_be(*, begun: bool) -> None:
    heard: list[Message] = []

    async def cut_off(_: Scope, __: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 202, "headers": []})
        raise asyncio.CancelledError

    async def send(message: Message) -> None:
        heard.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(Envelope(cut_off, "1.2.3")(scope, receive, send))
    if begun:
        assert [message["type"] for message in heard] == ["http.response.start"]
        return
    assert heard[0]["status"] == 503
    assert (b"connection", b"close") in heard[0]["headers"]
    assert json.loads(heard[1]["body"])["error"]["code"] == "stopping"


def test_a_server_that_stops_ends_after_the_callers_it_cuts_off_have_heard_so() -> None:
    async def run() -> bytes:
        async def swallow(_: Scope, receive: Receive, __: Send) -> None:
            while (await receive()).get("more_body"):
                pass

        application = Envelope(swallow, "1.2.3")
        config = uvicorn.Config(
            application,
            host="127.0.0.1",
            port=0,
            http=bounded("1.2.3"),
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, Deadline(100))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\na")
        await asyncio.sleep(0.1)
        server._stop(signal.SIGTERM)
        heard = await reader.readuntil(b"}}")
        writer.write(b"a")
        await asyncio.sleep(0.3)
        assert not serving.done()
        writer.close()
        await serving
        return heard

    heard = asyncio.run(run())
    assert b" 503 " in heard
    assert b"stopping" in heard
