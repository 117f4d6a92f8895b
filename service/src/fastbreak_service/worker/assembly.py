# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Putting a worker together: inside the server, or as a process of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from fastbreak_service.messages.choice import queue_of
from fastbreak_service.store import schema
from fastbreak_service.store.analyses import AnalysisStore
from fastbreak_service.store.coverings import CoveringStore
from fastbreak_service.store.engine import ANSWER_SECONDS, WORKER_POOL_SIZE, make_engine
from fastbreak_service.store.failures import DATABASE_ERRORS, is_away, reason
from fastbreak_service.store.segments import SegmentStore
from fastbreak_service.store.team_analyses import SEGMENT_FORMS, TAKEN_CONTRACTS
from fastbreak_service.store.work import WorkQueue
from fastbreak_service.worker import counts
from fastbreak_service.worker.announcing import Announcer, untold
from fastbreak_service.worker.bell import EachSecond
from fastbreak_service.worker.client import Worker
from fastbreak_service.worker.confine import hide_memory
from fastbreak_service.worker.heard import HeardQueue
from fastbreak_service.worker.loop import WorkLoop
from fastbreak_service.worker.messages import Messages
from fastbreak_service.worker.ports import Ports
from fastbreak_service.worker.pulse import Pulse
from fastbreak_service.worker.task import Task
from fastbreak_service.worker.telling import teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from fastbreak_service.footage.ports import Footage
    from fastbreak_service.settings import WorkSettings
    from fastbreak_service.worker.bell import Bell

# A message comes again when the lease of its work has run out, and not before.
_LEAST_HIDDEN_SECONDS = 10.0
log = structlog.get_logger()
_RETRY_SECONDS = 2.0


@dataclass(slots=True)
class Assembled:
    """A loop with its process that analyses, and its tasks once it has begun."""

    loop: WorkLoop
    analyst: Worker
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        """Take work from now on."""
        self.tasks = [asyncio.create_task(self.loop.run()), asyncio.create_task(self.loop.keep_alive())]

    async def end(self, seconds: float) -> None:
        """Finish or hand back what was taken, within some seconds."""
        running, beating = self.tasks
        try:
            await self.loop.drain(seconds, running)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            await self.analyst.stop()


def assemble(
    settings: WorkSettings, engine: Engine, footage: Footage, pulse: Callable[[], None] = lambda: None
) -> Assembled:
    """A worker on the videos of one storage; `pulse` is called while it can analyse."""
    analysis = settings.analysis
    analyst = Worker(
        analysis.models_directory, footage.directory, settings.analysis_timeout_seconds, analysis.precision
    )
    records, bell = AnalysisStore(engine), _bell(settings, engine, footage)
    announce = Announcer(settings.graphql_url, records) if settings.graphql_url else untold
    queue = HeardQueue(engine, footage.place, settings.lease_seconds, settings.footage_days, bell)
    tell = teller(settings.metrics_namespace, settings.microdollars_per_hour)
    ports = Ports(queue, records, footage, analyst, CoveringStore(engine), SegmentStore(engine), announce, bell, tell)
    task = Task(ports, settings.analysis.limits, settings.max_attempts, settings.segment_seconds)
    loop = WorkLoop(ports, task, settings.lease_seconds, pulse)
    return Assembled(loop, analyst)


def _bell(settings: WorkSettings, engine: Engine, footage: Footage) -> Bell:
    """What says that there is work."""
    messages = queue_of(settings.queue)
    if messages is None:
        return EachSecond()
    queue = WorkQueue(engine, footage.place, settings.lease_seconds)
    return Messages(
        messages,
        {*TAKEN_CONTRACTS, *SEGMENT_FORMS},
        lambda message: queue.is_put_back(message.analysis, message.segment),
        max(_LEAST_HIDDEN_SECONDS, 2 * settings.lease_seconds),
    )


def work(settings: WorkSettings, footage: Footage) -> int:
    """Work until told to stop; the exit code: 0 after a drain, 1 if the database is not for it."""
    hide_memory()
    return asyncio.run(_work(settings, footage))


async def _work(settings: WorkSettings, footage: Footage) -> int:
    engine = make_engine(settings.database, answer_seconds=ANSWER_SECONDS, connections=WORKER_POOL_SIZE)
    pulse = Pulse()
    assembled = assemble(settings, engine, footage, pulse.beat)
    told = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        log.info("stopping", signal=number.name)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        if not await _comes_in(engine, pulse, told):
            return 0 if told.is_set() else 1
        assembled.begin()
        telling = asyncio.create_task(counts.tell(settings.metrics_namespace))
        log.info("working", place=footage.place)
        try:
            await told.wait()
        finally:
            await assembled.end(settings.stop_seconds)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
    finally:
        pulse.stop()
        engine.dispose()
        footage.close()
    return 0


async def _comes_in(engine: Engine, pulse: Pulse, told: asyncio.Event) -> bool:
    """Whether the worker may begin. An outage is waited for, until it is told to stop."""
    away = False
    while not told.is_set():
        may = await asyncio.to_thread(_may_come_in, engine, quiet=away)
        if may is not None:
            return may
        away = True
        pulse.beat()
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), _RETRY_SECONDS)
    return False


def _may_come_in(engine: Engine, *, quiet: bool) -> bool | None:
    """Log in once: a worker that is refused for good would look healthy and do nothing. None: the database is away.

    Nor may it work on a schema that is older than its code. `quiet`: an outage was told of already.
    """
    try:
        with engine.connect() as connection:
            revision = schema.current(connection)
    except DATABASE_ERRORS as error:
        if is_away(error):
            if not quiet:
                log.warning("database away at the start", reason=reason(error))
            return None
        log.error(  # noqa: TRY400 - the reason says all
            "the database refuses this worker",
            reason=reason(error),
            advice="Look whether the migration of this release has made its user (FASTBREAK_DATABASE_WORKER_SECRET of "
            "migrate), and whether FASTBREAK_DATABASE_SECRET, or _USER and _PASSWORD, of this worker name that user.",
        )
        return False
    if schema.serves(revision):
        return True
    log.error(
        "the database's schema is too old for this worker",
        revision=revision or "none",
        needed=schema.newest(),
        advice="Run `fastbreak-service migrate` of this release.",
    )
    return False
