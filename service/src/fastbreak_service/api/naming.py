# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which players of the team persons of an analysis are.

A player's name is in bodies alone: addresses are in logs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.api.bodies import bad_body, json_object
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.schemas import PLAYER
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.team_players import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts

_PLAYER = re.compile(PLAYER.removeprefix("^").removesuffix("$"), re.ASCII)


def naming_routes(parts: Parts) -> list[Route]:
    """The routes of one analysis's players."""

    async def list_players(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis = parameters.analysis_id(request)
        rows = await ask(CALLER_SECONDS, parts.players(caller).of, analysis)
        if rows is None:
            raise parameters.no_such_analysis()
        await note(parts.trail, caller, Action.PLAYERS_READ, analysis)
        return JSONResponse({"players": [views.player(row) for row in rows]})

    async def name_player(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis, person = parameters.analysis_id(request), parameters.person_number(request)
        before = parameters.version_seen(request, "correction")
        try:
            player = read_player(await json_object(request))
        except ClientDisconnect:
            return Response(status_code=499)
        found = await ask(CALLER_SECONDS, parts.players(caller).name, analysis, person, player, before)
        if isinstance(found, Refused):
            raise _refused(found)
        return JSONResponse(views.player(found))

    async def unname_player(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis, person = parameters.analysis_id(request), parameters.person_number(request)
        before = parameters.version_seen(request, "correction")
        refused = await ask(CALLER_SECONDS, parts.players(caller).unname, analysis, person, before)
        if refused is not None:
            raise _refused(refused)
        return Response(status_code=204)

    path = "/v1/analyses/{id}/persons/{person}/player"
    return [
        Route("/v1/analyses/{id}/players", list_players, methods=["GET"]),
        Route(path, name_player, methods=["PUT"]),
        Route(path, unname_player, methods=["DELETE"]),
    ]


def read_player(body: dict[str, Any]) -> str:
    """The player that a body names. Raises ApiError."""
    if body.keys() != {"player"}:
        raise bad_body("it must have player, and nothing else")
    player = body["player"]
    if not isinstance(player, str) or not _PLAYER.fullmatch(player):
        raise bad_body("player must be 1 to 40 letters, digits, dots, dashes and underscores, a letter or digit first")
    return player


def _refused(why: Refused) -> ApiError:
    if why is Refused.UNKNOWN:
        return parameters.no_such_person()
    return ApiError(
        412,
        "persons_changed",
        "Somebody has said who is who in this analysis since, or nobody has. Read the corrections, and decide again.",
    )
