# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Erasing one person of an analysis, whose video is shared with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask
from fastbreak_service.api.erasing import ASKED, elsewhere, erase_video
from fastbreak_service.api.errors import ApiError
from fastbreak_service.identity.caller import Role
from fastbreak_service.messages.content import Message
from fastbreak_service.store.person_erasures import Refusal
from fastbreak_service.store.team_analyses import BLUR_CONTRACT

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts


def person_erasure_routes(parts: Parts) -> list[Route]:
    """The route."""

    async def erase_person(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.ADMINISTRATOR)
        analysis, person = parameters.analysis_id(request), parameters.person_number(request)
        remains = parameters.remains(request)
        found = await ask(CALLER_SECONDS, parts.person_erasures.erase, caller, analysis, person, remains)
        if isinstance(found, Refusal):
            raise _refused(found)
        if found["erased_at"] is None and found["how"] == "deleted":
            if found["place"] != parts.footage.place:
                raise elsewhere(found["place"])
            versions = await erase_video(ASKED, parts.footage, analysis, parts.person_erasures)
            await ask(CALLER_SECONDS, parts.person_erasures.complete, analysis, versions)
            found = await ask(CALLER_SECONDS, parts.person_erasures.of, analysis, person)
        elif found["erased_at"] is None:
            if parts.loop is not None:
                parts.loop.wake()
            parts.sender.tell(Message(BLUR_CONTRACT, analysis))
        return JSONResponse(views.certificate(found), status_code=202 if found["erased_at"] is None else 200)

    return [Route("/v1/analyses/{id}/persons/{person}", erase_person, methods=["DELETE"])]


def _refused(why: Refusal) -> ApiError:
    if why is Refusal.UNFINISHED:
        return ApiError(
            409,
            "analysis_unfinished",
            "The analysis has not ended, so that nobody knows yet who is in the video. Send this again when it has, or "
            "erase the analysis.",
        )
    if why is Refusal.UNPLACED:
        return ApiError(
            409,
            "person_not_placed",
            "The analysis does not have where the person is in the video, so they cannot be blurred in it. Nothing was "
            "erased. footage=delete erases the person and the video.",
        )
    return parameters.no_such_person()
