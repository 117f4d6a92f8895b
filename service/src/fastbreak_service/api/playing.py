# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Looking at a video that is kept: a link for a person of its team, and the video itself where no bucket has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.storing import ask_storage
from fastbreak_service.footage.kinds import COVERED_KIND, kind_of
from fastbreak_service.footage.ports import FootageMissingError
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.person_erasures import Covering

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path
    from uuid import UUID

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from fastbreak_service.api.parts import Parts

LINK_SECONDS = 600
"""A task's credentials are renewed ten minutes before their end at the latest: a link must not outlive them."""
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")
_AWAY = "The service cannot reach the video at the moment. Try again in a minute."
log = structlog.get_logger()


def playing_routes(parts: Parts) -> list[Route]:
    """The routes."""

    async def create_footage_link(request: Request) -> Response:
        caller, analysis = await parts.admission.admit(request, Role.REVIEWER), parameters.analysis_id(request)
        found = await ask(CALLER_SECONDS, parts.analyses(caller).one, analysis)
        if found is None:
            raise parameters.no_such_analysis()
        kind = COVERED_KIND if await _covering(parts, analysis) else kind_of(found[0]["filename"])
        if parts.retention.until(found[0]) is None:
            raise _gone()
        expires = datetime.now(UTC) + timedelta(seconds=LINK_SECONDS)
        try:
            url = await ask_storage(_AWAY, parts.footage.link, analysis, kind, LINK_SECONDS)
        except FootageMissingError as error:
            # Its storage deleted it before its time: what the rows say has to be true.
            await ask(CALLER_SECONDS, parts.store.lose, analysis)
            raise _gone() from error
        await note(parts.trail, caller, Action.FOOTAGE_LINKED, analysis)
        # Who may look; the link itself is as good as a key, and no log has it.
        log.info("footage link made", analysis_id=str(analysis))
        return JSONResponse({"url": url, "expires_at": expires.isoformat()}, status_code=201)

    async def get_footage(request: Request) -> Response:
        analysis, query = parameters.analysis_id(request), request.query_params
        kind = query.get("kind", "")
        try:
            path = await ask_storage(_AWAY, parts.footage.linked, analysis, kind, query.get("ticket", ""))
            if path is None:
                raise _expired(analysis)
            await _covering(parts, analysis)
            facts = path.stat()
        except (FootageMissingError, FileNotFoundError) as error:
            raise _gone() from error
        return _Video(path, kind, facts, ranged=is_one_range(request.headers.get("range", ""), facts.st_size))

    return [
        Route("/v1/analyses/{id}/footage-links", create_footage_link, methods=["POST"]),
        Route("/v1/analyses/{id}/footage", get_footage, methods=["GET"]),
    ]


def _gone() -> ApiError:
    return ApiError(410, "footage_gone", "The video is not kept any more. What was found in it stays.")


async def _covering(parts: Parts, analysis: UUID) -> Covering | None:
    """What was done to a video to make persons unknowable in it. Raises ApiError 409 while it is being done."""
    covering = await ask(CALLER_SECONDS, parts.person_erasures.covering, analysis)
    if covering is not Covering.UNDER_WAY:
        return covering
    raise ApiError(
        409,
        "footage_being_blurred",
        "Somebody is being made unknowable in the video. It can be watched again after that; try again in a minute.",
        {"retry-after": "60"},
    )


def _expired(analysis: UUID) -> ApiError:
    again = f"POST /v1/analyses/{analysis}/footage-links makes another."
    return ApiError(403, "link_expired", f"The link is not valid, or not any more. {again}")


def is_one_range(text: str, size: int) -> bool:
    """Whether a Range header asks for one range of so many bytes; what is none is left aside (RFC 9110, 14.2).

    Raises ApiError 416 for one that lies outside.
    """
    found = _RANGE.fullmatch(text)
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        return False
    if size == 0 or int(found[1] or 0) >= size or found[3] == "0":
        outside = f"The video has {size} bytes, and the range lies outside."
        raise ApiError(416, "range_not_satisfiable", outside, {"content-range": f"bytes */{size}"})
    return True


class _Video(FileResponse):
    """A file, or the one range of it that was asked for."""

    def __init__(self, path: Path, kind: str, facts: stat_result, *, ranged: bool) -> None:
        super().__init__(path, media_type=kind, stat_result=facts, headers={"content-disposition": "inline"})
        self._ranged = ranged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [(name, value) for name, value in scope["headers"] if self._ranged or name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)
