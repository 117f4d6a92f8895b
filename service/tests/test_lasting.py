# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is done beside the answers ends by nothing unnoticed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from fastbreak_service.api import lasting
from fastbreak_service.api.dead_letters import DeadLetters
from fastbreak_service.api.erasing import finish_erasures
from fastbreak_service.api.lasting import last, meanwhile
from fastbreak_service.api.uploading import finish_uploads
from fastbreak_service.footage.bucket import Bucket
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.messages.ports import QueueError
from fastbreak_service.messages.sqs import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def test_work_that_fails_by_what_nobody_expected_is_begun_again_and_told() -> None:
    tries, slept = [KeyError("Body"), None], list[float]()

    async def work() -> None:
        if error := tries.pop(0):
            raise error

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    with capture_logs() as logged:
        asyncio.run(last("letters", work, sleep))
    assert (tries, slept) == ([], [30.0])
    assert [(entry["event"], entry["what"], entry["log_level"]) for entry in logged] == [
        ("background work failed", "letters", "error")
    ]


def test_all_works_go_on_until_the_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "_AGAIN_SECONDS", 0)
    tries, ended = list[str](), list[str]()
    again = asyncio.Event()

    async def fail() -> None:
        tries.append("fail")
        if len(tries) > 1:
            again.set()
        raise ValueError

    async def stay() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("stay")

    async def run() -> None:
        async with meanwhile(fail=fail, stay=stay):
            await again.wait()
            assert ended == []
        assert ended == ["stay"]

    with capture_logs():
        asyncio.run(run())


def twice(sweep: Callable[[Callable[[float], Awaitable[None]]], Awaitable[None]]) -> list[str]:
    """What is logged of two turns."""
    turns = iter([1, 2])

    async def sleep(_: float) -> None:
        if next(turns, None) is None:
            raise asyncio.CancelledError

    async def run() -> None:
        await sweep(sleep)

    with capture_logs() as logged, pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    return [str(entry["event"]) for entry in logged]


class Strange:
    """A storage that cannot be asked for one of two videos."""

    def __init__(self, bad: UUID) -> None:
        self.bad = bad
        self.arrivals = SimpleNamespace(abort=lambda *_: None)

    def versions(self, _: UUID) -> int:
        return 1

    def erase(self, analysis: UUID) -> int:
        if analysis == self.bad:
            raise KeyError("VersionId")
        return 1


def test_one_video_keeps_no_other_from_being_erased() -> None:
    bad, good = uuid4(), uuid4()
    done: list[UUID] = []
    rows: Any = SimpleNamespace(
        left=lambda: [bad, good], begin=lambda *_: None, complete=lambda analysis, _: done.append(analysis)
    )
    storage: Any = Strange(bad)
    letters = DeadLetters(None, lambda *_: None)
    logged = twice(lambda sleep: finish_erasures(rows, rows, storage, letters, sleep))
    # Of analyses, and of persons.
    assert (done, logged) == ([good] * 4, ["video not erased"] * 4)


def test_one_upload_keeps_no_other_from_being_cleared() -> None:
    bad, good = uuid4(), uuid4()
    done: list[UUID] = []
    rows: Any = SimpleNamespace(left=lambda: [(bad, "u"), (good, "u")], cleared=done.append)
    storage: Any = Strange(bad)
    logged = twice(lambda sleep: finish_uploads(rows, storage, sleep))
    assert (done, logged) == ([good] * 2, ["upload not cleared"] * 2)


class Odd:
    """An AWS whose answers lack what they should have."""

    def receive_message(self, **_: object) -> object:
        return {"Messages": [{}]}

    def create_multipart_upload(self, **_: object) -> object:
        return {}

    head_object = create_multipart_upload

    def change_message_visibility_batch(self, **_: object) -> object:
        return {}


def test_an_answer_that_lacks_something_is_an_error_of_its_service() -> None:
    queue, bucket = SqsQueue("work", "dead", Odd()), Bucket("bucket", "", Odd())
    try:
        with pytest.raises(QueueError, match="Tried to look for dead letters in dead"):
            queue.erase([uuid4()])
        with pytest.raises(QueueError, match="Tried to receive from work"):
            queue.receive(1, 10)
        with pytest.raises(FootageError, match=r"Tried to begin to store .*KeyError: 'UploadId'"):
            bucket.arrivals.begin(uuid4())
        with pytest.raises(FootageError, match="Tried to look for"):
            bucket.arrivals.size(uuid4())
    finally:
        bucket.close()
        assert not Path(bucket.directory).exists()
