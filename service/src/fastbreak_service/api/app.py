# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Putting the service together."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from fastbreak_service import metrics
from fastbreak_service.api.admission import Admission
from fastbreak_service.api.asking import READINESS_SECONDS
from fastbreak_service.api.backlog import tell
from fastbreak_service.api.dead_letters import DeadLetters
from fastbreak_service.api.erasing import finish_erasures
from fastbreak_service.api.errors import (
    ApiError,
    not_reached,
    on_api_error,
    on_database_error,
    on_http_error,
)
from fastbreak_service.api.lasting import meanwhile
from fastbreak_service.api.middleware import Envelope
from fastbreak_service.api.outliving import end_films
from fastbreak_service.api.parts import Parts
from fastbreak_service.api.routes import make_routes
from fastbreak_service.api.uploading import finish_uploads
from fastbreak_service.messages.choice import queue_of
from fastbreak_service.messages.sending import Sender
from fastbreak_service.store import mark, schema
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.audit import Trail
from fastbreak_service.store.engine import ANSWER_SECONDS, asking, make_engine
from fastbreak_service.store.erasures import Erasures
from fastbreak_service.store.failures import DATABASE_ERRORS
from fastbreak_service.store.person_erasures import PersonErasures
from fastbreak_service.store.repeating import repeatable
from fastbreak_service.store.retention import Retention
from fastbreak_service.store.team_analyses import TeamAnalyses
from fastbreak_service.store.team_corrections import TeamCorrections
from fastbreak_service.store.team_players import TeamPlayers
from fastbreak_service.store.team_reviews import TeamReviews
from fastbreak_service.store.team_uploads import LeftUploads, TeamUploads
from fastbreak_service.store.usage import TeamUsage
from fastbreak_service.store.work import WorkQueue
from fastbreak_service.worker.assembly import assemble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Engine
    from starlette.types import Lifespan

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.identity.caller import Caller
    from fastbreak_service.settings import QueueSettings, ServiceSettings
    from fastbreak_service.store.mark import Standing
    from fastbreak_service.worker.assembly import Assembled


class Deadline:
    """Until when a stopping service may go on: some seconds after the signal, or after the stop if there was none."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at: float | None = None

    def start(self) -> None:
        """The signal came."""
        self._at = self._at or time.monotonic() + self._seconds

    @property
    def started(self) -> bool:
        """Whether the signal came."""
        return self._at is not None

    @property
    def seconds_left(self) -> float:
        """Seconds from now; never negative."""
        self.start()
        return max(0.0, (self._at or 0.0) - time.monotonic())


def make_app(settings: ServiceSettings, footage: Footage, deadline: Deadline) -> Starlette:
    """The ASGI application. It starts without a database, and says through /readyz that it waits for one."""
    engine = make_engine(settings.work.database, answer_seconds=ANSWER_SECONDS)
    inside = assemble(settings.work, engine, footage) if settings.worker_inside else None
    metrics.BUILD.info({"version": settings.work.version, "revision": settings.revision})
    days = settings.work.footage_days
    queue = WorkQueue(engine, footage.place, settings.work.lease_seconds, days)
    erasures = _erasures(engine, footage, settings.backup_days)
    sender, letters = _messages(settings.work.queue, erasures[0])
    parts = Parts(
        settings,
        Admission(settings.issuer),
        lambda caller: TeamAnalyses(engine, caller.team, caller.subject, settings.quotas.of(caller.team), days),
        AnalysisStore(engine),
        queue,
        footage,
        Retention(footage.place, days),
        inside.loop if inside else None,
        lambda: _check_schema(engine),
        *_said_by(engine),
        Trail(engine),
        *erasures,
        lambda caller: TeamUploads(engine, caller, settings.quotas.of(caller.team), days),
        lambda caller: TeamUsage(engine, caller.team, settings.quotas.of(caller.team), days),
        lambda: deadline.started,
        sender,
        letters,
    )
    return _application(parts, _lifespan(parts, engine, inside, deadline))


def _lifespan(parts: Parts, engine: Engine, inside: Assembled | None, deadline: Deadline) -> Lifespan[Starlette]:
    """What is done beside the answers."""

    footage, letters = parts.footage, parts.letters
    erasing = (parts.erasures, parts.person_erasures, footage, letters)
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "backlog": partial(tell, parts.queue, parts.settings.work.metrics_namespace),
        "issuer": parts.admission.keep_up,
        "erasures": partial(finish_erasures, *erasing),
        "films": partial(end_films, parts.person_erasures, parts.store, footage, parts.settings.work.footage_days),
        "letters": letters.keep_looking,
        "uploads": partial(finish_uploads, LeftUploads(engine, footage.place), footage),
    }

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            async with _at_work(inside, deadline), meanwhile(**works):
                yield
        finally:
            for end in (parts.sender.close, engine.dispose, footage.close):
                end()

    return lifespan


def _erasures(engine: Engine, footage: Footage, backup_days: int | None) -> tuple[Erasures, PersonErasures]:
    """Those of whole analyses, and of persons."""
    known = (engine, footage.place, backup_days)
    return Erasures(*known), PersonErasures(*known)


def _messages(settings: QueueSettings | None, erasures: Erasures) -> tuple[Sender, DeadLetters]:
    """Whoever says that there is work, and whoever erases dead letters."""
    queue = queue_of(settings)
    return Sender(queue), DeadLetters(None if queue is None else queue.erase, erasures.add_letters)


def _said_by(
    engine: Engine,
) -> tuple[Callable[[Caller], TeamReviews], Callable[[Caller], TeamCorrections], Callable[[Caller], TeamPlayers]]:
    """What a caller says of findings, of who is who, and of which player that is."""
    return (
        lambda caller: TeamReviews(engine, caller.team, caller.subject),
        lambda caller: TeamCorrections(engine, caller.team, caller.subject),
        lambda caller: TeamPlayers(engine, caller.team, caller.subject),
    )


def _application(parts: Parts, lifespan: Lifespan[Starlette]) -> Starlette:
    app = Starlette(
        routes=make_routes(parts),
        middleware=[Middleware(Envelope, version=parts.settings.work.version)],
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


@asynccontextmanager
async def _at_work(inside: Assembled | None, deadline: Deadline) -> AsyncIterator[None]:
    """Have the worker inside, if there is one, work meanwhile."""
    if inside is not None:
        inside.begin()
    try:
        yield
    finally:
        if inside is not None:
            await inside.end(deadline.seconds_left)


@repeatable
def _standing(engine: Engine) -> Standing:
    with asking(engine, READINESS_SECONDS) as connection:
        return mark.standing(connection)


def _check_schema(engine: Engine) -> Standing:
    """What the database says of its schema. Raises ApiError when that is older than this code."""
    try:
        standing = _standing(engine)
    except DATABASE_ERRORS as error:
        raise not_reached(error) from error
    if not schema.serves(standing.revision):
        raise ApiError(
            503,
            "schema_outdated",
            f"The database's schema is at revision {standing.revision or 'none'}, but {schema.newest()} is needed. "
            "Run `fastbreak-service migrate`.",
        )
    return standing
