# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing an analysis, and the certificates of what was erased."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
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
from fastbreak_service.messages.ports import QueueError
from fastbreak_service.store.audit import Action
from fastbreak_service.store.failures import DATABASE_ERRORS, reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts
    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.store.erasures import Erasures
    from fastbreak_service.store.person_erasures import PersonErasures

_BETWEEN_SECONDS = 600.0
# No video stays, and nobody who asks the storage waits, for a queue.
_LETTERS_SECONDS = 8.0
_LOOKING = ThreadPoolExecutor(1, "looking-for-dead-letters")
STILL_THERE = (
    "What was found is erased, but the storage does not delete the video at the moment. The service tries again by "
    "itself; send this again to have the certificate."
)
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
            found = await ask_storage(STILL_THERE, erase_video, parts.erasures, parts.footage, analysis, parts.letters)
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


def erase_video(
    erasures: Erasures, footage: Footage, analysis: UUID, letters: Callable[[UUID], int] | None = None
) -> RowMapping:
    """Erase the video of an analysis whose rows are gone, and those of its dead letters that are found.

    Raises FootageError and DATABASE_ERRORS.
    """
    versions = footage.erase(analysis)
    found = erasures.complete(analysis, versions, None if letters is None else _found(letters, analysis))
    log.info("analysis erased", analysis_id=str(analysis))
    return found


def _found(letters: Callable[[UUID], int], analysis: UUID) -> int | None:
    """How many dead letters were found and deleted; None where the queue did not say soon, and goes on for itself."""
    try:
        return _LOOKING.submit(letters, analysis).result(_LETTERS_SECONDS)
    except (QueueError, TimeoutError) as error:
        log.warning("dead letters not erased", analysis_id=str(analysis), reason=str(error) or "no answer in time")
        return None


def erase_video_of_persons(erasures: PersonErasures, footage: Footage, analysis: UUID) -> None:
    """Erase the video that persons are to be gone from. Raises FootageError and DATABASE_ERRORS."""
    erasures.complete(analysis, footage.erase(analysis))
    log.info("video erased for persons in it", analysis_id=str(analysis))


async def finish_erasures(
    erasures: Erasures,
    persons: PersonErasures,
    footage: Footage,
    letters: Callable[[UUID], int] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Erase until this is cancelled, now and then, the videos that could not be erased at once."""
    while True:
        await sleep(_BETWEEN_SECONDS)
        try:
            for analysis in await ask(CALLER_SECONDS, erasures.left):
                await move(_try_to_erase, partial(erase_video, letters=letters), erasures, footage, analysis)
            for analysis in await ask(CALLER_SECONDS, persons.left):
                await move(_try_to_erase, erase_video_of_persons, persons, footage, analysis)
        except (*DATABASE_ERRORS, ApiError) as error:
            log.warning("videos not erased", reason=reason(error))


def _try_to_erase[T](
    erase: Callable[[T, Footage, UUID], object], erasures: T, footage: Footage, analysis: UUID
) -> None:
    try:
        erase(erasures, footage, analysis)
    except FootageError as error:
        log.warning("video not erased", analysis_id=str(analysis), reason=str(error))
