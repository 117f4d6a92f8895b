# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The routes, one function each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, READINESS_SECONDS, ask
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.intake import Intake
from fastbreak_service.api.openapi import document
from fastbreak_service.api.playing import playing_routes
from fastbreak_service.identity.caller import Role
from fastbreak_service.vision.joints import JOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from fastbreak_service.api.parts import Parts
    from fastbreak_service.store.team_analyses import SaidQuery, TeamAnalyses

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
    return [*_health_routes(parts), *_analysis_routes(parts)]


def _health_routes(parts: Parts) -> list[Route]:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    readiness = _Readiness()

    async def ready() -> None:
        if parts.loop is not None and not parts.loop.ready:
            raise ApiError(503, "model_not_loaded", "The worker has not loaded the pose model; it is being started.")
        await ask(READINESS_SECONDS, parts.check_schema)
        parts.admission.check()

    async def readyz(_: Request) -> Response:
        try:
            await ready()
        except ApiError as error:
            readiness.note(error.code)
            raise
        readiness.note("ready")
        return JSONResponse({"status": "ready"})

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

    async def create_analysis(request: Request) -> Response:
        return await intake.take_in(request)

    return [Route("/v1/analyses", create_analysis, methods=["POST"]), *_reading_routes(parts)]


def _reading_routes(parts: Parts) -> list[Route]:
    analyses_for = partial(_analyses_for, parts)

    async def list_analyses(request: Request) -> Response:
        analyses = await analyses_for(request)
        limit = parameters.integer(request, "limit", 20, 100)
        rows = await ask(CALLER_SECONDS, analyses.newest, limit + 1, parameters.list_cursor(request))
        page = rows[:limit]
        following = views.list_cursor(page[-1]) if len(rows) > limit else None
        return JSONResponse({"analyses": [views.listed(row, parts.retention) for row in page], "next": following})

    async def get_analysis(request: Request) -> Response:
        analyses = await analyses_for(request)
        found = await ask(CALLER_SECONDS, analyses.one, parameters.analysis_id(request))
        if found is None:
            raise parameters.no_such_analysis()
        return JSONResponse(views.whole(*found, parts.retention))

    async def list_measures(request: Request) -> Response:
        analyses = await analyses_for(request)
        query = parameters.measure_query(request)
        rows = await ask(CALLER_SECONDS, analyses.measures, parameters.analysis_id(request), query)
        if rows is None:
            raise parameters.no_such_analysis()
        page = rows[: query.limit]
        following = views.measure_cursor(page[-1]) if len(rows) > query.limit else None
        return JSONResponse({"measures": [views.measure(row) for row in page], "next": following})

    return [
        Route("/v1/analyses", list_analyses, methods=["GET"]),
        Route("/v1/analyses/{id}", get_analysis, methods=["GET"]),
        Route("/v1/analyses/{id}/measures", list_measures, methods=["GET"]),
        *_said_routes(parts),
        *playing_routes(parts),
    ]


async def _analyses_for(parts: Parts, request: Request) -> TeamAnalyses:
    """The analyses that a caller may read."""
    return parts.analyses((await parts.admission.admit(request, Role.REVIEWER)).team)


def _said_routes(parts: Parts) -> list[Route]:
    async def list_events(request: Request) -> Response:
        return await _said(request, "events", (await _analyses_for(parts, request)).events)

    async def list_findings(request: Request) -> Response:
        return await _said(request, "findings", (await _analyses_for(parts, request)).findings)

    async def list_poses(request: Request) -> Response:
        return await _said(request, "poses", (await _analyses_for(parts, request)).poses, views.pose, joints=JOINTS)

    return [
        Route("/v1/analyses/{id}/poses", list_poses, methods=["GET"]),
        Route("/v1/analyses/{id}/events", list_events, methods=["GET"]),
        Route("/v1/analyses/{id}/findings", list_findings, methods=["GET"]),
    ]


async def _said(
    request: Request,
    name: str,
    read: Callable[[UUID, SaidQuery], Sequence[RowMapping] | None],
    show: Callable[[RowMapping], dict[str, Any]] = views.said,
    **more: object,
) -> Response:
    """A page of events, findings or poses."""
    query = parameters.said_query(request)
    rows = await ask(CALLER_SECONDS, read, parameters.analysis_id(request), query)
    if rows is None:
        raise parameters.no_such_analysis()
    page = rows[: query.limit]
    following = views.said_cursor(page[-1]) if len(rows) > query.limit else None
    return JSONResponse({name: [show(row) for row in page], "next": following, **more})
