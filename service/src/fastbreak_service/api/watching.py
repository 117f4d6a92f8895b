# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Who saw, sent and reviewed what, for the administrators of a team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, ask, note
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action

if TYPE_CHECKING:
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts


def audit_routes(parts: Parts) -> list[Route]:
    """The routes to the audit trail of a team."""

    async def list_audit(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.ADMINISTRATOR)
        limit = parameters.integer(request, "limit", 100, 1000)
        before, analysis = parameters.audit_cursor(request), parameters.analysis_wanted(request)
        await note(parts.trail, caller, Action.AUDIT_READ)
        rows = await ask(CALLER_SECONDS, parts.trail.of, caller.team, limit + 1, before, analysis)
        page = rows[:limit]
        following = str(page[-1]["id"]) if len(rows) > limit else None
        return JSONResponse({"entries": [views.entry(row) for row in page], "next": following})

    return [Route("/v1/audit", list_audit, methods=["GET"])]
