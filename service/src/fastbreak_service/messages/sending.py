# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Saying in the background that there is work: whoever sent a video does not wait for it.

What cannot be said is logged and counted. Nothing is lost by it: workers look at the database by themselves.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from fastbreak_service import metrics
from fastbreak_service.messages.aside import Aside
from fastbreak_service.messages.ports import QueueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from fastbreak_service.messages.content import Message
    from fastbreak_service.messages.ports import MessageQueue

AWAY_SECONDS = 30.0
"""For so long nothing is asked of a queue that did not do what was asked."""
LEFT_ALONE = "The queue did not do what was asked before, and is left alone for a while."
MOST = 100
"""How many may wait to be sent; what comes on top of them is not."""
# Longer than the AWS library takes to give up, where each byte comes in time.
_PATIENCE_SECONDS = 20.0
log = structlog.get_logger()


class Sender:
    """Sends to a queue, or nothing where there is none. One that did not take something is left alone for a while."""

    def __init__(self, queue: MessageQueue | None, now: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._now = now
        self._not_before = 0.0
        self._aside = Aside()
        # A queue that does not answer takes no thread from whoever asks the database or the storage.
        self._threads = ThreadPoolExecutor(1, "sending-messages")
        self._sending: set[Future[None]] = set()

    def tell(self, message: Message) -> None:
        """Begin to send."""
        if self._queue is None:
            return
        if len(self._sending) >= MOST:
            not_sent(f"{MOST} others wait to be sent", message)
            return
        sending = self._threads.submit(self._send, self._queue, message)
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    def close(self) -> None:
        """Send nothing more: no stop waits for a queue. Workers find by themselves what was not said."""
        # The one that is being sent says itself what becomes of it.
        if left := sum(sending.cancel() for sending in list(self._sending)):
            metrics.MESSAGES.labels(outcome="not_sent").inc(left)
            log.warning("messages not sent", messages=left, reason="the service stops")
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _send(self, queue: MessageQueue, message: Message) -> None:
        # Asked here and not in `tell`: those that waited behind one that was not taken are not sent either.
        if self._now() < self._not_before:
            not_sent(LEFT_ALONE, message)
            return
        taken: list[bool] = []
        soon = self._aside.within(_PATIENCE_SECONDS, lambda: taken.append(send(queue, message)))
        if not soon or taken == [False]:
            self._not_before = self._now() + AWAY_SECONDS


def send(queue: MessageQueue, *messages: Message, delay_seconds: float = 0) -> bool:
    """Send; what the queue does not take is logged and counted. Whether it took all."""
    try:
        queue.send(messages, delay_seconds)
    except QueueError as error:
        # Of several some may have been sent; they are counted as the others.
        not_sent(str(error), *messages)
        return False
    metrics.MESSAGES.labels(outcome="sent").inc(len(messages))
    return True


def not_sent(reason: str, *messages: Message) -> None:
    """Log and count messages that were not sent, which are of one analysis."""
    metrics.MESSAGES.labels(outcome="not_sent").inc(len(messages))
    log.warning("message not sent", analysis_id=str(messages[0].analysis), messages=len(messages), reason=reason)
