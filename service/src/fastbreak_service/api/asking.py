# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Asking the database for a caller, who does not wait for ever."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from fastbreak_service.api.errors import ApiError, database_away
from fastbreak_service.api.sharing import Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.store.audit import Action, Trail

CALLER_SECONDS = 25.0
READINESS_SECONDS = 4.0
"""Less than a load balancer waits."""
MOST_OF_TEAM = 8
"""Questions that compute for long, asked by one team and not answered yet: more than its people send."""
# What computes for long has one thread, so that all else is still answered and little memory is taken.
_LONG = ThreadPoolExecutor(1, "long")


async def ask[**P, T](seconds: float, question: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a question to the database gives. Raises ApiError when there is no answer in time.

    A question that is asked already goes on in its thread; one that still waits for a thread is never asked.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(question, *arguments, **named)
    except TimeoutError as error:
        raise database_away() from error


class InTurn:
    """Questions that compute for long: one after the other, teams in turn. Lives on one event loop."""

    def __init__(self) -> None:
        self._line = Line(1, MOST_OF_TEAM, "corrections")

    async def ask[**P, T](
        self, team: str, seconds: float, question: Callable[P, T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        """As `ask`, for a caller's team. Raises ApiError, too, when too many of the team wait already."""
        asked = partial(contextvars.copy_context().run, partial(question, *arguments, **named))
        try:
            async with asyncio.timeout(seconds):
                await self._line.wait(team)
                computed = asyncio.get_running_loop().run_in_executor(_LONG, asked)
                # The thread is taken until it has ended, whether or not somebody still waits for that.
                computed.add_done_callback(lambda _: self._line.leave(team))
                return await asyncio.shield(computed)
        except TimeoutError as error:
            raise _busy(seconds, own=self._line.has(team)) from error


def _busy(seconds: float, *, own: bool) -> ApiError:
    """The answer to who has waited for too long; `own`: for what the own team asked, so it is no fault of ours."""
    return ApiError(
        429 if own else 503,
        "busy",
        f"This was not done within {seconds:g} seconds: one after the other is computed, and a long video takes "
        "longer. It may be done yet: read first how it stands, and say it again if it is not.",
        {"retry-after": "30"},
    )


async def note(trail: Trail, caller: Caller, action: Action, analysis: UUID | None = None) -> None:
    """Have it noted that a caller is about to see something, unless it is already. Raises ApiError."""
    if not trail.has(caller, action, analysis):
        await ask(CALLER_SECONDS, trail.saw, caller, action, analysis)
