# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Putting the service together."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from fastbreak_service import metrics
from fastbreak_service.api.errors import (
    ApiError,
    database_away,
    database_refused,
    on_api_error,
    on_database_error,
    on_http_error,
)
from fastbreak_service.api.middleware import Envelope
from fastbreak_service.api.routes import Parts, make_routes
from fastbreak_service.store import schema
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.engine import ANSWER_SECONDS, make_engine
from fastbreak_service.store.failures import DATABASE_ERRORS, is_away
from fastbreak_service.worker.client import Worker
from fastbreak_service.worker.queue import AnalysisQueue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Engine

    from fastbreak_service.settings import ServiceSettings

DRAIN_SECONDS = 100.0


class Deadline:
    """Until when a stopping service may go on: 100 s after the signal, or after the stop if there was none."""

    def __init__(self) -> None:
        self._at: float | None = None

    def start(self) -> None:
        """The signal came."""
        self._at = self._at or time.monotonic() + DRAIN_SECONDS

    @property
    def seconds_left(self) -> float:
        """Seconds from now; never negative."""
        self.start()
        return max(0.0, (self._at or 0.0) - time.monotonic())


def make_app(settings: ServiceSettings, deadline: Deadline) -> Starlette:
    """The ASGI application. It starts without a database, and says through /readyz that it waits for one."""
    engine = make_engine(settings.database, answer_seconds=ANSWER_SECONDS)
    store = AnalysisStore(engine)
    scratch = Path(tempfile.mkdtemp(prefix="fastbreak-"))
    worker = Worker(settings.analysis.models_directory, scratch, settings.analysis_timeout_seconds)
    owner = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"
    queue = AnalysisQueue(store, worker, owner, settings.queue_size)
    metrics.BUILD.info({"version": settings.version, "revision": settings.revision})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(queue.run()), asyncio.create_task(queue.keep_alive())]
        try:
            yield
            await queue.drain(deadline.seconds_left)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await worker.stop()
            engine.dispose()
            shutil.rmtree(scratch, ignore_errors=True)

    parts = Parts(settings, store, queue, lambda: worker.ready, lambda: _check_schema(engine), scratch, owner)
    app = Starlette(
        routes=make_routes(parts),
        middleware=[Middleware(Envelope, version=settings.version)],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_error,
            **dict.fromkeys(DATABASE_ERRORS, on_database_error),
        },
        lifespan=lifespan,
    )
    # A path with a slash too many is an unknown path, said in the contract's form, not an empty 307.
    app.router.redirect_slashes = False
    return app


def _check_schema(engine: Engine) -> None:
    """Raise ApiError when the database's schema is older than this code."""
    try:
        with engine.connect() as connection:
            revision = schema.current(connection)
    except DATABASE_ERRORS as error:
        raise (database_away() if is_away(error) else database_refused()) from error
    if not schema.serves(revision):
        raise ApiError(
            503,
            "schema_outdated",
            f"The database's schema is at revision {revision or 'none'}, but {schema.newest()} is needed. "
            "Run `fastbreak-service migrate`.",
        )
