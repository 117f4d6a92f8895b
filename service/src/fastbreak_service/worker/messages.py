# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Learning of work by messages of a queue, with a look at the database now and then.

A message says that there is work, and the database which comes next. Each message that is received is of one piece that
is taken then: nobody else sees it while that is being done, and it is deleted after it. A worker that dies leaves both
to others.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog

from fastbreak_service import metrics
from fastbreak_service.messages.aside import Aside
from fastbreak_service.messages.content import Message, read
from fastbreak_service.messages.ports import QueueError, Received
from fastbreak_service.messages.sending import AWAY_SECONDS, LEFT_ALONE, not_sent, send
from fastbreak_service.store.failures import DATABASE_ERRORS, reason
from fastbreak_service.worker.bell import set_within

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from fastbreak_service.messages.ports import MessageQueue
    from fastbreak_service.store.work import Work

# Between two looks at the database, in a queue in which nothing is.
_IDLE_SECONDS, _BUSY_SECONDS = 20, 1
_LEAST_SECONDS = 1.0
# No work, and no stop, waits longer for a queue; a poll may be so late.
_PATIENCE_SECONDS = 2.0
_LATE_SECONDS = 8.0
# Nobody's, or of another release: after as many receptions as the queue allows it is a dead letter.
_STRANGE_SECONDS = 60.0
_NOT_YET_SECONDS = 15.0
# Of the time for which nobody sees a message, after which that is prolonged.
_PROLONGED_AFTER = 1 / 3
log = structlog.get_logger()


