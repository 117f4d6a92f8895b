# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing dead letters: one look for all who wait, in a thread that nobody else waits for, nor an end."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.errors import ApiError
from fastbreak_service.messages.ports import QueueError
from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from uuid import UUID

MOST = 1000
"""Of how many analyses letters may wait to be looked for."""
# No certificate waits longer for a queue.
_SECONDS = 8.0
log = structlog.get_logger()


class DeadLetters:
    """Those of erased analyses. Lives on one event loop.

    `look` deletes what it finds of some analyses, and says of which how many; None: there is no queue. `record` puts on
    record how many of an analysis went.
    """

    def __init__(
        self, look: Callable[[Collection[UUID]], Mapping[UUID, int]] | None, record: Callable[[UUID, int], object]
    ) -> None:
        self._look = look
        self._record = record
        self._wanted: dict[UUID, asyncio.Future[None]] = {}
        self._some = asyncio.Event()

    @property
    def there(self) -> bool:
        """Whether there is a queue of them."""
        return self._look is not None

    def want(self, analysis: UUID) -> asyncio.Future[None]:
        """Have those of an analysis erased and put on record. What this gives is done when they were looked for."""
        looked = self._wanted.get(analysis) or asyncio.get_running_loop().create_future()
        if self._look is None:
            looked.set_result(None)
        elif analysis not in self._wanted and len(self._wanted) >= MOST:
            log.warning("dead letters not erased", analysis_id=str(analysis), reason=f"{MOST} others wait")
            looked.set_result(None)
        else:
            self._wanted[analysis] = looked
            self._some.set()
        return looked

    async def erase(self, analysis: UUID) -> None:
        """As `want`, and wait for it, but not for long: what is not looked for by then is later."""
        looked = self.want(analysis)
        await asyncio.wait({looked}, timeout=_SECONDS)
        if not looked.done():
            log.warning("dead letters not looked for yet", analysis_id=str(analysis), seconds=_SECONDS)

    async def keep_looking(self) -> None:
        """Look until this is cancelled, whenever somebody wants it."""
        while self._look is not None:
            await self._some.wait()
            self._some.clear()
            wanted, self._wanted = self._wanted, {}
            try:
                await self._erase(partial(self._look, wanted.keys()), len(wanted))
            finally:
                for looked in wanted.values():
                    looked.set_result(None)

    async def _erase(self, look: Callable[[], Mapping[UUID, int]], analyses: int) -> None:
        try:
            found = await _aside(look)
        except QueueError as error:
            log.warning("dead letters not erased", analyses=analyses, reason=str(error))
            return
        for analysis, count in found.items():
            try:
                await ask(CALLER_SECONDS, self._record, analysis, count)
            except (*DATABASE_ERRORS, ApiError) as error:
                log.warning(
                    "dead letters not on record", analysis_id=str(analysis), letters=count, reason=reason(error)
                )


async def _aside[T](act: Callable[[], T]) -> T:
    """What it gives, done in a thread that may hang as long as it likes."""
    answer: Future[T] = Future()

    def run() -> None:
        answer.set_running_or_notify_cancel()
        try:
            given = act()
        except BaseException as error:  # noqa: BLE001 - whoever awaits it raises it
            answer.set_exception(error)
        else:
            answer.set_result(given)

    threading.Thread(target=run, name="looking-for-dead-letters", daemon=True).start()
    return await asyncio.wrap_future(answer)
