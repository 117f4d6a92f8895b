# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who erases waits for a queue of dead letters that hangs, but not for long; nobody else does, nor an end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import uuid
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from fastbreak_service.api import dead_letters, storing
from fastbreak_service.api.dead_letters import DeadLetters
from fastbreak_service.messages.ports import QueueError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pytest

FEW = [uuid.uuid4() for _ in range(12)]


def test_one_look_is_for_all_who_wait_and_nobody_waits_for_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "_SECONDS", 0.1)
    let_go, looks = threading.Event(), list[list[uuid.UUID]]()
    recorded: dict[uuid.UUID, int] = {}

    def look(analyses: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
        looks.append(list(analyses))
        let_go.wait()
        return dict.fromkeys(analyses, 2)

    async def run() -> None:
        letters = DeadLetters(look, recorded.__setitem__)
        looking = asyncio.create_task(letters.keep_looking())
        # Every second one is asked for twice.
        for analyses in (FEW[:1], FEW, FEW[::2]):
            await asyncio.gather(*map(letters.erase, analyses))
        assert await storing.ask_storage("Away.", lambda: "a link") == "a link"
        last = letters.want(FEW[0])
        assert (recorded, len(looks)) == ({}, 1)
        let_go.set()
        await last
        looking.cancel()

    asyncio.run(run())
    assert recorded == dict.fromkeys(FEW, 2)
    assert (looks[0], sorted(looks[1]), len(looks)) == (FEW[:1], sorted(FEW), 2)


def test_what_waits_to_be_looked_for_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "MOST", 2)

    async def run() -> list[bool]:
        letters = DeadLetters(lambda _: {}, lambda *_: None)
        return [letters.want(analysis).done() for analysis in (*FEW[:3], FEW[0])]

    assert asyncio.run(run()) == [False, False, True, False]


def test_a_queue_that_is_away_is_told_and_asked_again() -> None:
    answers: list[QueueError | None] = [QueueError("away"), None]
    recorded: list[tuple[uuid.UUID, int]] = []

    def look(analyses: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
        if answer := answers.pop(0):
            raise answer
        return dict.fromkeys(analyses, 1)

    async def run() -> None:
        letters = DeadLetters(look, lambda *said: recorded.append(said))
        looking = asyncio.create_task(letters.keep_looking())
        for analysis in FEW[:2]:
            await letters.erase(analysis)
        looking.cancel()

    with capture_logs() as logged:
        asyncio.run(run())
    assert recorded == [(FEW[1], 1)]
    assert [(entry["event"], entry["reason"]) for entry in logged] == [("dead letters not erased", "away")]


def test_nothing_is_looked_for_where_there_is_no_queue() -> None:
    async def run() -> None:
        letters = DeadLetters(None, lambda *_: None)
        await letters.keep_looking()
        await letters.erase(FEW[0])

    asyncio.run(run())


HANGS = """
import asyncio, threading, uuid
from fastbreak_service.api import dead_letters
dead_letters._SECONDS = 0.1
begun = threading.Event()
def look(_):
    begun.set()
    threading.Event().wait()
async def run():
    letters = dead_letters.DeadLetters(look, None)
    looking = asyncio.create_task(letters.keep_looking())
    for _ in range(4):
        await letters.erase(uuid.uuid4())
    looking.cancel()
    print("hangs" if begun.is_set() else "")
asyncio.run(run())
"""


def test_no_process_stays_for_a_look_that_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "hangs"
