# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Telling of ends in the background: no analysis waits for it, and it takes no more threads than work can spare."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

# asyncio has five threads on one core, and the loop needs two.
MOST = 3
log = structlog.get_logger()


class News:
    """Tells of ends by `announce`, of `MOST` at a time; what comes on top of them is logged and not told."""

    def __init__(self, announce: Callable[[UUID], Awaitable[None]]) -> None:
        self._announce = announce
        # asyncio holds its tasks weakly.
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, analysis: UUID) -> None:
        """Begin to tell."""
        if len(self._telling) >= MOST:
            _log(analysis, f"{MOST} others are still being announced")
            return
        telling = asyncio.create_task(self._tell(analysis))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def told(self, seconds: float) -> None:
        """Wait until all is told, some seconds at most; the rest is left."""
        telling = list(self._telling)
        if telling:
            _, late = await asyncio.wait(telling, timeout=seconds)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _tell(self, analysis: UUID) -> None:
        try:
            await self._announce(analysis)
        except asyncio.CancelledError:
            _log(analysis, "the worker stopped")
            raise
        except Exception:
            log.exception("end not announced", analysis_id=str(analysis))


def _log(analysis: UUID, reason: str) -> None:
    log.warning("end not announced", analysis_id=str(analysis), reason=reason)
