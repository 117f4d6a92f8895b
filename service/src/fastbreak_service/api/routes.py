# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The routes, one function each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, READINESS_SECONDS, ask, note
from fastbreak_service.api.correcting import correction_routes
from fastbreak_service.api.erasing import erasure_routes
from fastbreak_service.api.erasing_persons import person_erasure_routes
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.following import following_routes
from fastbreak_service.api.intake import Intake
from fastbreak_service.api.naming import naming_routes
from fastbreak_service.api.openapi import document
from fastbreak_service.api.playing import playing_routes
from fastbreak_service.api.reviewing import review_routes
from fastbreak_service.api.uploading import upload_routes
from fastbreak_service.api.using import usage_routes
from fastbreak_service.api.watching import audit_routes
from fastbreak_service.identity.caller import Role
from fastbreak_service.store.audit import Action
from fastbreak_service.store.team_analyses import TeamAnalyses
from fastbreak_service.vision.joints import JOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts
    from fastbreak_service.store.mark import Standing
    from fastbreak_service.store.team_analyses import SaidQuery

log = structlog.get_logger()


class _Readiness:
    """Logs readiness when it changes, not every few seconds when somebody asks."""

    def __init__(self) -> None:
        self._last: str | None = None

    def note(self, state: str) -> None:
        """Take note of an answer: `ready`, or the code of what is missing."""
        if state != self._last:
            log.info("readiness changed", state=state, before=self._last)
            self._last = state


def make_routes(parts: Parts) -> list[Route]:
    """All routes."""
    others = (
        review_routes,
        correction_routes,
        naming_routes,
        audit_routes,
        erasure_routes,
        person_erasure_routes,
        usage_routes,
        following_routes,
    )
    more = [route for routes in others for route in routes(parts)]
    return [*_health_routes(parts), *_analysis_routes(parts), *more]


def _health_routes(parts: Parts) -> list[Route]:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    readiness = _Readiness()

    async def ready() -> Standing:
        if parts.loop is not None and not parts.loop.ready:
            raise ApiError(503, "model_not_loaded", "The worker has not loaded the pose model; it is being started.")
        standing = await ask(READINESS_SECONDS, parts.check_schema)
        parts.admission.check()
        return standing

    async def readyz(request: Request) -> Response:
        question = parameters.question(request)
        try:
            standing = await ready()
        except ApiError as error:
            readiness.note(error.code)
            raise
        readiness.note("ready")
        told = {"asked": question, "schema": standing.revision, "migration": standing.mark} if question else {}
        return JSONResponse({"status": "ready", **told})

    async def metrics_text(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    described = document(parts.settings.work.version, parts.settings.issuer)

    async def openapi(_: Request) -> Response:
        return JSONResponse(described)

    metrics_text.__name__ = "metrics"
    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics_text),
        Route("/v1/openapi.json", openapi),
    ]


def _analysis_routes(parts: Parts) -> list[Route]:
    intake = Intake(parts)
    uploads = upload_routes(parts, intake)

    async def create_analysis(request: Request) -> Response:
        return await intake.take_in(request)

    return [Route("/v1/analyses", create_analysis, methods=["POST"]), *_reading_routes(parts), *uploads]


def _reading_routes(parts: Parts) -> list[Route]:
    async def list_analyses(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER, Role.UPLOADER)
        limit = parameters.integer(request, "limit", 20, 100)
        after, awaits = parameters.list_cursor(request), parameters.flag(request, "awaits_review")
        # Who may only send sees how far that is, and nobody else's, and nothing of what was found.
        own = not caller.may(Role.REVIEWER)
        awaits = None if own else awaits
        newest = parts.analyses(caller).newest
        rows = await ask(CALLER_SECONDS, newest, limit + 1, after, awaits_review=awaits, own=own)
        await note(parts.trail, caller, Action.LISTED)
        page = rows[:limit]
        following = views.list_cursor(page[-1]) if len(rows) > limit else None
        shown = [views.listed(row, parts.retention, own=own) for row in page]
        return JSONResponse({"analyses": shown, "next": following, "own": own})

    async def get_analysis(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        analysis = parameters.analysis_id(request)
        found = await ask(CALLER_SECONDS, parts.analyses(caller).one, analysis)
        if found is None:
            raise parameters.no_such_analysis()
        await note(parts.trail, caller, Action.READ, analysis)
        erasable = caller.may(Role.ADMINISTRATOR)
        return JSONResponse(views.whole(*found, parts.retention, erasable=erasable))

    return [
        Route("/v1/analyses", list_analyses, methods=["GET"]),
        Route("/v1/analyses/{id}", get_analysis, methods=["GET"]),
        _measures_route(parts),
        *_said_routes(parts),
        *playing_routes(parts),
    ]


def _measures_route(parts: Parts) -> Route:
    async def list_measures(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        query, analysis = parameters.measure_query(request), parameters.analysis_id(request)
        rows = await ask(CALLER_SECONDS, parts.analyses(caller).measures, analysis, query)
        if rows is None:
            raise parameters.no_such_analysis()
        await note(parts.trail, caller, Action.MEASURES_READ, analysis)
        page = rows[: query.limit]
        following = views.measure_cursor(page[-1]) if len(rows) > query.limit else None
        return JSONResponse({"measures": [views.measure(row) for row in page], "next": following})

    return Route("/v1/analyses/{id}/measures", list_measures, methods=["GET"])


@dataclass(frozen=True, slots=True)
class _Said:
    """What there are pages of: its name, what reading it is called, how it is read, and how a row of it is shown."""

    name: str
    action: Action
    read: Callable[[TeamAnalyses, UUID, SaidQuery], Sequence[RowMapping] | None]
    show: Callable[[RowMapping], dict[str, Any]] = views.said
    more: Mapping[str, object] = field(default_factory=dict)


_SAID = (
    _Said("poses", Action.POSES_READ, TeamAnalyses.poses, views.pose, {"joints": JOINTS}),
    _Said("events", Action.EVENTS_READ, TeamAnalyses.events),
    _Said("doubts", Action.DOUBTS_READ, TeamAnalyses.doubts, views.doubt),
    _Said("findings", Action.FINDINGS_READ, TeamAnalyses.findings, views.finding),
)


def _said_routes(parts: Parts) -> list[Route]:
    return [_said_route(parts, said) for said in _SAID]


def _said_route(parts: Parts, said: _Said) -> Route:
    """The route to pages of events, findings, poses or doubts."""

    async def list_said(request: Request) -> Response:
        caller = await parts.admission.admit(request, Role.REVIEWER)
        query, analysis = parameters.said_query(request), parameters.analysis_id(request)
        rows = await ask(CALLER_SECONDS, said.read, parts.analyses(caller), analysis, query)
        if rows is None:
            raise parameters.no_such_analysis()
        await note(parts.trail, caller, said.action, analysis)
        page = rows[: query.limit]
        following = views.said_cursor(page[-1]) if len(rows) > query.limit else None
        return JSONResponse({said.name: [said.show(row) for row in page], "next": following, **said.more})

    # The metrics have it by this name.
    list_said.__name__ = f"list_{said.name}"
    return Route(f"/v1/analyses/{{id}}/{said.name}", list_said, methods=["GET"])
