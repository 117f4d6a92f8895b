# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Films in which somebody was blurred: a bucket counts their days anew, so the service ends them with the video's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.storing import move
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.store.analyses import AnalysisStore
    from fastbreak_service.store.person_erasures import PersonErasures

_BETWEEN_SECONDS = 600.0
log = structlog.get_logger()


async def end_films(
    persons: PersonErasures,
    store: AnalysisStore,
    footage: Footage,
    days: int,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Erase until this is cancelled, now and then, the films whose video would have been kept for so many days."""
    while True:
        await sleep(_BETWEEN_SECONDS)
        try:
            for analysis in await ask(CALLER_SECONDS, persons.outlived, days):
                await _end(store, footage, analysis)
        except (*DATABASE_ERRORS, ApiError) as error:
            log.warning("films not erased", reason=reason(error))


async def _end(store: AnalysisStore, footage: Footage, analysis: UUID) -> None:
    """Erase one film; one that cannot be keeps no other from it. Raises ApiError and DATABASE_ERRORS."""
    try:
        await move(footage.erase, analysis)
    except FootageError as error:
        log.warning("film not erased", analysis_id=str(analysis), reason=str(error))
        return
    except Exception:
        log.exception("film not erased", analysis_id=str(analysis))
        return
    await ask(CALLER_SECONDS, store.lose, analysis)
    log.info("film erased, its days are over", analysis_id=str(analysis))
