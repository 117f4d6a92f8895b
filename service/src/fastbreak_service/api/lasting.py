# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is done beside the answers, and has no end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

_AGAIN_SECONDS = 30.0
log = structlog.get_logger()


async def last(
    what: str, work: Callable[[], Awaitable[None]], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Do some work, and begin it again after what nobody expected, which is told: it must not end unnoticed."""
    while True:
        try:
            return await work()
        except Exception:
            log.exception("background work failed", what=what, again_seconds=_AGAIN_SECONDS)
        await sleep(_AGAIN_SECONDS)


@asynccontextmanager
async def meanwhile(**works: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do all works, by their names, until the block ends."""
    tasks = [asyncio.create_task(last(what, work)) for what, work in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
