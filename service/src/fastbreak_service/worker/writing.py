# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Writing to the database for as long as it may come back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.store.failures import DATABASE_ERRORS, is_away, reason, was_cut_off

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY_SECONDS = 2.0
# A database that has been away for longer than this has lost more than one result.
_OUTAGE_SECONDS = 3600.0
# A write that runs into its time limit (minutes) this often will do so again.
_CUT_OFFS = 3
_now = time.monotonic
log = structlog.get_logger()


async def settle[T](write: Callable[[], T]) -> T:
    """Write, again and again while the database is away: an hour's analysis must outlive its restart.

    Raises what the database raises when it refuses, or when it has been away for an hour.
    """
    attempt, begun = 0, _now()
    while True:
        attempt += 1
        try:
            return await asyncio.to_thread(write)
        except DATABASE_ERRORS as error:
            log.warning("database write failed", reason=reason(error), attempt=attempt, away=is_away(error))
            spent = _now() - begun > _OUTAGE_SECONDS or (was_cut_off(error) and attempt >= _CUT_OFFS)
            if spent or not is_away(error):
                raise
            await asyncio.sleep(RETRY_SECONDS)
