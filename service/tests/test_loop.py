# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What becomes of work, whatever goes wrong around it: the loop against ports in memory, and its decisions."""

from __future__ import annotations

import asyncio
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors
from structlog.testing import capture_logs

from fastbreak_service.errors import AnalysisError
from fastbreak_service.footage.ports import FootageError, FootageMissingError
from fastbreak_service.worker import verdict, writing
from fastbreak_service.worker.bell import EachSecond
from fastbreak_service.worker.news import MOST
from fastbreak_service.worker.telling import Stage
from fastbreak_service.worker.verdict import GiveUp, TryAgain
from support.memory import WORK, Memory

if TYPE_CHECKING:
    from pathlib import Path

    from fastbreak_service.store.work import Work


def heard(memory: Memory, *work: Work) -> list[str]:
    """What the ports are asked until all work is done and the loop was told to stop."""

    async def run() -> None:
        memory.left_over = list(work or [WORK])
        loop, empty = memory.loop(), asyncio.Event()
        asyncio_loop = asyncio.get_running_loop()
        memory.on_empty = lambda: asyncio_loop.call_soon_threadsafe(empty.set)
        running = asyncio.create_task(loop.run())
        await empty.wait()
        await loop.drain(60, running)

    asyncio.run(run())
    return memory.said


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Memory:
    """Ports of a world in order."""
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0)
    return Memory(tmp_path)


def test_an_analysis_is_recorded_before_its_work_goes_and_its_video_is_put_aside(memory: Memory) -> None:
    assert heard(memory) == ["finish", "done", "retire", "put away"]


def test_a_result_waits_for_a_database_that_is_away(memory: Memory) -> None:
    memory.away = [errors.AdminShutdown("restart"), psycopg.OperationalError("connection failed: Connection refused")]
    assert heard(memory) == ["finish", "done", "retire", "put away"]


def test_a_result_that_the_database_refuses_fails_the_analysis(memory: Memory) -> None:
    memory.away = [errors.InsufficientPrivilege("no")]
    assert heard(memory) == ["put away", "fail database_refused", "done", "retire"]


def test_a_result_of_a_lease_that_was_lost_is_nobodys_and_the_video_stays(memory: Memory) -> None:
    memory.mine = False
    assert heard(memory) == ["finish", "put away"]


@pytest.mark.parametrize("mine", [True, False])
def test_work_that_has_ended_leaves_the_queue_and_the_video_is_put_aside(memory: Memory, *, mine: bool) -> None:
    memory.begun, memory.mine = False, mine
    assert heard(memory) == (["done", "retire"] if mine else ["done"])


@pytest.mark.parametrize("mine", [True, False])
def test_what_a_video_took_is_told_once_its_result_is_kept(memory: Memory, *, mine: bool) -> None:
    memory.mine = mine
    heard(memory)
    assert [(one.piece, one.frames, sorted(one.stages)) for one in memory.told] == [("whole", 1, sorted(Stage))] * mine


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (FootageError("away"), ["wait", "hand back 10 None"]),
        (FootageMissingError("gone"), ["fail video_missing", "done", "retire"]),
        (OSError("broken"), ["fail internal_error", "done", "retire"]),
    ],
)
def test_a_video_that_cannot_be_had_is_tried_again_unless_it_is_gone(
    memory: Memory, error: Exception, asked: list[str]
) -> None:
    memory.fetching = error
    assert heard(memory) == asked


def test_an_error_of_our_own_ends_one_analysis_alone(memory: Memory) -> None:
    memory.analysing = ZeroDivisionError()
    assert heard(memory, WORK, replace(WORK, token=uuid.uuid4())) == [
        *("put away", "fail internal_error", "done", "retire"),
        *("put away", "fail internal_error", "done", "retire"),
    ]


@pytest.mark.parametrize("error", [errors.AdminShutdown("restart"), ZeroDivisionError()])
def test_what_was_taken_is_done_though_the_queue_cannot_be_counted(memory: Memory, error: Exception) -> None:
    memory.uncounted = error
    with capture_logs() as logged:
        assert heard(memory) == ["finish", "done", "retire", "put away"]
    assert "queue not counted" in [entry["event"] for entry in logged]


