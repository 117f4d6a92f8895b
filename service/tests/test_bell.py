# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A worker that hears of work: what becomes of each message, whatever the database and the queue say meanwhile."""

from __future__ import annotations

import asyncio
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from structlog.testing import capture_logs

from fastbreak_service.messages.content import Message, written
from fastbreak_service.messages.ports import QueueError, Received
from fastbreak_service.messages.sending import LEFT_ALONE
from fastbreak_service.messages.sqs import SqsQueue
from fastbreak_service.store.team_analyses import CONTRACT, SEGMENTS_CONTRACT
from fastbreak_service.store.work import Part, Work
from fastbreak_service.worker.messages import Messages
from support.memory import WORK, Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

KNOWN = {CONTRACT, SEGMENTS_CONTRACT}
OURS = Received(written(Message(CONTRACT, WORK.analysis)), "ours")
NEWER = Received(written(Message(99, WORK.analysis)), "newer")
GARBAGE = Received("\x00", "garbage")


@dataclass
class Queue:
    """A queue in memory, which notes what it is asked; `away` is why it does nothing."""

    there: list[Received] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    away: QueueError | None = None
    held_back: threading.Event | None = None
    hanging: threading.Event | None = None

    def receive(self, wait_seconds: int, hidden_seconds: float) -> Received | None:
        self._note(f"receive {wait_seconds} {hidden_seconds:g}")
        if self.held_back:
            self.held_back.wait()
        return self.there.pop(0) if self.there else None

    def send(self, messages: Sequence[Message], delay_seconds: float = 0) -> None:
        self._note(f"send {[message.segment for message in messages]} {delay_seconds:g}")

    def leave(self, received: Received, hidden_seconds: float) -> None:
        self._note(f"leave {received.handle} {hidden_seconds:g}")

    def delete(self, received: Received) -> None:
        self._note(f"delete {received.handle}")

    def bury(self, message: Message, code: str) -> None:
        self._note(f"bury {message.contract} {code}")

    def _note(self, what: str) -> None:
        self.said.append(what)
        if self.hanging:
            self.hanging.wait(60)
        if self.away:
            raise self.away


@dataclass
class Hearing:
    """A bell of such a queue, and what time it is."""

    queue: Queue = field(default_factory=Queue)
    put_back: bool | Exception = False
    time: float = 0.0

    def __post_init__(self) -> None:
        self.bell = Messages(self.queue, KNOWN, self._is_put_back, 60, lambda: self.time)  # type: ignore[arg-type] # nothing is erased

    def rung(self, *there: Received, busy: bool = False) -> list[str]:
        """What was asked until it rang."""
        self.queue.there += there
        asyncio.run(self.bell.wait(asyncio.Event(), busy=busy))
        return self.said()

    def said(self) -> list[str]:
        """What was asked since."""
        for thread in threading.enumerate():
            if thread.name == "messages":
                thread.join()
        said, self.queue.said[:] = list(self.queue.said), []
        return said

    def _is_put_back(self, _message: Message) -> bool:
        if isinstance(self.put_back, Exception):
            raise self.put_back
        return self.put_back


def test_an_idle_worker_waits_long_and_a_busy_one_looks_at_the_database_soon() -> None:
    hearing = Hearing()
    assert hearing.rung() == ["receive 20 60"]
    assert hearing.rung(busy=True) == ["receive 1 60"]


