# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Saying in the background that there is work: whoever sent a video does not wait for it.

What cannot be said is logged and counted. Nothing is lost by it: workers look at the database by themselves.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from fastbreak_service import metrics
from fastbreak_service.messages.ports import QueueError

if TYPE_CHECKING:
    from fastbreak_service.messages.content import Message
    from fastbreak_service.messages.ports import MessageQueue

MOST = 100
"""How many may wait to be sent; what comes on top of them is not."""
log = structlog.get_logger()


class Sender:
    """Sends to a queue, or nothing where there is none. Lives on one event loop."""

    def __init__(self, queue: MessageQueue | None) -> None:
        self._queue = queue
        # A queue that does not answer takes no thread from whoever asks the database or the storage.
        self._threads = ThreadPoolExecutor(1, "sending-messages")
        # asyncio holds its tasks weakly.
        self._sending: set[asyncio.Future[None]] = set()

    def tell(self, message: Message) -> None:
        """Begin to send."""
        if self._queue is None:
            return
        if len(self._sending) >= MOST:
            not_sent(f"{MOST} others wait to be sent", message)
            return
        sending = asyncio.get_running_loop().run_in_executor(self._threads, send, self._queue, message)
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    def close(self) -> None:
        """Send nothing more: no stop waits for a queue. Workers find by themselves what was not said."""
        if self._sending:
            log.warning("messages not sent", messages=len(self._sending), reason="the service stops")
        self._threads.shutdown(wait=False, cancel_futures=True)


def send(queue: MessageQueue, *messages: Message, delay_seconds: float = 0) -> None:
    """Send; what the queue does not take is logged and counted."""
    try:
        queue.send(messages, delay_seconds)
    except QueueError as error:
        # Of several some may have been sent; they are counted as the others.
        not_sent(str(error), *messages)
    else:
        metrics.MESSAGES.labels(outcome="sent").inc(len(messages))


def not_sent(reason: str, *messages: Message) -> None:
    """Log and count messages that were not sent, which are of one analysis."""
    metrics.MESSAGES.labels(outcome="not_sent").inc(len(messages))
    log.warning("message not sent", analysis_id=str(messages[0].analysis), messages=len(messages), reason=reason)
