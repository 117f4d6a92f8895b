"""The routes, one function each."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service import metrics
from fastbreak_service.api import parameters, upload, views
from fastbreak_service.api.errors import ApiError, rejected
from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.store.analyses import NewAnalysis
from fastbreak_service.worker.client import probe
from fastbreak_service.worker.queue import Accepted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

    from fastbreak_service.settings import ServiceSettings
    from fastbreak_service.store.analyses import AnalysisStore
    from fastbreak_service.worker.queue import AnalysisQueue

_PROBES_AT_ONCE = 2
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with. `check_schema` raises ApiError when the database is not at a fit revision."""

    settings: ServiceSettings
    store: AnalysisStore
    queue: AnalysisQueue
    worker_ready: Callable[[], bool]
    check_schema: Callable[[], None]
    scratch: Path
    owner: str


def make_routes(parts: Parts) -> list[Route]:
    """All routes."""
    return [*_health_routes(parts), *_analysis_routes(parts)]


def _health_routes(parts: Parts) -> list[Route]:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        if not parts.worker_ready():
            raise ApiError(503, "model_not_loaded", "The worker has not loaded the pose model; it is being started.")
        await asyncio.to_thread(parts.check_schema)
        return JSONResponse({"status": "ready"})

    async def metrics_text(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    metrics_text.__name__ = "metrics"
    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics_text)]


def _analysis_routes(parts: Parts) -> list[Route]:
    gate = asyncio.Semaphore(_PROBES_AT_ONCE)

    async def create_analysis(request: Request) -> Response:
        body = upload.Body(request)
        try:
            upload.check_headers(request, parts.settings.max_upload_bytes)
            _reserve(parts.queue)
            return await _take_in(parts, request, body, gate)
        except ClientDisconnect:
            return Response(status_code=499)
        except ApiError as error:
            metrics.REJECTIONS.labels(code=error.code).inc()
            await body.discard()
            raise

    async def list_analyses(request: Request) -> Response:
        limit = parameters.integer(request, "limit", 20, 100)
        rows = await asyncio.to_thread(parts.store.newest, limit)
        return JSONResponse({"analyses": [views.listed(row) for row in rows]})

    async def get_analysis(request: Request) -> Response:
        found = await asyncio.to_thread(parts.store.one, parameters.analysis_id(request))
        if found is None:
            raise parameters.no_such_analysis()
        return JSONResponse(views.whole(*found))

    async def list_measures(request: Request) -> Response:
        query = parameters.measure_query(request)
        rows = await asyncio.to_thread(parts.store.measures, parameters.analysis_id(request), query)
        if rows is None:
            raise parameters.no_such_analysis()
        more = views.cursor(rows[-1]) if len(rows) == query.limit else None
        return JSONResponse({"measures": [views.measure(row) for row in rows], "next": more})

    return [
        Route("/v1/analyses", create_analysis, methods=["POST"]),
        Route("/v1/analyses", list_analyses, methods=["GET"]),
        Route("/v1/analyses/{id}", get_analysis, methods=["GET"]),
        Route("/v1/analyses/{id}/measures", list_measures, methods=["GET"]),
    ]


def _reserve(queue: AnalysisQueue) -> None:
    if not queue.reserve():
        wait = queue.retry_after_seconds
        raise ApiError(
            429, "queue_full", f"The queue is full. Try again in {wait} seconds.", {"retry-after": str(wait)}
        )


async def _take_in(parts: Parts, request: Request, body: upload.Body, gate: asyncio.Semaphore) -> Response:
    """Receive, check and record a video for which a place in the queue was reserved."""
    analysis = uuid.uuid4()
    seconds = parts.settings.analysis.max_duration_seconds
    accepted = Accepted(analysis, parts.scratch / f"{analysis}.video", seconds)
    try:
        size = await body.save(accepted.video, parts.settings.max_upload_bytes)
        async with gate:
            await probe(accepted.video, seconds)
        new = NewAnalysis(analysis, parameters.filename(request), size, parts.owner, parts.settings.version)
        await asyncio.to_thread(parts.store.add, new)
    except BaseException as error:
        accepted.discard()
        parts.queue.release()
        if isinstance(error, RejectedVideoError):
            raise rejected(error) from error
        raise
    parts.queue.accept(accepted)
    log.info("analysis accepted", analysis_id=str(analysis), bytes=size)
    location = f"/v1/analyses/{analysis}"
    return JSONResponse({"id": str(analysis), "status": "queued"}, status_code=202, headers={"location": location})