def test_a_queue_that_answers_at_once_makes_nobody_look_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def wait(_event: asyncio.Event, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("fastbreak_service.worker.messages.set_within", wait)
    hearing = Hearing()
    hearing.bell.found(None)
    hearing.time = 0.25
    hearing.rung(NEWER)
    assert waited == [0.75]
    hearing.rung(busy=True)
    assert waited == [0.75]


def test_nobody_receives_messages_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastbreak_service.worker.messages._LEAST_SECONDS", 0.001)
    hearing = Hearing(time=5)
    hearing.rung(OURS)
    hearing.bell.failed()
    assert hearing.said() == ["leave ours 15"]
    assert hearing.rung() == []
    hearing.time = 6
    assert hearing.rung() == ["receive 20 60"]


def test_who_stops_leaves_what_came_in_the_last_moment() -> None:
    hearing = Hearing()
    hearing.rung(OURS)
    hearing.bell.stop()
    hearing.bell.stop()
    assert hearing.said() == ["leave ours 0"]


def test_a_message_is_hidden_while_its_work_is_done_and_deleted_after_it() -> None:
    hearing = Hearing()
    hearing.rung(OURS)
    hearing.bell.found(WORK)
    said: list[list[str]] = []
    for hearing.time in (5, 19, 20, 25, 39, 40):
        hearing.bell.extend()
        said.append(hearing.said())
    assert said == [[], [], ["leave ours 60"], [], [], ["leave ours 60"]]
    hearing.bell.ended()
    hearing.bell.ended()
    hearing.bell.extend()
    assert hearing.said() == ["delete ours"]


def test_work_that_is_handed_back_is_seen_again_and_told_of_where_no_message_was() -> None:
    hearing = Hearing()
    hearing.rung(OURS)
    hearing.bell.found(WORK)
    hearing.bell.back(WORK, 4)
    hearing.bell.ended()
    assert hearing.said() == ["leave ours 4"]
    part: Any = replace(WORK, contract=SEGMENTS_CONTRACT, part=Part(type("", (), {"number": 7})(), 0.0))
    hearing.bell.back(part, 15)
    hearing.bell.more([Message(CONTRACT, WORK.analysis)])
    hearing.bell.dead(part, "worker_died")
    assert hearing.said() == ["send [7] 15", "send [None] 0", f"bury {SEGMENTS_CONTRACT} worker_died"]


@pytest.mark.parametrize("strange", [NEWER, GARBAGE])
@pytest.mark.parametrize("taken", [None, WORK])
def test_what_is_strange_or_of_a_later_release_is_left_and_never_deleted(strange: Received, taken: Any) -> None:
    hearing = Hearing()
    hearing.rung(strange)
    with capture_logs() as logged:
        hearing.bell.found(taken)
        hearing.bell.ended()
    assert hearing.said() == [f"leave {strange.handle} 60"]
    # What it says is nobody's to read in a log.
    assert [set(entry) for entry in logged] == [{"event", "log_level", "contract", "characters"}]


@pytest.mark.parametrize(
    ("put_back", "asked"),
    [(False, "delete ours"), (True, "leave ours 15"), (psycopg.OperationalError("away"), "leave ours 15")],
)
def test_a_message_without_work_goes_unless_the_work_comes_later(put_back: bool | Exception, asked: str) -> None:
    hearing = Hearing(put_back=put_back)
    hearing.rung(OURS)
    hearing.bell.found(None)
    assert hearing.said() == [asked]


def test_a_queue_that_is_away_hurts_no_work_and_is_left_alone_for_a_while() -> None:
    hearing = Hearing()
    hearing.rung(OURS)
    hearing.queue.away = QueueError("refused")
    with capture_logs() as logged:
        hearing.bell.found(WORK)
        hearing.time = 30
        hearing.bell.extend()
        hearing.said()
        hearing.bell.ended()
        hearing.bell.dead(WORK, "worker_died")
        hearing.bell.back(WORK, 0)
        hearing.said()
        hearing.time = 59
        assert hearing.rung(busy=True) == []
        hearing.bell.back(WORK, 0)
        hearing.bell.more([Message(CONTRACT, WORK.analysis)])
        hearing.time = 60
        hearing.bell.back(WORK, 0)
    # Of what was to be sent the first is refused, and with it the queue is left alone.
    assert [entry["reason"] for entry in logged] == ["refused"] * 4 + [LEFT_ALONE] * 2 + ["refused"]


def test_an_error_of_our_own_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    hearing = Hearing()
    hearing.rung(OURS)
    for name in ("receive", "leave", "delete", "bury"):
        monkeypatch.setattr(hearing.queue, name, lambda *_: 1 / 0)
    hearing.put_back = ZeroDivisionError()
    with capture_logs() as logged:
        hearing.bell.found(None)
        hearing.bell.dead(WORK, "worker_died")
        hearing.rung()
    assert [entry["event"] for entry in logged] == [
        *("message not judged", "message not handled", "message not handled", "no message received"),
        "no message received",
    ]


@pytest.mark.parametrize("cancelled", [True, False])
def test_who_stops_waits_for_no_poll_and_what_that_brings_is_left_to_others(cancelled: bool) -> None:
    hearing = Hearing(Queue([OURS], held_back=threading.Event()))
    held_back = hearing.queue.held_back
    assert held_back is not None

    async def stop() -> None:
        woken = asyncio.Event()
        waiting = asyncio.create_task(hearing.bell.wait(woken, busy=False))
        while not hearing.queue.said:
            await asyncio.sleep(0)
        if cancelled:
            waiting.cancel()
        else:
            woken.set()
        await asyncio.gather(waiting, return_exceptions=True)
        assert hearing.said() == ["receive 20 60"]
        held_back.set()
        while not hearing.queue.said:
            await asyncio.sleep(0)

    asyncio.run(stop())
    assert hearing.said() == ["leave ours 0"]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hearing]:
    """Of a queue that takes what it is asked and does not answer, until the test ends."""
    monkeypatch.setattr("fastbreak_service.worker.messages._PATIENCE_SECONDS", 0.01)
    hearing = Hearing()
    hearing.rung(OURS)
    hearing.queue.hanging = threading.Event()
    yield hearing
    hearing.queue.hanging.set()
    hearing.said()


