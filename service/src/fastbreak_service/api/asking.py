# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Asking the database for a caller, who does not wait for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastbreak_service.api.errors import database_away

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.store.audit import Action, Trail

CALLER_SECONDS = 25.0
READINESS_SECONDS = 4.0
"""Less than a load balancer waits."""


async def ask[**P, T](seconds: float, question: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a question to the database gives. Raises ApiError when there is no answer in time.

    A question that is asked already goes on in its thread; one that still waits for a thread is never asked.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(question, *arguments, **named)
    except TimeoutError as error:
        raise database_away() from error


async def note(trail: Trail, caller: Caller, action: Action, analysis: UUID | None = None) -> None:
    """Have it noted that a caller is about to see something, unless it is already. Raises ApiError."""
    if not trail.has(caller, action, analysis):
        await ask(CALLER_SECONDS, trail.saw, caller, action, analysis)
