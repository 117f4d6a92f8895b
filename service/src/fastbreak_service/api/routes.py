# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The routes, one function each."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fastbreak_service import metrics
from fastbreak_service.api import parameters, upload, views
from fastbreak_service.api.asking import CALLER_SECONDS, READINESS_SECONDS, ask
from fastbreak_service.api.errors import ApiError, rejected
from fastbreak_service.errors import RejectedVideoError
from fastbreak_service.store.analyses import NewAnalysis
from fastbreak_service.worker.client import probe
from fastbreak_service.worker.queue import Accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
        if not parts.worker_ready():
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

    metrics_text.__name__ = "metrics"
    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics_text)]


def _analysis_routes(parts: Parts) -> list[Route]:
    return [_upload_route(parts), *_reading_routes(parts)]


def _upload_route(parts: Parts) -> Route:
    gate = asyncio.Semaphore(_PROBES_AT_ONCE)

    async def create_analysis(request: Request) -> Response:
        body = upload.Body(request)
        try:
            upload.check_headers(request, parts.settings.max_upload_bytes)
            if parts.queue.full:
                raise _queue_full(parts.queue)
            return await _take_in(parts, request, body, gate)
        except ClientDisconnect:
            return Response(status_code=499)
        except ApiError as error:
            metrics.REJECTIONS.labels(code=error.code).inc()
            await body.discard()
            raise

    return Route("/v1/analyses", create_analysis, methods=["POST"])


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


def _queue_full(queue: AnalysisQueue) -> ApiError:
    wait = queue.retry_after_seconds
    return ApiError(429, "queue_full", f"The queue is full. Try again in {wait} seconds.", {"retry-after": str(wait)})


async def _take_in(parts: Parts, request: Request, body: upload.Body, gate: asyncio.Semaphore) -> Response:
    """Receive a video, and when it is here, take a place in the queue, check and record it."""
    analysis = uuid.uuid4()
    limits = parts.settings.analysis.limits
    accepted = Accepted(analysis, parts.scratch / f"{analysis}.video", limits)
    try:
        size = await body.save(accepted.video, parts.settings.max_upload_bytes, parts.settings.scratch_bytes)
        with _place(parts.queue):
            async with gate:
                await probe(accepted.video, limits)
            new = NewAnalysis(analysis, parameters.filename(request), size, parts.owner, parts.settings.version)
            await ask(CALLER_SECONDS, parts.store.add, new)
    except BaseException as error:
        accepted.discard()
        if isinstance(error, RejectedVideoError):
            raise rejected(error) from error
        raise
    parts.queue.accept(accepted)
    log.info("analysis accepted", analysis_id=str(analysis), bytes=size)
    location = f"/v1/analyses/{analysis}"
    return JSONResponse({"id": str(analysis), "status": "queued"}, status_code=202, headers={"location": location})


@contextmanager
def _place(queue: AnalysisQueue) -> Iterator[None]:
    """A place in the queue, given back when the block fails. Raises ApiError when there is none."""
    if not queue.reserve():
        raise _queue_full(queue)
    try:
        yield
    except BaseException:
        queue.release()
        raise
