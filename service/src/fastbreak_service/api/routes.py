# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The routes, one function each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service.api import parameters, views
from fastbreak_service.api.asking import CALLER_SECONDS, READINESS_SECONDS, ask
from fastbreak_service.api.errors import ApiError
from fastbreak_service.api.intake import Intake
from fastbreak_service.api.openapi import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.settings import ServiceSettings
    from fastbreak_service.store.analyses import AnalysisStore
    from fastbreak_service.store.work import WorkQueue
    from fastbreak_service.worker.loop import WorkLoop

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with. `check_schema` raises ApiError when the database is not at a fit revision.

    `loop` is the worker inside, None when workers are apart.
    """

    settings: ServiceSettings
    store: AnalysisStore
    queue: WorkQueue
    footage: Footage
    loop: WorkLoop | None
    check_schema: Callable[[], None]


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

    described = document(parts.settings.work.version)

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
    intake = Intake(parts.settings, parts.store, parts.queue, parts.footage, parts.loop)

    async def create_analysis(request: Request) -> Response:
        return await intake.take_in(request)

    return [Route("/v1/analyses", create_analysis, methods=["POST"]), *_reading_routes(parts)]


def _reading_routes(parts: Parts) -> list[Route]:
    async def list_analyses(request: Request) -> Response:
        limit = parameters.integer(request, "limit", 20, 100)
        rows = await ask(CALLER_SECONDS, parts.store.newest, limit + 1, parameters.list_cursor(request))
        page = rows[:limit]
        following = views.list_cursor(page[-1]) if len(rows) > limit else None
        return JSONResponse({"analyses": [views.listed(row) for row in page], "next": following})

    async def get_analysis(request: Request) -> Response:
        found = await ask(CALLER_SECONDS, parts.store.one, parameters.analysis_id(request))
        if found is None:
            raise parameters.no_such_analysis()
        return JSONResponse(views.whole(*found))

    async def list_measures(request: Request) -> Response:
        query = parameters.measure_query(request)
        rows = await ask(CALLER_SECONDS, parts.store.measures, parameters.analysis_id(request), query)
        if rows is None:
            raise parameters.no_such_analysis()
        page = rows[: query.limit]
        following = views.measure_cursor(page[-1]) if len(rows) > query.limit else None
        return JSONResponse({"measures": [views.measure(row) for row in page], "next": following})

    return [
        Route("/v1/analyses", list_analyses, methods=["GET"]),
        Route("/v1/analyses/{id}", get_analysis, methods=["GET"]),
        Route("/v1/analyses/{id}/measures", list_measures, methods=["GET"]),
    ]