class Messages:
    """See Bell. `known` are the contracts of this release.

    `put_back` says whether the work of a message is there, and may be taken later; it raises DATABASE_ERRORS.
    `hidden_seconds` is how long nobody else sees the message of a worker that has fallen silent.
    """

    def __init__(
        self,
        queue: MessageQueue,
        known: Collection[int],
        put_back: Callable[[Message], bool],
        hidden_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._known = known
        self._put_back = put_back
        self._hidden_seconds = hidden_seconds
        self._now = now
        self._no_poll_before = 0.0
        self._not_asked_before = 0.0
        self._aside = Aside()
        self._poll: _Poll | None = None
        self._looked = float("-inf")
        # Those who do the work and who keep its lease alive are in threads of their own.
        self._lock = threading.Lock()
        self._held: Received | None = None
        self._since = 0.0

    async def wait(self, woken: asyncio.Event, *, busy: bool) -> None:
        """See Bell. Work comes seldom alone: after some the database is looked at soon, too."""
        if woken.is_set():
            return
        if self._now() >= max(self._no_poll_before, self._not_asked_before):
            await self._receive(woken, _BUSY_SECONDS if busy else _IDLE_SECONDS)
        # However soon a queue answers, and whatever: nobody looks for work all the time where there was none.
        if not busy and (early := self._looked + _LEAST_SECONDS - self._now()) > 0:
            await set_within(woken, early)

    async def _receive(self, woken: asyncio.Event, seconds: int) -> None:
        try:
            received = await self._next_poll(seconds).until(woken)
        except Exception as error:
            if not isinstance(error, QueueError):
                log.exception("no message received")
            self._leave_alone()
            log.warning("no message received", reason=str(error))
            return
        with self._lock:
            self._held, self._since = received, self._now()

    def _next_poll(self, seconds: int) -> _Poll:
        if self._poll is not None and self._poll.hangs:
            raise QueueError("The queue has not answered the poll before this one.")
        self._poll = _Poll(self._queue, seconds, self._hidden_seconds, self._aside)
        return self._poll

    def found(self, taken: Work | None) -> None:
        """See Bell. A message that is not of this release's work is never deleted, and does not stand for any."""
        self._looked = self._now()
        if (held := self._held) is None:
            return
        message = read(held.text)
        if message is None or message.contract not in self._known:
            self._let_go(_STRANGE_SECONDS)
            contract = None if message is None else message.contract
            metrics.MESSAGES.labels(outcome="strange" if message is None else "other_release").inc()
            log.warning("message left to others", contract=contract, characters=len(held.text))
        elif taken is not None:
            metrics.MESSAGES.labels(outcome="received").inc()
        elif self._is_put_back(message):
            self._let_go(_NOT_YET_SECONDS)
        else:
            self.ended()

    def failed(self) -> None:
        """See Bell."""
        self._looked = self._now()
        self._no_poll_before = self._looked + _LEAST_SECONDS
        self._let_go(_NOT_YET_SECONDS)

    def extend(self) -> None:
        """See Bell. No lease waits for a queue."""
        with self._lock:
            held = self._held
            if held is None or self._now() - self._since < self._hidden_seconds * _PROLONGED_AFTER:
                return
            self._since = self._now()
        self._aside.begin(self._prolong, held)

    def stop(self) -> None:
        """See Bell. A queue that does not answer is not waited for."""
        self._let_go(0.0)

    def back(self, taken: Work, seconds: float) -> None:
        """See Bell."""
        if not self._let_go(seconds):
            self._tell([_message_of(taken)], seconds)

    def ended(self) -> None:
        """See Bell."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            self._ask(_tried, self._queue.delete, held)

    def dead(self, taken: Work, code: str) -> None:
        """See Bell."""
        self._ask(_tried, self._queue.bury, _message_of(taken), code)

    def more(self, messages: Sequence[Message]) -> None:
        """See Bell."""
        self._tell(messages, 0.0)

    def _tell(self, messages: Sequence[Message], delay_seconds: float) -> None:
        """Say that there is work. While nobody polls, nobody sends either: looks find it."""
        if self._now() < self._not_asked_before:
            not_sent(LEFT_ALONE, *messages)
        else:
            self._ask(self._send, messages, delay_seconds)

    def _send(self, messages: Sequence[Message], delay_seconds: float) -> None:
        if not send(self._queue, *messages, delay_seconds=delay_seconds):
            self._leave_alone()

    def _ask(self, act: Callable[..., object], *arguments: object) -> None:
        """Do it if the queue does it soon; else it may be done later, or not at all."""
        if not self._aside.within(_PATIENCE_SECONDS, act, *arguments):
            self._leave_alone()

    def _leave_alone(self) -> None:
        """For a while work is looked for each second, as without a queue."""
        self._not_asked_before = self._now() + AWAY_SECONDS

    def _is_put_back(self, message: Message) -> bool:
        try:
            return self._put_back(message)
        except DATABASE_ERRORS as error:
            log.warning("message not judged", analysis_id=str(message.analysis), reason=reason(error))
        except Exception:
            log.exception("message not judged", analysis_id=str(message.analysis))
        return True

    def _prolong(self, held: Received) -> None:
        # It may have ended meanwhile.
        if self._held is held:
            self._leave(held, self._hidden_seconds)

    def _let_go(self, seconds: float) -> bool:
        """Let others see the message after a while; False when there is none."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            self._ask(self._leave, held, seconds)
        return held is not None

    def _leave(self, held: Received, seconds: float) -> None:
        _tried(self._queue.leave, held, seconds)


class _Poll:
    """One long poll in a thread of its own, for which nobody who stops has to wait."""

    def __init__(self, queue: MessageQueue, seconds: int, hidden_seconds: float, aside: Aside) -> None:
        self._queue = queue
        self._aside = aside
        self._thread = threading.Thread(target=self._ask, name="receiving-messages", daemon=True)
        self._answered_at_all = False
        self._waits = (seconds, hidden_seconds)
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Received | None] = self._loop.create_future()

    @property
    def hangs(self) -> bool:
        """Whether the queue has not answered yet."""
        return self._thread.is_alive() and not self._answered_at_all

    async def until(self, woken: asyncio.Event) -> Received | None:
        """The message, None when none came or something else woke. Raises QueueError."""
        self._thread.start()
        waking = asyncio.create_task(woken.wait())
        try:
            both: set[asyncio.Future[Any]] = {self._answer, waking}
            await asyncio.wait(both, timeout=self._waits[0] + _LATE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._take_back()
            raise
        finally:
            waking.cancel()
        if self._answer.done():
            return self._answer.result()
        self._take_back()
        if not woken.is_set():
            raise QueueError("The queue gave no answer to a poll in time.")
        return None

    def _take_back(self) -> None:
        """Nobody waits for it any more: what it brings, or has brought, is left to others at once."""
        if not self._answer.done():
            self._answer.cancel()
        elif self._answer.exception() is None and (received := self._answer.result()) is not None:
            self._left(received)

    def _ask(self) -> None:
        received: Received | None = None
        error: QueueError | None = None
        try:
            received = self._queue.receive(*self._waits)
        except QueueError as known:
            error = known
        except Exception as unknown:
            log.exception("no message received")
            error = QueueError(repr(unknown))
        self._answered_at_all = True
        try:
            self._loop.call_soon_threadsafe(self._answered, received, error)
        except RuntimeError:
            # The loop is closed: the worker has stopped.
            if received is not None:
                _tried(self._queue.leave, received, 0)

    def _answered(self, received: Received | None, error: QueueError | None) -> None:
        if self._answer.cancelled():
            if received is not None:
                self._left(received)
        elif error is not None:
            self._answer.set_exception(error)
        else:
            self._answer.set_result(received)

    def _left(self, received: Received) -> None:
        self._aside.begin(_tried, self._queue.leave, received, 0)


def _tried[**P](act: Callable[P, None], *arguments: P.args, **named: P.kwargs) -> None:
    """Do it if the queue does; what it does not do is logged, and costs time alone."""
    try:
        act(*arguments, **named)
    except Exception as error:
        metrics.MESSAGES.labels(outcome="refused").inc()
        log.warning("message not handled", reason=str(error) or repr(error), exc_info=not isinstance(error, QueueError))


def _message_of(taken: Work) -> Message:
    segment = None if taken.part is None else taken.part.segment.number
    return Message(taken.contract, taken.analysis, segment)