ASKED: dict[str, tuple[Callable[[Messages], object], str]] = {
    "found": (lambda bell: bell.found(None), "delete ours"),
    "failed": (Messages.failed, "leave ours 15"),
    "stop": (Messages.stop, "leave ours 0"),
    "ended": (Messages.ended, "delete ours"),
    "dead": (lambda bell: bell.dead(WORK, "x"), "bury 1 x"),
    "back": (lambda bell: bell.back(WORK, 4), "leave ours 4"),
    "more": (lambda bell: bell.more([Message(CONTRACT, WORK.analysis)]), "send [None] 0"),
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_work_waits_for_a_queue_that_does_not_answer(hanging: Hearing, asked: str) -> None:
    ask, expected = ASKED[asked]
    with capture_logs() as logged:
        ask(hanging.bell)
    assert hanging.queue.said == [expected]
    assert [entry["event"] for entry in logged] == ["message not handled yet"]


def test_a_queue_that_never_answers_has_few_threads(hanging: Hearing) -> None:
    with capture_logs() as logged:
        for _ in range(20):
            hanging.bell.dead(WORK, "x")
    assert len(hanging.queue.said) == sum(thread.name == "messages" for thread in threading.enumerate()) == 8
    assert logged[-1]["reason"] == "8 others still wait for the queue's answers"


def test_a_stop_says_that_work_was_handed_back_when_it_was(hanging: Hearing, tmp_path: Path) -> None:
    class Heard(Memory):
        def hand_back(self, taken: Work, delay_seconds: float, failure: str | None = None) -> bool:
            hanging.bell.back(taken, delay_seconds)
            return super().hand_back(taken, delay_seconds, failure)

    memory = Heard(tmp_path, [WORK], endless=True)

    async def stop() -> None:
        loop = memory.loop(hanging.bell)
        running = asyncio.create_task(loop.run())
        while loop._current is None:
            await asyncio.sleep(0)
        await loop.drain(0, running)

    with capture_logs() as logged:
        asyncio.run(stop())
    assert memory.said[-2:] == ["wait", "hand back 0 None"]
    events = {entry["event"] for entry in logged}
    assert events & {"analysis handed back", "work not handed back"} == {"analysis handed back"}


def trickling() -> Iterator[str]:
    """The address of a queue that answers byte by byte, and never ends."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
            with suppress(OSError):
                while not over.wait(0.05):
                    self.connection.sendall(b"a")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    over.set()
    server.shutdown()
    server.server_close()


slowly = pytest.fixture(trickling)


def test_a_poll_that_is_answered_byte_by_byte_is_given_up_and_none_is_begun_beside_it(
    monkeypatch: pytest.MonkeyPatch, slowly: str
) -> None:
    monkeypatch.setattr("fastbreak_service.worker.messages._LATE_SECONDS", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", slowly)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    time = 0.0
    bell = Messages(SqsQueue(*["http://sqs/1/work"] * 2), KNOWN, lambda _message: False, 60, lambda: time)
    with capture_logs() as logged:
        asyncio.run(bell.wait(asyncio.Event(), busy=True))
        time = 31
        asyncio.run(bell.wait(asyncio.Event(), busy=True))
    assert [entry["reason"] for entry in logged] == [
        "The queue gave no answer to a poll in time.",
        "The queue has not answered the poll before this one.",
    ]
    assert [thread.name for thread in threading.enumerate()].count("receiving-messages") == 1


def test_a_worker_takes_what_it_hears_of_and_what_it_finds_by_itself(tmp_path: Path) -> None:
    """The whole loop: work without a message first, then a message and its work, then nothing."""
    memory, queue = Memory(tmp_path), Queue()
    bell: Any = Messages(queue, KNOWN, lambda _message: False, 60)  # type: ignore[arg-type] # as above
    memory.left_over = [WORK]

    async def run() -> None:
        loop, running = memory.loop(bell), None
        empty, here = asyncio.Event(), asyncio.get_running_loop()

        def on_empty() -> None:
            if not queue.there and "delete ours" not in queue.said:
                queue.there.append(OURS)
                memory.left_over.append(replace(WORK, token=uuid.uuid4()))
            elif "delete ours" in queue.said:
                here.call_soon_threadsafe(empty.set)

        memory.on_empty = on_empty
        running = asyncio.create_task(loop.run())
        await empty.wait()
        await loop.drain(60, running)

    asyncio.run(run())
    assert memory.said == ["finish", "done", "retire", "put away"] * 2
    polls = [said for said in queue.said if not said.startswith("receive")]
    assert polls == ["delete ours"]
