# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What waits, told once a minute in CloudWatch's embedded metric format: workers are scaled and alarms ring by it.

The server tells it and not a worker, of which there may be none. Every replica tells the same: look at the maximum.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from fastbreak_service import metrics
from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.errors import ApiError
from fastbreak_service.embedded import embedded
from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastbreak_service.store.work import Backlog, WorkQueue

_SECONDS = 60.0
_UNITS = {
    "QueueWaiting": "Count",
    "QueueAgeSeconds": "Seconds",
    "QueueDeadLetters": "Count",
    # Workers are scaled by it: by what waits alone, one would be taken from the last video that it is at.
    "QueueBacklog": "Count",
}
log = structlog.get_logger()


def told(found: Backlog) -> dict[str, float]:
    """What is told of it, by the names in CloudWatch."""
    return {
        "QueueWaiting": found.waiting,
        "QueueAgeSeconds": round(found.oldest_seconds, 1),
        "QueueDeadLetters": found.dead_letters,
        "QueueBacklog": found.unfinished,
    }


async def tell(queue: WorkQueue, namespace: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Tell it until this is cancelled; in the log only with a namespace, and always in this process's metrics.

    A database that does not answer is no reason to stop.
    """
    while True:
        try:
            metrics.QUEUE_DEPTH.set(await ask(CALLER_SECONDS, queue.waiting))
            if namespace:
                found = await ask(CALLER_SECONDS, queue.backlog)
                log.info("backlog", **embedded(namespace, told(found), time.time(), _UNITS))
        except (*DATABASE_ERRORS, ApiError) as error:
            log.warning("backlog not told", reason=reason(error))
        await sleep(_SECONDS)
