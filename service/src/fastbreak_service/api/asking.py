# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Asking the database for a caller, who does not wait for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastbreak_service.api.errors import database_away

if TYPE_CHECKING:
    from collections.abc import Callable

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
