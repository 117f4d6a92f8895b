# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing an analysis, and the certificates of what was erased."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.storing import ask_storage, move
from fastbreak_service.footage.ports import FootageError
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from starlette.requests import Request

    from fastbreak_service.api.dead_letters import DeadLetters
    from fastbreak_service.api.parts import Parts
    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.store.erasures import Erasures
    from fastbreak_service.store.person_erasures import PersonErasures

_BETWEEN_SECONDS = 600.0
STILL_THERE = (
    "What was found is erased, but the storage does not delete the video at the moment. The service tries again by "
    "itself; send this again to have the certificate."
)
ASKED = partial(ask_storage, STILL_THERE)
log = structlog.get_logger()


def erasure_routes(parts: Parts) -> list[Route]:
    """The routes of erasures."""

    async def erase_analysis(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.ADMINISTRATOR)
        analysis = parameters.analysis_id(request)
        found = await ask(CALLER_SECONDS, parts.erasures.erase, caller, analysis)
        if found is None:
            raise parameters.no_such_analysis()
        if found["erased_at"] is None:
            if found["place"] != parts.footage.place:
                raise elsewhere(found["place"])
            versions = await erase_video(ASKED, parts.footage, analysis, parts.erasures)
            found = await ask(CALLER_SECONDS, parts.erasures.complete, analysis, versions)
        # No video stays, and nobody who asks the storage waits, for a queue.
        if parts.letters.there and "dead_letters" not in found["erased"]:
            await parts.letters.erase(analysis)
            found = await ask(CALLER_SECONDS, parts.erasures.erase, caller, analysis) or found
        return JSONResponse(views.certificate(found))

    async def list_erasures(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.ADMINISTRATOR)
        limit, after = parameters.integer(request, "limit", 100, 1000), parameters.list_cursor(request)
        rows = await ask(CALLER_SECONDS, parts.erasures.of, caller.team, limit + 1, after)
        await note(parts.trail, caller, Action.ERASURES_READ)
        page = rows[:limit]
        following = views.erasure_cursor(page[-1]) if len(rows) > limit else None
        return JSONResponse({"erasures": [views.certificate(row) for row in page], "next": following})

    return [
        Route("/v1/analyses/{id}", erase_analysis, methods=["DELETE"]),
        Route("/v1/erasures", list_erasures, methods=["GET"]),
    ]


def elsewhere(place: str) -> ApiError:
    """The answer while a video is where this service erases nothing."""
    return ApiError(
        503,
        "storage_unavailable",
        f"What was found is erased. The video is in {place}, which this service does not use (FASTBREAK_FOOTAGE): a "
        "service that does erases it there by itself. Send this again after that to have the certificate.",
        {"retry-after": "600"},
    )


async def erase_video(
    speak: Callable[[Callable[[UUID], int], UUID], Awaitable[int]],
    footage: Footage,
    analysis: UUID,
    erasures: Erasures | PersonErasures,
) -> int:
    """Erase a video by way of `speak`; in how many versions. It is on record beforehand how many there are.

    Raises what `speak` raises, ApiError and DATABASE_ERRORS.
    """
    await ask(CALLER_SECONDS, erasures.begin, analysis, await speak(footage.versions, analysis))
    return await speak(footage.erase, analysis)


async def finish_erasures(
    erasures: Erasures,
    persons: PersonErasures,
    footage: Footage,
    letters: DeadLetters,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Erase until this is cancelled, now and then, the videos that could not be erased at once."""
    while True:
        await sleep(_BETWEEN_SECONDS)
        try:
            for analysis in await ask(CALLER_SECONDS, erasures.left):
                if await _erased(footage, analysis, erasures):
                    letters.want(analysis)
            for analysis in await ask(CALLER_SECONDS, persons.left):
                await _erased(footage, analysis, persons)
        except (*DATABASE_ERRORS, ApiError) as error:
            log.warning("videos not erased", reason=reason(error))


async def _erased(footage: Footage, analysis: UUID, erasures: Erasures | PersonErasures) -> bool:
    """Whether a video is gone, which is on record then. Raises ApiError and DATABASE_ERRORS."""
    try:
        versions = await erase_video(move, footage, analysis, erasures)
    except FootageError as error:
        log.warning("video not erased", analysis_id=str(analysis), reason=str(error))
        return False
    except Exception:
        # It keeps no other video from being erased.
        log.exception("video not erased", analysis_id=str(analysis))
        return False
    await ask(CALLER_SECONDS, erasures.complete, analysis, versions)
    return True