def test_a_stop_hands_back_what_was_taken_a_moment_ago(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = threading.Event()
    monkeypatch.setattr(Memory, "waiting", lambda own: counted.wait() and len(own.left_over))

    async def run() -> None:
        memory.left_over = [WORK]
        loop = memory.loop()
        running = asyncio.create_task(loop.run())
        while memory.left_over:
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(loop.drain(0.01, running))
        await stopping
        counted.set()

    asyncio.run(run())
    assert memory.said == ["wait", "hand back 0 None"]


@pytest.mark.parametrize(
    ("failures", "asked"),
    [
        (0, ["wait", "hand back 2 how", "put away"]),
        (1, ["wait", "hand back 4 how", "put away"]),
        (2, ["fail worker_died dead", "retire", "put away"]),
        (3, ["fail worker_died dead", "retire"]),
    ],
)
def test_poison_is_given_up_after_the_attempts_that_it_has(memory: Memory, failures: int, asked: list[str]) -> None:
    memory.analysing = AnalysisError("worker_died", "how")
    assert heard(memory, replace(WORK, failures=failures, attempt=failures + 1)) == asked


@pytest.mark.parametrize("durable", [True, False])
def test_what_a_stop_leaves_undone_is_handed_back_or_else_interrupted(memory: Memory, *, durable: bool) -> None:
    async def run() -> None:
        memory.left_over = [WORK]
        loop = memory.loop()
        running = asyncio.create_task(loop.run())
        while not memory.under_way:
            await asyncio.sleep(0)
        await loop.drain(0.01, running)
        assert running.cancelled()

    memory.durable, memory.endless = durable, True
    asyncio.run(run())
    assert memory.said == ["put away", *(["wait", "hand back 0 None"] if durable else ["fail all interrupted"])]


@pytest.mark.parametrize("error", [None, AnalysisError("not_a_video", "how"), AnalysisError("worker_died", "how")])
@pytest.mark.parametrize("waiting", [0, 1])
def test_a_stop_ends_with_the_analysis_that_it_came_in(memory: Memory, error: Exception | None, waiting: int) -> None:
    async def run() -> None:
        memory.left_over = [WORK] * (1 + waiting)
        loop = memory.loop()
        running = asyncio.create_task(loop.run())
        stopping: list[asyncio.Task[None]] = []

        async def stop() -> None:
            stopping.append(asyncio.create_task(loop.drain(3600, running)))
            await asyncio.sleep(0.01)

        memory.meanwhile = stop
        while not stopping:
            await asyncio.sleep(0)
        # An hour is not waited for, however slow the machine is.
        await asyncio.wait_for(stopping[0], 60)

    memory.analysing = error
    asyncio.run(run())
    assert len(memory.left_over) == waiting
    assert memory.said[-1] == "put away"
    assert not any(word.startswith("hand back 0") for word in memory.said)


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
def test_work_is_the_loops_own_from_the_moment_it_was_taken(memory: Memory, error: Exception | None) -> None:
    """Its lease is kept alive, and a stop hands it back, also while a queue is told of it, and does not answer."""
    own: list[Work | None] = []

    class Slow(EachSecond):
        def found(self, taken: Work | None) -> None:
            own.append(loop._current)
            if error:
                raise error

    loop = memory.loop(Slow())
    memory.left_over = [WORK]

    async def run() -> None:
        empty, here = asyncio.Event(), asyncio.get_running_loop()
        memory.on_empty = lambda: here.call_soon_threadsafe(empty.set)
        running = asyncio.create_task(loop.run())
        await empty.wait()
        await loop.drain(60, running)

    asyncio.run(run())
    assert own[:2] == [WORK, None]
    assert memory.said == ["finish", "done", "retire", "put away"]


def test_a_stop_leaves_what_nobody_has_taken_to_others_or_else_does_it_first(memory: Memory) -> None:
    async def run() -> None:
        memory.left_over = [WORK]
        loop = memory.loop()
        running = asyncio.create_task(loop.run())
        await loop.drain(60, running)

    asyncio.run(run())
    assert (memory.said, memory.left_over) == ([], [WORK])
    memory.durable = False
    asyncio.run(run())
    assert (memory.said, memory.left_over) == (["finish", "done", "retire", "put away"], [])


@pytest.mark.parametrize(
    ("error", "mine", "begun", "told"),
    [
        (None, True, True, [("finish", "done", "retire", "put away")]),
        (AnalysisError("not_a_video", "how"), True, True, [("fail not_a_video", "done", "retire", "put away")]),
        (AnalysisError("worker_died", "how"), True, True, []),
        (None, False, True, []),
        # Somebody else has ended it, and came to tell nobody.
        (None, True, False, [("done", "retire")]),
    ],
)
def test_an_end_is_announced_once_it_is_recorded(
    memory: Memory, error: Exception | None, mine: bool, begun: bool, told: list[Any]
) -> None:
    memory.analysing, memory.mine, memory.begun = error, mine, begun
    heard(memory)
    assert memory.announced == told


def test_no_work_waits_for_news_and_a_stop_not_long(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastbreak_service.worker.loop._LEAVE_SECONDS", 0.01)
    memory.unheard = True
    with capture_logs() as logged:
        heard(memory, *[WORK] * (MOST + 1))
    assert memory.said.count("finish") == MOST + 1
    reasons = [entry["reason"] for entry in logged if entry["event"] == "end not announced"]
    assert reasons == ["3 others are still being announced", *["the worker stopped"] * MOST]


def test_news_that_break_off_are_logged_and_hurt_no_work(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_memory: Memory, _analysis: uuid.UUID) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Memory, "announce", broken)
    with capture_logs() as logged:
        assert heard(memory) == ["finish", "done", "retire", "put away"]
    assert [entry["log_level"] for entry in logged if entry["event"] == "end not announced"] == ["error"]


@pytest.mark.parametrize(
    ("code", "failures", "becomes"),
    [
        ("not_a_video", 0, GiveUp("not_a_video", "how")),
        ("timed_out", 0, GiveUp("timed_out", "how")),
        ("internal_error", 0, GiveUp("internal_error", "how")),
        ("worker_died", 0, TryAgain(2, "how")),
        ("storage_unavailable", 1, TryAgain(4, "how")),
        ("storage_unavailable", 2, GiveUp("storage_unavailable", "how It was tried 3 times.", dead_letter=True)),
    ],
)
def test_what_may_end_otherwise_is_tried_again(code: str, failures: int, becomes: GiveUp | TryAgain) -> None:
    assert verdict.after(AnalysisError(code, "how"), replace(WORK, failures=failures), 3) == becomes


def test_one_attempt_is_one(memory: Memory) -> None:
    judged = verdict.after(AnalysisError("worker_died", "how"), WORK, 1)
    assert judged == GiveUp("worker_died", "how It was tried once.", dead_letter=True)


@pytest.mark.parametrize(
    ("attempt", "failures", "code"),
    [(1, 0, None), (3, 2, None), (4, 3, "worker_died"), (360, 0, None), (361, 0, "storage_unavailable")],
)
def test_nothing_is_begun_for_ever(attempt: int, failures: int, code: str | None) -> None:
    judged = verdict.before(replace(WORK, attempt=attempt, failures=failures, reason="signal 9"), 3)
    assert (judged.code if judged else None) == code
    assert judged is None or judged.dead_letter


class Clumsy(Memory):
    """Nothing can be tidied up."""

    def forget_old(self) -> int:
        self.said.append("forget")
        raise psycopg.errors.QueryCanceled("too slow")

    def strays(self) -> list[uuid.UUID]:
        self.said.append("strays")
        raise FootageError("away")

    def fail_abandoned(self) -> list[uuid.UUID]:
        self.said.append("judge")
        return []


def test_what_is_not_tidied_up_keeps_nobody_from_judging_the_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastbreak_service.worker.loop._BEATS_A_LEASE", 30 << 40)
    memory = Clumsy(tmp_path)

    async def run() -> None:
        beating = asyncio.create_task(memory.loop().keep_alive())
        async with asyncio.timeout(60):
            while memory.said.count("judge") < 3:
                await asyncio.sleep(0)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)

    asyncio.run(run())
    said = [one for one in memory.said if one != "pulse"]
    assert said[:5] == ["forget", "strays", "judge", "judge", "judge"]


@pytest.mark.parametrize(("ready", "given"), [(True, ["pulse", "beat"]), (False, ["beat"])])
def test_a_worker_gives_a_sign_of_life_while_it_can_analyse(tmp_path: Path, ready: bool, given: list[str]) -> None:
    memory = Memory(tmp_path, durable=False, ready=ready)

    async def run() -> None:
        beating = asyncio.create_task(memory.loop().keep_alive())
        async with asyncio.timeout(60):
            while "beat" not in memory.said:
                await asyncio.sleep(0)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)

    asyncio.run(run())
    assert memory.said == given
