# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Speaking to the storage of videos in threads of its own: one that hangs takes none from who asks the database."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.api.errors import ApiError
from fastbreak_service.footage.ports import FootageError, FootageMissingError

if TYPE_CHECKING:
    from collections.abc import Callable

_CALLER_SECONDS = 20.0
_ASKING = ThreadPoolExecutor(3, "asking-storage")
# Videos on their way may take long without anything being wrong, and nobody who asks waits behind them.
_MOVING = ThreadPoolExecutor(3, "moving-videos")
log = structlog.get_logger()


async def move[**P, T](act: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Have a video stored, or done away with in the background. Raises what it raises."""
    return await _in(_MOVING, partial(act, *arguments, **named))


async def ask_storage[**P, T](away: str, question: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What the storage says. Raises FootageMissingError, and ApiError with these words when it gives no answer in time.

    What is asked already goes on in its thread; what still waits for a thread is never asked.
    """
    try:
        async with asyncio.timeout(_CALLER_SECONDS):
            return await _in(_ASKING, partial(question, *arguments, **named))
    except FootageMissingError:
        raise
    except (FootageError, TimeoutError) as error:
        log.error("storage not reached", reason=str(error) or f"no answer in {_CALLER_SECONDS:g} s")  # noqa: TRY400
        raise ApiError(503, "storage_unavailable", away, {"retry-after": "60"}) from error


async def _in[T](threads: ThreadPoolExecutor, act: Callable[[], T]) -> T:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, context.run, act)
